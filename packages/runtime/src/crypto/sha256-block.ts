// The compression function of SHA-256 (FIPS 180-4 §6.2.2): all that a digest needs whose first blocks are known beforehand.

/** The eight words before the first block (FIPS 180-4 §5.3.3). */
export const SHA256_INITIAL: Int32Array = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** A state and one block to compress into it; one for all keys of a thread, as calls are synchronous. Little endian machines. */
export interface Sha256Compressor {
  /** Eight words as numbers. */
  readonly state: Int32Array;
  /** 64 bytes. */
  readonly block: Uint8Array;
  /** The same 64 bytes as words of the machine. */
  readonly blockWords: Int32Array;
  /** Compresses the block into the state; the block stays as it is. */
  compress(): void;
}

/** The bytes of a 32-bit word in reverse order. */
export function swapBytes(word: number): number {
  return (word << 24) | ((word << 8) & 0xff_0000) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
