// Connection IDs as keys of a map: a number as long as it fits, so that a lookup makes no text.

/** What a map of connection IDs is keyed by. */
export type CidKey = number | string;

/** IDs up to this size become numbers: 48 bits and three for the size. */
const NUMBER_SIZE_MAX = 6;

/** The key of `sizeBytes` bytes from `offset`; different sizes never collide. */
export function cidKey(bytes: Uint8Array, offset: number, sizeBytes: number): CidKey {
  if (sizeBytes > NUMBER_SIZE_MAX) return textKey(bytes, offset, sizeBytes);
  let value = 0;
  for (let at = offset; at < offset + sizeBytes; at++) value = value * 256 + (bytes[at] as number);
  return value * 8 + sizeBytes;
}

/** The size, then two bytes a character. */
function textKey(bytes: Uint8Array, offset: number, sizeBytes: number): string {
  let key = String.fromCharCode(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 2) {
    const low = at + 1 < sizeBytes ? (bytes[offset + at + 1] as number) : 0;
    key += String.fromCharCode(((bytes[offset + at] as number) << 8) | low);
  }
  return key;
}
