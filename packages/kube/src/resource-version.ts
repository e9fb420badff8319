// Resource versions: opaque strings, ordered only as KEP-5504 allows (GA in Kubernetes 1.35).

/** Longest version that has an order: 2^128 - 1 has 39 decimal digits (KEP-5504). */
const DIGITS_MAX = 39;

/**
 * Whether `version` takes part in the order: decimal digits, no leading zero, at most 39 of them. "" and "0" do not.
 */
export function isComparableResourceVersion(version: string): boolean {
  const size = version.length;
  if (size === 0 || size > DIGITS_MAX) return false;
  const first = version.charCodeAt(0);
  if (first < 0x31 || first > 0x39) return false;
  for (let index = 1; index < size; index++) {
    const digit = version.charCodeAt(index);
    if (digit < 0x30 || digit > 0x39) return false;
  }
  return true;
}

/**
 * -1, 0 or 1 when `a` is older than, equal to or newer than `b`; `undefined` when either has no order. Two versions of
 * different resources or of different clusters must not be compared. Never goes through `number`: 2^53 is too small.
 */
export function compareResourceVersions(a: string, b: string): -1 | 0 | 1 | undefined {
  if (!isComparableResourceVersion(a) || !isComparableResourceVersion(b)) return undefined;
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
