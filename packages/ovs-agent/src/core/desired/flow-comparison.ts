// What is installed against what should be: flow by flow, whatever round installed them.
import { type Flow, flowFingerprint, flowKey } from "@coracle/openflow";
import { COOKIE_IDENTITY_MASK, parseCookie } from "../pipeline/cookie.ts";

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
  if ((a.cookie & COOKIE_IDENTITY_MASK) !== (b.cookie & COOKIE_IDENTITY_MASK)) return false;
  return flowFingerprint({ ...a, cookie: 0n }) === flowFingerprint({ ...b, cookie: 0n });
}
