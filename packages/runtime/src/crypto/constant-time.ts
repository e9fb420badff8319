// Comparison of short secrets without a native call: for tags of 8 and 16 bytes a loop is faster than crossing over.

/** True if both are equal; takes the same time wherever they differ. Lengths are not hidden. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] as number) ^ (b[index] as number);
  return difference === 0;
}
