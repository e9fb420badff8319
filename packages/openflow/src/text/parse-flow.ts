// A flow from ovs-ofctl's text: what `add-flows` reads and what `dump-flows` prints.
import { ok, type Result } from "@coracle/base";
import { FIELD, fieldByName } from "../flow/field.ts";
import { type Flow, PRIORITY_DEFAULT } from "../flow/flow.ts";
import { type FieldMatch, matchBig, matchNumber, matchOf } from "../flow/match.ts";
import { timing } from "../wire/flow-mod.ts";
import { parseBig, parseBigInteger, parseInteger, parseNumber } from "./field-value.ts";
import { FLOW_FLAG_WORDS } from "./format-flow.ts";
import { PROTOCOL_WORDS } from "./format-match.ts";
import { parseActionsText } from "./parse-action.ts";
import { type FlowTextError, textError } from "./text-error.ts";
import { parseVlan } from "./vlan.ts";

const TEXT_SIZE_MAX = 65_536;
const PARTS_MAX = 256;
const FLOWS_MAX = 2_000_000;
/** What a dump says that no installation decides. */
const COUNTERS = new Set(["duration", "n_packets", "n_bytes", "idle_age", "hard_age"]);

interface FlowParts {
  table: number;
  priority: number;
  cookie: bigint;
  idle_timeout: number;
  hard_timeout: number;
  importance: number;
  flags: number;
  readonly fields: (readonly [name: string, value: string])[];
  readonly match: FieldMatch[];
}

const NUMBER_KEYS = {
  table: 0xff,
  priority: 0xffff,
  idle_timeout: 0xffff,
  hard_timeout: 0xffff,
  importance: 0xffff,
} as const;

/** Parses one flow. Counters of a dump are stepped over; `actions=` is demanded. */
export function parseFlow(text: string): Result<Flow, FlowTextError> {
  if (text.length > TEXT_SIZE_MAX) return textError(text, `it is longer than ${TEXT_SIZE_MAX} characters`);
  const at = /(?:^|[\s,])actions=/.exec(text);
  if (at === null) return textError(text, "actions= is missing");
  const actions = parseActionsText(text.slice(at.index + at[0].length).trim());
  if (!actions.ok) return actions;
  const parts = parseFlowParts(text.slice(0, at.index));
  if (!parts.ok) return parts;
  const { table, priority, cookie, flags, importance } = parts.value;
  const { idle_timeout: idleTimeoutS, hard_timeout: hardTimeoutS, match } = parts.value;
  const rest = timing({ idleTimeoutS, hardTimeoutS, importance, flags });
  return ok({ table, priority, match: matchOf(match), actions: actions.value, cookie, ...rest });
}

/** Parses one flow a line, two million at most. Empty lines, `#` comments and the heading of a dump are stepped over. */
export function parseFlows(text: string, flowsMax: number = FLOWS_MAX): Result<readonly Flow[], FlowTextError> {
  const flows: Flow[] = [];
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || /^(OFPST_|NXST_)/.test(trimmed)) continue;
    if (flows.length === flowsMax) return textError(trimmed, `more than ${flowsMax} flows`);
    const flow = parseFlow(trimmed);
    if (!flow.ok) return flow;
    flows.push(flow.value);
  }
  return ok(flows);
}

function parseFlowParts(text: string): Result<FlowParts, FlowTextError> {
  const found: FlowParts = {
    table: 0,
    priority: PRIORITY_DEFAULT,
    cookie: 0n,
    idle_timeout: 0,
    hard_timeout: 0,
    importance: 0,
    flags: 0,
    fields: [],
    match: [],
  };
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  if (parts.length > PARTS_MAX) return textError(text, `more than ${PARTS_MAX} parts`);
  for (const part of parts) {
    const problem = takePart(found, part);
    if (problem !== undefined) return problem;
  }
  for (const [name, value] of found.fields) {
    const entry = parseField(found.match, name, value);
    if (!entry.ok) return entry;
    if (found.match.some((other) => sameField(other, entry.value)))
      return textError(`${name}=${value}`, "it is given twice");
    found.match.push(entry.value);
  }
  return ok(found);
}

function takePart(found: FlowParts, part: string): (Result<never, FlowTextError> & { readonly ok: false }) | undefined {
  const equals = part.indexOf("=");
  const name = equals < 0 ? part : part.slice(0, equals);
  const value = equals < 0 ? "" : part.slice(equals + 1);
  const word = PROTOCOL_WORDS.get(part);
  if (word !== undefined) {
    found.match.push(matchNumber(FIELD.eth_type, word.ethType));
    if (word.protocol !== undefined) found.match.push(matchNumber(FIELD.nw_proto, word.protocol));
  } else if (FLOW_FLAG_WORDS.has(part)) {
    found.flags |= FLOW_FLAG_WORDS.get(part) ?? 0;
  } else if (name === "cookie") {
    const cookie = parseBigInteger(value);
    if (cookie === undefined || cookie >> 64n !== 0n) return textError(part, "a cookie is a number of 64 bits");
    found.cookie = cookie;
  } else if (isNumberKey(name)) {
    const number = parseInteger(value);
    if (number === undefined || number > NUMBER_KEYS[name]) return textError(part, `${NUMBER_KEYS[name]} is the most`);
    found[name] = number;
  } else if (!COUNTERS.has(name)) {
    if (equals < 0) return textError(part, "it is no word of a flow");
    if (name === "dl_type" || name === "eth_type" || name === "nw_proto" || name === "ip_proto") {
      found.fields.unshift([name, value]);
    } else found.fields.push([name, value]);
  }
  return undefined;
}

function isNumberKey(name: string): name is keyof typeof NUMBER_KEYS {
  return Object.hasOwn(NUMBER_KEYS, name);
}

function parseField(match: readonly FieldMatch[], name: string, value: string): Result<FieldMatch, FlowTextError> {
  if (name.startsWith("oxm_0x")) return parseOpaque(name, value);
  const vlan = parseVlan(name, value);
  if (vlan !== undefined) return vlan;
  const field = fieldByName(nameInContext(match, name));
  if (field === undefined) return textError(`${name}=${value}`, "it is no field of a match");
  if (field.kind === "number") {
    const parsed = parseNumber(field, value);
    if (!parsed.ok) return parsed;
    if (parsed.value.mask !== undefined && !field.isMaskable) return textError(`${name}=${value}`, "it takes no mask");
    return ok(matchNumber(field, parsed.value.value, parsed.value.mask));
  }
  const parsed = parseBig(field, value);
  return parsed.ok ? ok(matchBig(field, parsed.value.value, parsed.value.mask)) : parsed;
}

/** `nw_src` is `arp_spa` in ARP, `tp_dst` is `tcp_dst` in TCP: what an old name means depends on the protocol. */
function nameInContext(match: readonly FieldMatch[], name: string): string {
  const numberOf = (field: (typeof FIELD)["eth_type" | "nw_proto"]): number | undefined => {
    const entry = match.find((candidate) => candidate.kind === "number" && candidate.field === field);
    return entry?.kind === "number" ? entry.value : undefined;
  };
  const isArp = numberOf(FIELD.eth_type) === 0x0806;
  if (isArp && name === "nw_src") return "arp_spa";
  if (isArp && name === "nw_dst") return "arp_tpa";
  if (isArp && name === "nw_proto") return "arp_op";
  if (name === "tp_src" || name === "tp_dst") {
    const protocol = numberOf(FIELD.nw_proto);
    if (protocol === 6) return `tcp_${name.slice(3)}`;
    if (protocol === 17) return `udp_${name.slice(3)}`;
  }
  return name;
}

function parseOpaque(name: string, value: string): Result<FieldMatch, FlowTextError> {
  const header = parseInteger(name.slice("oxm_".length));
  if (header === undefined || header > 0xffff_ffff || !/^0x([0-9a-f]{2}){0,255}$/.test(value)) {
    return textError(`${name}=${value}`, "oxm_0xHEADER=0xBYTES is expected");
  }
  const pairs = value.slice(2).match(/../g) ?? [];
  if (pairs.length !== (header & 0xff)) return textError(`${name}=${value}`, `${header & 0xff} bytes are expected`);
  return ok({ kind: "opaque", header, payload: Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)) });
}

function sameField(a: FieldMatch, b: FieldMatch): boolean {
  if (a.kind === "opaque") return b.kind === "opaque" && a.header === b.header;
  return b.kind !== "opaque" && a.field === b.field;
}
