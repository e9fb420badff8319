// The three kinds as far as the controllers need them.
import type { SubnetRange, SubnetRangeError } from "../address/subnet-range.ts";
import type { Result } from "@coracle/base";

/** `namespace/name`. */
export type ObjectKey = string;

/** What a status condition says now: its status, and since when in seconds since 1970. */
export interface ConditionState {
  readonly status: "True" | "False" | "Unknown";
  readonly sinceSeconds: number;
}

/** A Subnet. */
export interface SubnetView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly vni: number;
  readonly cidr: string;
  readonly range: Result<SubnetRange, SubnetRangeError>;
  readonly isValidated: boolean;
  /** Non-empty when validation ran and failed. */
  readonly errors: readonly string[];
  readonly condition: ConditionState | undefined;
  /** Server time of the spec, microseconds since 1970; 0 if unknown. */
  readonly writtenUs: number;
  /** `creationTimestamp` in milliseconds since 1970; 0 if unknown. */
  readonly createdMs: number;
}

/** Who wrote the Ready condition of an attachment. */
export type ReadyBy = "nobody" | "ipam" | "agent";

/** A NetworkAttachment. */
export interface AttachmentView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly subnet: string;
  /** The address in the status. */
  readonly lockUid: string;
  readonly vni: number;
  readonly address: number | undefined;
  readonly hasContention: boolean;
  /** Hash of `status.errors.ipam`; 0 when there are none. */
  readonly errorHash: number;
  /** `status.subnetCreationTime` in microseconds since 1970; 0 if absent. */
  readonly subnetWrittenUs: number;
  /** The AddressAssigned condition. */
  readonly condition: ConditionState | undefined;
  /** Who has said whether it is Ready: a controller of addresses that it is not for want of one, or the node's agent. */
  readonly readyBy: ReadyBy;
  /** Server time of the spec, microseconds since 1970; 0 if unknown. */
  readonly writtenUs: number;
}

/** An IPLock. */
export interface LockView {
  readonly namespace: string;
  readonly vni: number;
  readonly address: number;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Name and UID of the attachment that has the address; "" when the lock names none. */
  readonly owner: string;
  readonly ownerUid: string;
  /** `creationTimestamp`, seconds since 1970. */
  readonly createdSeconds: number;
}

/** The key of an object. */
export function keyOf(object: { readonly namespace: string; readonly name: string }): ObjectKey {
  return `${object.namespace}/${object.name}`;
}

/** Namespace and name of a key. */
export function splitKey(key: ObjectKey): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** A hash of error texts, 32 bits, never 0 for a text: enough to tell whether a text has to be written again. */
export function hashErrors(errors: readonly string[]): number {
  let hash = 0x811c9dc5;
  if (errors.length === 0) return 0;
  for (const error of errors) {
    for (let index = 0; index < error.length; index++) hash = Math.imul(hash ^ error.charCodeAt(index), 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return hash >>> 0 || 1;
}
