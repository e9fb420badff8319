// What is installed against what should be: flow by flow, whatever round installed them.
import { type Action, type Flow, flowFingerprint, flowKey } from "@coracle/openflow";
import { parseCookie } from "../pipeline/cookie.ts";

/** The cookie's bits below its round. */
const IDENTITY_BITS = 56;

/** A flow that should be there, and who wants it. */
export interface ExpectedFlow<Owner> {
  readonly flow: Flow;
  readonly owner: Owner;
}

/** What has to be done to make installed flows what they should be. */
export interface FlowDifference<Owner> {
  /** Missing, or different from what is installed under the same match. */
  readonly adds: readonly ExpectedFlow<Owner>[];
  /** Wanted by nobody. */
  readonly stale: readonly Flow[];
  /** How many of the stale flows have no cookie of ours. */
  readonly foreignCount: number;
}

/** Compares. Counters and the cookie's round do not matter. */
export function compareFlows<Owner>(
  installed: readonly Flow[],
  expected: Iterable<ExpectedFlow<Owner>>,
): FlowDifference<Owner> {
  const left = new Map(installed.map((flow) => [flowKey(flow), flow]));
  const adds: ExpectedFlow<Owner>[] = [];
  for (const wanted of expected) {
    const key = flowKey(wanted.flow);
    const found = left.get(key);
    left.delete(key);
    if (found === undefined || !isSame(found, wanted.flow)) adds.push(wanted);
  }
  const stale = [...left.values()];
  return { adds, stale, foreignCount: stale.filter((flow) => parseCookie(flow.cookie) === undefined).length };
}

function isSame(a: Flow, b: Flow): boolean {
  if (BigInt.asUintN(IDENTITY_BITS, a.cookie) !== BigInt.asUintN(IDENTITY_BITS, b.cookie)) return false;
  if (isPlain(a) && isPlain(b) && a.actions.length === b.actions.length) {
    if (a.actions.every((action, index) => isSameAction(action, b.actions[index]))) return true;
  }
  // Another spelling of the same is the same.
  return flowFingerprint({ ...a, cookie: 0n }) === flowFingerprint({ ...b, cookie: 0n });
}

function isPlain(flow: Flow): boolean {
  return [flow.idleTimeoutS, flow.hardTimeoutS, flow.importance, flow.flags].every((value) => (value ?? 0) === 0);
}

function isSameAction(a: Action, b: Action | undefined): boolean {
  switch (a.kind) {
    case "output":
      return b?.kind === "output" && a.port === b.port;
    case "goto-table":
      return b?.kind === "goto-table" && a.table === b.table;
    case "set-field":
      return b?.kind === "set-field" && a.field === b.field && a.value === b.value && a.mask === b.mask;
    default:
      return false;
  }
}
