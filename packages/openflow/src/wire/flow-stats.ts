// Bodies of flow and aggregate replies: `ofp_flow_stats` in 1.4, `ofp_flow_desc` with OXS counters in 1.5 (§7.3.5.2–4).
import { ByteReader, ok, type Result } from "@coracle/base";
import type { FlowStats } from "../flow/flow.ts";
import { parseInstructions } from "./action-parse.ts";
import { timing } from "./flow-mod.ts";
import { parseMatch } from "./oxm.ts";
import { OPENFLOW_15, type OpenflowVersion } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

const OXS_BASIC = 0x8002;
const OXS_DURATION = 0;
const OXS_FLOW_COUNT = 3;
const OXS_PACKET_COUNT = 4;
const OXS_BYTE_COUNT = 5;

/** Totals over the flows that a selector takes. */
export interface AggregateStats {
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  readonly flowCount: number;
}

interface Counters {
  durationMs: number;
  packetCount: bigint;
  byteCount: bigint;
  flowCount: number;
}

/** Reads the flows of one part of a flow reply, and hands each to `take`. */
export function parseFlowStats(
  body: Uint8Array,
  version: OpenflowVersion,
  take: (flow: FlowStats) => void,
): Result<undefined, WireError> {
  const reader = new ByteReader(body);
  while (reader.remaining > 0) {
    const sizeBytes = reader.uint16();
    const entry = new ByteReader(reader.bytes(sizeBytes - 2));
    if (reader.failed || sizeBytes < 32) return wireError("BAD_LENGTH", "a flow", `its length is ${sizeBytes}`);
    const flow = version === OPENFLOW_15 ? parseFlow15(entry) : parseFlow14(entry);
    if (!flow.ok) return flow;
    take(flow.value);
  }
  return ok(undefined);
}

function parseFlow14(entry: ByteReader): Result<FlowStats, WireError> {
  const table = entry.uint8();
  entry.skip(1);
  const durationMs = durationFrom(entry.uint32(), entry.uint32());
  const [priority, idleTimeoutS, hardTimeoutS] = [entry.uint16(), entry.uint16(), entry.uint16()];
  const [flags, importance] = [entry.uint16(), entry.uint16()];
  entry.skip(2);
  const [cookie, packetCount, byteCount] = [entry.uint64(), entry.uint64(), entry.uint64()];
  const match = parseMatch(entry);
  if (!match.ok) return match;
  const actions = parseInstructions(entry);
  if (!actions.ok) return actions;
  const rest = timing({ idleTimeoutS, hardTimeoutS, importance, flags });
  const counters = { durationMs, packetCount, byteCount };
  return ok({ table, priority, match: match.value, actions: actions.value, cookie, ...rest, ...counters });
}

function parseFlow15(entry: ByteReader): Result<FlowStats, WireError> {
  entry.skip(2);
  const table = entry.uint8();
  entry.skip(1);
  const [priority, idleTimeoutS, hardTimeoutS] = [entry.uint16(), entry.uint16(), entry.uint16()];
  const [flags, importance, cookie] = [entry.uint16(), entry.uint16(), entry.uint64()];
  const match = parseMatch(entry);
  if (!match.ok) return match;
  const counters = parseOxs(entry);
  if (!counters.ok) return counters;
  const actions = parseInstructions(entry);
  if (!actions.ok) return actions;
  const { durationMs, packetCount, byteCount } = counters.value;
  const rest = { ...timing({ idleTimeoutS, hardTimeoutS, importance, flags }), durationMs, packetCount, byteCount };
  return ok({ table, priority, match: match.value, actions: actions.value, cookie, ...rest });
}

/** Reads the one body of an aggregate reply. */
export function parseAggregateStats(body: Uint8Array, version: OpenflowVersion): Result<AggregateStats, WireError> {
  const reader = new ByteReader(body);
  if (version === OPENFLOW_15) {
    const counters = parseOxs(reader);
    if (!counters.ok) return counters;
    const { packetCount, byteCount, flowCount } = counters.value;
    return ok({ packetCount, byteCount, flowCount });
  }
  const [packetCount, byteCount, flowCount] = [reader.uint64(), reader.uint64(), reader.uint32()];
  if (reader.failed) return wireError("TRUNCATED", "aggregate statistics", `${body.length} bytes`);
  return ok({ packetCount, byteCount, flowCount });
}

/** `ofp_stats`: 16 reserved bits, the length, OXS fields, padding to 8. */
function parseOxs(reader: ByteReader): Result<Counters, WireError> {
  reader.skip(2);
  const sizeBytes = reader.uint16();
  const fields = new ByteReader(reader.bytes(sizeBytes - 4));
  reader.skip((8 - (sizeBytes & 7)) & 7);
  if (reader.failed || sizeBytes < 4) return wireError("TRUNCATED", "OXS counters", `they say ${sizeBytes} bytes`);
  const counters: Counters = { durationMs: 0, packetCount: 0n, byteCount: 0n, flowCount: 0 };
  while (fields.remaining > 0) {
    const header = fields.uint32();
    const body = new ByteReader(fields.bytes(header & 0xff));
    if (fields.failed) return wireError("TRUNCATED", "an OXS field", `header 0x${header.toString(16)}`);
    if (header >>> 16 === OXS_BASIC) takeOxs(counters, (header >>> 9) & 0x7f, body);
  }
  return ok(counters);
}

function takeOxs(counters: Counters, field: number, body: ByteReader): void {
  if (field === OXS_DURATION) counters.durationMs = durationFrom(body.uint32(), body.uint32());
  else if (field === OXS_PACKET_COUNT) counters.packetCount = body.uint64();
  else if (field === OXS_BYTE_COUNT) counters.byteCount = body.uint64();
  else if (field === OXS_FLOW_COUNT) counters.flowCount = body.uint32();
}

function durationFrom(seconds: number, nanoseconds: number): number {
  return seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
}
