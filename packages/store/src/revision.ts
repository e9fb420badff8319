// The store's clock: one number for all keys, grown by every write (etcd's "revision").
import { assert, type Brand } from "@coracle/base";

/**
 * A point in the store's history. Safe integer, at least 1: an empty store is at 1, as etcd is.
 * Why not bigint: docs/adr/0003-revision-as-number.md.
 */
export type Revision = Brand<number, "Revision">;

/** "The key must not exist", for `expectRevision`. */
export const NOT_EXISTING: Revision = 0 as Revision;

/** The largest revision. A back end that counts further (etcd can) refuses with `REVISION_OVERFLOW`. */
export const REVISION_MAX: Revision = Number.MAX_SAFE_INTEGER as Revision;

/** Takes a number as a revision; asserts that it is a safe integer and not negative. */
export function revision(value: number): Revision {
  assert(Number.isSafeInteger(value) && value >= 0, `Cannot take as revision: current value is ${value}`);
  return value as Revision;
}
