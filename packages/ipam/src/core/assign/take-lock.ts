// Choosing an address and making its lock.
import { type ApiAnswer, type ApiCall, failureOf } from "../api-call.ts";
import { lockNameOf } from "../address/lock-name.ts";
import type { SubnetRange } from "../address/subnet-range.ts";
import { type AttachmentView, keyOf, type LockView, type SubnetView } from "../table/views.ts";
import type { AddressState } from "./address-state.ts";
import { addressLatency } from "./address-latency.ts";

/** What became of it. */
export type LockOutcome =
  /** Ours now; `isNew` unless it was found, made before a crash. */
  | { readonly kind: "locked"; readonly lock: LockView; readonly isNew: boolean }
  | { readonly kind: "full" }
  /** The server will never take this lock. */
  | { readonly kind: "refused"; readonly message: string }
  /** Somebody else has the address, or the server did not answer: choose again later. */
  | { readonly kind: "lost" };

/** How often a lock that is there when it is created and gone when it is read is created again. */
const CREATIONS_MAX = 3;

/**
 * The address counts as used before the request goes out. It is given back only when no lock can have been made; if that is not
 * known, the lock's event tells.
 */
export function* takeLock(
  state: AddressState,
  attachment: AttachmentView,
  target: { readonly subnet: SubnetView; readonly range: SubnetRange },
): Generator<ApiCall, LockOutcome, ApiAnswer> {
  const { vni } = target.subnet;
  const address = state.pool.choose(vni, target.range.usable, state.random);
  state.observer.picked?.(address === undefined);
  if (address === undefined) return { kind: "full" };
  const { namespace, name, uid } = attachment;
  const lockName = lockNameOf({ vni, address });
  for (let attempt = 0; attempt < CREATIONS_MAX; attempt++) {
    const owner = { name, uid };
    const made = yield { kind: "create-lock", namespace, name: lockName, owner, subnet: target.subnet.name };
    if (made.kind === "lock") {
      if (state.settle(made.lock) === made.lock.uid) return { kind: "lost" };
      state.held.set(keyOf(attachment), made.lock);
      const latency = addressLatency(attachment, target.subnet, {
        atUs: made.writtenUs,
        hasContention: attachment.hasContention || state.contended.has(keyOf(attachment)),
      });
      state.observer.locked?.(attachment, made.lock, attachment.address === undefined ? latency : undefined);
      return { kind: "locked", lock: made.lock, isNew: true };
    }
    if (failureOf(made) !== "exists") {
      state.giveBack({ vni, address });
      return failureOf(made) === "invalid" && made.kind === "failed"
        ? { kind: "refused", message: made.message }
        : { kind: "lost" };
    }
    const found = yield { kind: "read-lock", namespace, name: lockName };
    if (failureOf(found) === "not-found") continue;
    // Whoever's it is, its event marks the address used, and later free.
    state.settle({ vni, address });
    if (found.kind !== "lock") return { kind: "lost" };
    const isOurs = found.lock.owner === name && found.lock.ownerUid === uid;
    return isOurs ? { kind: "locked", lock: found.lock, isNew: false } : { kind: "lost" };
  }
  state.giveBack({ vni, address });
  return { kind: "lost" };
}
