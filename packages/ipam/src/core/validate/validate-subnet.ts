// The work on one Subnet: at most one of several conflicting subnets is ever validated.
import { findSubnetConflicts, type SubnetClaim, type SubnetConflict, VNI_MAX } from "@coracle/api";
import type { Clock } from "@coracle/base";
import { type ApiAnswer, type ApiCall, failureOf } from "../api-call.ts";
import type { Task, TaskEnd } from "../queue/task-runner.ts";
import type { SubnetTable } from "../table/subnet-table.ts";
import { keyOf, type ObjectKey, type SubnetView } from "../table/views.ts";
import { boundErrors, subnetStatus, type Verdict } from "./subnet-status.ts";

/** Told as things happen; every member is optional. */
export interface ValidatorObserver {
  /** A live list came back with so many subnets. */
  listed?(subnets: number): void;
  /** A verdict was written, or the write failed. */
  wrote?(subnet: SubnetView, verdict: Verdict, isWritten: boolean): void;
  /** The status said it already. */
  duplicateWork?(): void;
  /** The watch still shows the subnet as it was before our own write. */
  staleSuppressed?(): void;
  /** The live list and the watch do not agree about a rival. */
  mismatch?(kind: "missing cache" | "cache owner"): void;
}

/** A status write of ours that the watch has not shown. */
export interface StaleSubnet {
  readonly resourceVersion: string;
  /** Work came in meanwhile; it is done when the write is shown. */
  hasWork: boolean;
}

/** What the validator knows. */
export interface ValidatorState {
  readonly clock: Clock;
  readonly subnets: SubnetTable;
  readonly observer: ValidatorObserver;
  readonly stale: Map<ObjectKey, StaleSubnet>;
}

/** Works on one key. */
export function* validateSubnet(state: ValidatorState, key: ObjectKey): Task<ApiCall, ApiAnswer> {
  const subnet = state.subnets.get(key);
  if (subnet === undefined) {
    state.stale.delete(key);
    return "done";
  }
  const stale = state.stale.get(key);
  if (stale?.resourceVersion === subnet.resourceVersion) {
    stale.hasWork = true;
    state.observer.staleSuppressed?.();
    return "done";
  }
  state.stale.delete(key);
  // The promise of stability: what was validated once stays so.
  if (subnet.isValidated) return "done";
  const malformed = malformedVerdict(subnet);
  if (malformed !== undefined) return yield* write(state, subnet, malformed);
  // Watches of two validators may show two new subnets in opposite orders, and each would pass the one it saw first.
  const answer = yield { kind: "list-subnets", vni: subnet.vni };
  if (answer.kind !== "subnets") return "retry";
  state.observer.listed?.(answer.subnets.length);
  const live = answer.subnets.find((each) => keyOf(each) === key);
  if (live === undefined || live.uid !== subnet.uid || live.isValidated) return "done";
  return yield* write(state, subnet, compare(state, subnet, answer.subnets));
}

function malformedVerdict({ range, vni }: SubnetView): Verdict | undefined {
  if (!range.ok) return { reason: "RangeInvalid", errors: boundErrors([range.error.message]) };
  if (vni >= 1 && vni <= VNI_MAX) return undefined;
  return { reason: "RangeInvalid", errors: [`VNI ${vni} is not from 1 to ${VNI_MAX}`] };
}

function compare(state: ValidatorState, subnet: SubnetView, rivals: readonly SubnetView[]): Verdict {
  const conflicts = findSubnetConflicts(claimOf(subnet), rivals.map(claimOf));
  for (const { rival } of conflicts) countMismatch(state, rival);
  const errors = boundErrors(conflicts.map((conflict) => describe(subnet, conflict)));
  return { reason: errors.length === 0 ? "NoConflict" : "Conflict", errors };
}

/**
 * A rival that the watch shows differently needs nothing more: its own events are still to come, and its deletion among them brings
 * this subnet back.
 */
function countMismatch(state: ValidatorState, { metadata }: SubnetClaim): void {
  const known = state.subnets.get(`${metadata.namespace ?? ""}/${metadata.name ?? ""}`);
  if (known === undefined) state.observer.mismatch?.("missing cache");
  else if (known.uid !== metadata.uid) state.observer.mismatch?.("cache owner");
}

function* write(state: ValidatorState, subnet: SubnetView, verdict: Verdict): Generator<ApiCall, TaskEnd, ApiAnswer> {
  if (!subnet.isValidated && verdict.errors.length > 0 && sameTexts(verdict.errors, subnet.errors)) {
    state.observer.duplicateWork?.();
    return "done";
  }
  const status = subnetStatus(subnet, verdict, state.clock.wallMs());
  const answer = yield { kind: "write-subnet", subnet, status };
  state.observer.wrote?.(subnet, verdict, answer.kind === "subnet");
  if (answer.kind !== "subnet") return failureOf(answer) === "not-found" ? "done" : "retry";
  const shown = state.subnets.get(keyOf(subnet));
  // The watch may have been faster than the answer.
  if (shown?.resourceVersion === subnet.resourceVersion) {
    state.stale.set(keyOf(subnet), { resourceVersion: subnet.resourceVersion, hasWork: false });
  }
  return "done";
}

function describe(subnet: SubnetView, { kind, rival }: SubnetConflict): string {
  const name = `subnet ${rival.metadata.namespace ?? ""}/${rival.metadata.name ?? ""}`;
  return kind === "namespace"
    ? `VNI ${subnet.vni} is used in another namespace, by ${name}`
    : `${subnet.cidr} overlaps ${rival.spec.ipv4} of ${name}`;
}

function claimOf({ namespace, name, uid, cidr, vni }: SubnetView): SubnetClaim {
  return { metadata: { namespace, name, uid }, spec: { ipv4: cidr, vni } };
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
