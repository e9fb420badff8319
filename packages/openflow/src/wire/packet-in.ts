// `ofp_packet_in` (OpenFlow 1.5.1 §7.4.1): a packet that a flow sent to the controller.
import { ByteReader, ok, type Result } from "@coracle/base";
import type { Match } from "../flow/match.ts";
import { parseMatch } from "./oxm.ts";
import { HEADER_SIZE_BYTES } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

/** A packet with what the pipeline knew about it. */
export interface PacketIn {
  readonly bufferId: number;
  /** Length of the whole packet; `data` may be its beginning only. */
  readonly sizeBytes: number;
  readonly reason: number;
  readonly table: number;
  readonly cookie: bigint;
  readonly match: Match;
  readonly data: Uint8Array;
}

/** Reads a packet-in, header included. `data` is a copy. */
export function parsePacketIn(message: Uint8Array): Result<PacketIn, WireError> {
  const reader = new ByteReader(message);
  reader.skip(HEADER_SIZE_BYTES);
  const [bufferId, sizeBytes] = [reader.uint32(), reader.uint16()];
  const [reason, table, cookie] = [reader.uint8(), reader.uint8(), reader.uint64()];
  if (reader.failed) return wireError("TRUNCATED", "a packet-in", `${message.length} bytes`);
  const match = parseMatch(reader);
  if (!match.ok) return match;
  reader.skip(2);
  if (reader.failed) return wireError("TRUNCATED", "a packet-in", `${message.length} bytes`);
  const data = reader.bytes(reader.remaining).slice();
  return ok({ bufferId, sizeBytes, reason, table, cookie, match: match.value, data });
}
