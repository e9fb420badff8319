// A flow, its identity, and the form in which two spellings of the same flow are equal.
import { formatAction } from "../text/format-action.ts";
import { type Action, loadAsSetField, setBig, setNumber } from "./action.ts";
import type { FieldMatch, Match } from "./match.ts";
import type { OfPort } from "../wire/of-port.ts";

/** The priority a flow has when its text names none (`OFP_DEFAULT_PRIORITY`). */
export const PRIORITY_DEFAULT = 32768;

/** `ofp_flow_mod.flags`. */
export const FLOW_FLAG = {
  sendFlowRemoved: 1,
  checkOverlap: 2,
  resetCounts: 4,
  noPacketCounts: 8,
  noByteCounts: 16,
} as const;

/** A flow as it is installed. Table, priority and match identify it. */
export interface Flow {
  readonly table: number;
  readonly priority: number;
  readonly match: Match;
  /** In order; none drops. */
  readonly actions: readonly Action[];
  /** 64 bits that mean something to who installed it. */
  readonly cookie: bigint;
  /** Seconds; 0 or absent is never. */
  readonly idleTimeoutS?: number;
  readonly hardTimeoutS?: number;
  readonly importance?: number;
  /** Bits of {@link FLOW_FLAG}. */
  readonly flags?: number;
}

/** Counters of an installed flow. */
export interface FlowCounters {
  readonly durationMs: number;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
}

/** An installed flow as a dump tells it. */
export interface FlowStats extends Flow, FlowCounters {}

/** Which flows a delete or a dump is about. Without `priority` the match may be looser than the flow's; with it, strict. */
export interface FlowSelector {
  /** Every table without it. */
  readonly table?: number;
  readonly match: Match;
  /** Only these flows exactly: strict. */
  readonly priority?: number;
  /** Flows whose cookie equals `value` in the bits of `mask`. */
  readonly cookie?: { readonly value: bigint; readonly mask: bigint };
  /** Flows that output to this port. */
  readonly outPort?: OfPort;
  /** Flows that output to this group. */
  readonly outGroup?: number;
}

/** Identity of a flow as text: equal exactly for flows that replace each other. */
export function flowKey(flow: { readonly table: number; readonly priority: number; readonly match: Match }): string {
  let key = `${flow.table} ${flow.priority}`;
  for (const entry of flow.match) key += entryKey(entry);
  return key;
}

function entryKey(entry: FieldMatch): string {
  if (entry.kind === "opaque") return ` ${entry.header.toString(16)}=${entry.payload.join(".")}`;
  const { field, value, mask } = entry;
  return mask === undefined ? ` ${field.name}=${value}` : ` ${field.name}=${value}/${mask}`;
}

/** True if both flows have the same identity, cookie, actions, timeouts, importance and flags, however they are spelt. */
export function sameFlow(a: Flow, b: Flow): boolean {
  return flowFingerprint(a) === flowFingerprint(b);
}

/** Everything about a flow that an installation decides, as comparable text. Counters are not part of it. */
export function flowFingerprint(flow: Flow): string {
  const { cookie, idleTimeoutS = 0, hardTimeoutS = 0, importance = 0, flags = 0 } = flow;
  const actions = flow.actions.map((action) => formatAction(canonicalAction(action))).join(",");
  return `${flowKey(flow)} ${cookie} ${idleTimeoutS} ${hardTimeoutS} ${importance} ${flags} ${actions}`;
}

/** `load` told as the `set-field` it equals, and full masks dropped: how Open vSwitch reports it over OpenFlow 1.5. */
export function canonicalAction(action: Action): Action {
  switch (action.kind) {
    case "load":
      return loadAsSetField(action.into, action.value);
    case "set-field":
      return action.size === "number"
        ? setNumber(action.field, action.value, action.mask)
        : setBig(action.field, action.value, action.mask);
    case "ct":
      return { ...action, actions: action.actions.map(canonicalAction) };
    default:
      return action;
  }
}
