// The working memory of AES-CCM, one for all keys of a thread: calls are synchronous, and a session at rest then costs no buffers.
import { ADDITIONAL_SIZE_BYTES_MAX, MESSAGE_SIZE_BYTES_MAX } from "./aead-check.ts";

const BLOCK = 16;
/** B0, the length of the additional data and the data, and the payload, each padded to blocks. */
const CHAINED_SIZE_BYTES_MAX = BLOCK + 2 * BLOCK + ADDITIONAL_SIZE_BYTES_MAX + MESSAGE_SIZE_BYTES_MAX;

/** Where the counter blocks start, which become tag mask and keystream. */
export const COUNTERS_AT: number = CHAINED_SIZE_BYTES_MAX;
/** Where streams may write what CBC gives: as much again as goes in. */
export const CHAINED_OUT_AT: number = COUNTERS_AT + BLOCK + MESSAGE_SIZE_BYTES_MAX;

/** The memory; its ArrayBuffer is made before the views, so that its address never changes. */
export interface CcmMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory as 32-bit words of the machine. */
  readonly words: Int32Array<ArrayBuffer>;
}

function makeCcmMemory(): CcmMemory {
  const buffer = new ArrayBuffer(CHAINED_OUT_AT + CHAINED_SIZE_BYTES_MAX);
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
}

/** The memory of this thread. Pages that are never touched are never there. */
export const ccmMemory: CcmMemory = makeCcmMemory();

/** AES under one key, as the two operations of CCM on {@link ccmMemory}. After a call that throws, only `close` may follow. */
export interface CcmStreams {
  /**
   * Runs CBC over the bytes `[0, sizeBytes)`, continuing the chain, and leaves them as they are. Answers the word of the
   * memory at which the last block stands, which is the new chain value.
   */
  authenticate(sizeBytes: number): number;
  /** Encrypts `sizeBytes` bytes from {@link COUNTERS_AT} on, each block by itself. */
  keystream(sizeBytes: number): void;
  /** Gives up the key. */
  close(): void;
}
