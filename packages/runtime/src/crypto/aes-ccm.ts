// AES-CCM (RFC 3610, L = 3) composed of CBC and ECB under one key, as neither Bun nor Deno has the mode itself.
import { checkMessage, plaintextSize } from "./aead-check.ts";
import { type AeadCipher, type AeadMessage, NONCE_SIZE_BYTES } from "./aead-types.ts";
import { ccmMemory, type CcmStreams, COUNTERS_AT } from "./ccm-memory.ts";
import { copyBytes } from "../copy-bytes.ts";

const BLOCK = 16;
/** The flags octet of a counter block: L - 1 (RFC 3610 §2.3). */
const COUNTER_FLAGS = 2;
/** In the flags octet of B0: there is additional data (RFC 3610 §2.2). */
const ADDITIONAL_FLAG = 0x40;
/** The keystream lies behind the block that masks the tag. */
const STREAM_AT = COUNTERS_AT + BLOCK;
const COUNTER_WORD = COUNTERS_AT >> 2;
/** Texts up to here are masked byte by byte: longer ones are worth a view. */
const SHORT_SIZE_MAX = 96;
const { bytes: memory, words } = ccmMemory;
const memoryPart = { bytes: memory, at: 0 };

/**
 * One key. The CBC-MAC runs on an encryptor that is never finished: its chain value is the last block it gave, so xor-ing
 * that block into the first block of the next message starts the chain at zero again. The counter blocks go through ECB in
 * one call. A record therefore costs two native calls and creates no cipher object.
 */
export class AesCcm implements AeadCipher {
  readonly tagSizeBytes: 8 | 16;
  readonly #makeStreams: () => CcmStreams;
  #streams: CcmStreams | undefined;
  /** The chain value, as words of the machine. */
  readonly #chain: Int32Array = new Int32Array(BLOCK / 4);

  constructor(tagSizeBytes: 8 | 16, makeStreams: () => CcmStreams) {
    this.tagSizeBytes = tagSizeBytes;
    this.#makeStreams = makeStreams;
  }

  seal(message: AeadMessage): void {
    const { bytes, start, end } = message;
    const { tagSizeBytes } = this;
    checkMessage(message, tagSizeBytes);
    const size = end - start;
    const payloadAt = writeHead(message, size, tagSizeBytes);
    writeCounters(message.nonce, size);
    copyIn(bytes, start, payloadAt, size);
    this.#keystream(size);
    const tagAt = this.#authenticate(payloadAt, size);
    if (size <= SHORT_SIZE_MAX) {
      for (let index = 0; index < size; index++) {
        bytes[start + index] = (memory[payloadAt + index] as number) ^ (memory[STREAM_AT + index] as number);
      }
    } else {
      maskWords(payloadAt, size);
      bytes.set(memory.subarray(payloadAt, payloadAt + size), start);
    }
    for (let index = 0; index < tagSizeBytes; index++) {
      bytes[end + index] = (memory[tagAt + index] as number) ^ (memory[COUNTERS_AT + index] as number);
    }
  }

  open(message: AeadMessage, out: Uint8Array): boolean {
    const { bytes, start } = message;
    const { tagSizeBytes } = this;
    const size = plaintextSize(message, tagSizeBytes, out);
    const payloadAt = writeHead(message, size, tagSizeBytes);
    writeCounters(message.nonce, size);
    copyIn(bytes, start, payloadAt, size);
    this.#keystream(size);
    maskWords(payloadAt, size);
    const tagAt = this.#authenticate(payloadAt, size);
    // Every byte is looked at whatever the others were: the time says nothing about where a forgery differs.
    let difference = 0;
    for (let index = 0; index < tagSizeBytes; index++) {
      const tag = (memory[tagAt + index] as number) ^ (memory[COUNTERS_AT + index] as number);
      difference |= tag ^ (bytes[start + size + index] as number);
    }
    if (difference !== 0) return false;
    if (size <= SHORT_SIZE_MAX) {
      for (let index = 0; index < size; index++) out[index] = memory[payloadAt + index] as number;
    } else out.set(memory.subarray(payloadAt, payloadAt + size));
    return true;
  }

  close(): void {
    this.#streams?.close();
    this.#streams = undefined;
    this.#chain.fill(0);
  }

  #keystream(sizeBytes: number): void {
    try {
      this.#streams ??= this.#makeStreams();
      this.#streams.keystream(BLOCK + roundUp(sizeBytes));
    } catch (error) {
      // The chain value is unknown now: the next record starts with fresh objects.
      this.close();
      throw error;
    }
  }

  /** The raw CBC-MAC (RFC 3610 §2.2): where in the memory the block stands whose first bytes are the tag before its mask. */
  #authenticate(payloadAt: number, sizeBytes: number): number {
    const chain = this.#chain;
    const end = payloadAt + roundUp(sizeBytes);
    for (let at = payloadAt + sizeBytes; at < end; at++) memory[at] = 0;
    for (let word = 0; word < chain.length; word++) words[word] = (words[word] as number) ^ (chain[word] as number);
    try {
      this.#streams ??= this.#makeStreams();
      const last = this.#streams.authenticate(end);
      for (let word = 0; word < chain.length; word++) chain[word] = words[last + word] as number;
      return last << 2;
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

/** B0 and the additional data, padded (RFC 3610 §2.2). Answers where the payload starts. */
function writeHead({ nonce, additional }: AeadMessage, sizeBytes: number, tagSizeBytes: number): number {
  memory[0] = ADDITIONAL_FLAG | (((tagSizeBytes - 2) / 2) << 3) | COUNTER_FLAGS;
  for (let index = 0; index < NONCE_SIZE_BYTES; index++) memory[1 + index] = nonce[index] as number;
  memory[13] = sizeBytes >>> 16;
  memory[14] = sizeBytes >>> 8;
  memory[15] = sizeBytes;
  const { length } = additional;
  memory[BLOCK] = length >>> 8;
  memory[BLOCK + 1] = length;
  for (let index = 0; index < length; index++) memory[BLOCK + 2 + index] = additional[index] as number;
  const payloadAt = BLOCK + roundUp(2 + length);
  for (let at = BLOCK + 2 + length; at < payloadAt; at++) memory[at] = 0;
  return payloadAt;
}

/** Block 0 masks the tag, the others become the keystream (RFC 3610 §2.3). */
function writeCounters(nonce: Uint8Array, sizeBytes: number): void {
  memory[COUNTERS_AT] = COUNTER_FLAGS;
  for (let index = 0; index < NONCE_SIZE_BYTES; index++) memory[COUNTERS_AT + 1 + index] = nonce[index] as number;
  for (let index = 13; index < BLOCK; index++) memory[COUNTERS_AT + index] = 0;
  const count = 1 + Math.ceil(sizeBytes / BLOCK);
  for (let block = 1; block < count; block++) {
    const word = COUNTER_WORD + 4 * block;
    for (let index = 0; index < 4; index++) words[word + index] = words[COUNTER_WORD + index] as number;
    memory[COUNTERS_AT + BLOCK * block + 14] = block >>> 8;
    memory[COUNTERS_AT + BLOCK * block + 15] = block;
  }
}

function copyIn(bytes: Uint8Array, start: number, payloadAt: number, sizeBytes: number): void {
  memoryPart.at = payloadAt;
  copyBytes(bytes, start, memoryPart, sizeBytes);
}

/** Adds the keystream to the payload in the memory; both begin at a block. Up to three bytes behind it change too. */
function maskWords(payloadAt: number, sizeBytes: number): void {
  const payload = payloadAt >> 2;
  const stream = STREAM_AT >> 2;
  const count = (sizeBytes + 3) >> 2;
  for (let index = 0; index < count; index++) {
    words[payload + index] = (words[payload + index] as number) ^ (words[stream + index] as number);
  }
}

function roundUp(size: number): number {
  return (size + BLOCK - 1) & ~(BLOCK - 1);
}
