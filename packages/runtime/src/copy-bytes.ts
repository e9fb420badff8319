// Copying parts of arrays: short ones by a loop, as a view costs more to make than few bytes to move.

/** Below this size a loop is faster on both runtimes. */
const LOOP_SIZE_MAX = 96;

/** A part of an array: `sizeBytes` bytes from `at` on. */
export interface BytesPart {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** Copies `sizeBytes` bytes; both parts must lie within their arrays and must not overlap. */
export function copyBytes(from: Uint8Array, fromAt: number, to: BytesPart, sizeBytes: number): void {
  const { bytes, at } = to;
  if (sizeBytes > LOOP_SIZE_MAX) bytes.set(from.subarray(fromAt, fromAt + sizeBytes), at);
  else for (let index = 0; index < sizeBytes; index++) bytes[at + index] = from[fromAt + index] as number;
}
