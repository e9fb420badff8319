// AES-CCM (RFC 3610, L = 3) composed of two long-lived cipher objects, as neither Bun nor Deno has the mode itself.
import { type Cipheriv, createCipheriv } from "node:crypto";
import { assert } from "@coracle/base";

const BLOCK = 16;
const NONCE_SIZE = 12;
/** The flags octet of a counter block: L - 1 (RFC 3610 §2.3). */
const COUNTER_FLAGS = 2;
const SCRATCH_START = 2048;

/** Shared by every key: calls are synchronous, and a session at rest then costs no buffers. */
const scratch = { mac: new Uint8Array(SCRATCH_START), counters: new Uint8Array(SCRATCH_START) };

/**
 * One key. The CBC-MAC runs on an encryptor that is never finished: its chain value is the last block it gave, so
 * xor-ing that block into the first block of the next message starts the chain at zero again. The counter blocks go
 * through ECB in one call. A record therefore costs two native calls and creates no cipher object.
 */
export class AesCcm {
  readonly tagSizeBytes: 8 | 16;
  readonly #name: "aes-128" | "aes-256";
  readonly #key: Uint8Array;
  #mac: Cipheriv | undefined;
  #counter: Cipheriv | undefined;
  readonly #chain: Uint8Array = new Uint8Array(BLOCK);

  constructor(key: Uint8Array, tagSizeBytes: 8 | 16) {
    assert(key.length === 16 || key.length === 32, `Cannot use AES-CCM with a key of ${key.length} bytes`);
    this.#key = key;
    this.#name = key.length === 16 ? "aes-128" : "aes-256";
    this.tagSizeBytes = tagSizeBytes;
  }

  seal(nonce: Uint8Array, additional: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    const size = plaintext.length;
    assert(out.length === size + this.tagSizeBytes, `Cannot seal ${size} bytes into ${out.length}`);
    const mac = this.#authenticate(nonce, additional, plaintext);
    const stream = this.#keystream(nonce, size);
    for (let index = 0; index < size; index++) {
      out[index] = (plaintext[index] as number) ^ (stream[BLOCK + index] as number);
    }
    for (let index = 0; index < this.tagSizeBytes; index++) {
      out[size + index] = (mac[index] as number) ^ (stream[index] as number);
    }
  }

  open(nonce: Uint8Array, additional: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean {
    const size = sealed.length - this.tagSizeBytes;
    assert(size >= 0 && out.length === size, `Cannot open ${sealed.length} bytes into ${out.length}`);
    const stream = this.#keystream(nonce, size);
    for (let index = 0; index < size; index++) {
      out[index] = (sealed[index] as number) ^ (stream[BLOCK + index] as number);
    }
    const mac = this.#authenticate(nonce, additional, out);
    // Every byte is looked at whatever the others were: the time says nothing about where a forgery differs.
    let difference = 0;
    for (let index = 0; index < this.tagSizeBytes; index++) {
      difference |= (mac[index] as number) ^ (stream[index] as number) ^ (sealed[size + index] as number);
    }
    if (difference === 0) return true;
    out.fill(0);
    return false;
  }

  /** The raw CBC-MAC (RFC 3610 §2.2): the first `tagSizeBytes` of the block given are the tag before its mask. */
  #authenticate(nonce: Uint8Array, additional: Uint8Array, payload: Uint8Array): Uint8Array {
    assert(nonce.length === NONCE_SIZE, `Cannot use a nonce of ${nonce.length} bytes`);
    const headSize = BLOCK + roundUp(additional.length + 2);
    const totalSize = headSize + roundUp(payload.length);
    const buffer = scratchOf("mac", totalSize).subarray(0, totalSize);
    buffer.fill(0, BLOCK, headSize);
    buffer.fill(0, headSize + payload.length);
    buffer[0] = 0x40 | (((this.tagSizeBytes - 2) / 2) << 3) | COUNTER_FLAGS;
    buffer.set(nonce, 1);
    buffer[13] = payload.length >>> 16;
    buffer[14] = payload.length >>> 8;
    buffer[15] = payload.length;
    buffer[BLOCK] = additional.length >>> 8;
    buffer[BLOCK + 1] = additional.length;
    buffer.set(additional, BLOCK + 2);
    buffer.set(payload, headSize);
    for (let index = 0; index < BLOCK; index++) {
      buffer[index] = (buffer[index] as number) ^ (this.#chain[index] as number);
    }
    const chained = this.#update("mac", buffer);
    for (let index = 0; index < BLOCK; index++) this.#chain[index] = chained[totalSize - BLOCK + index] as number;
    return this.#chain;
  }

  /** Block 0 masks the tag, the rest is the keystream (RFC 3610 §2.3). */
  #keystream(nonce: Uint8Array, size: number): Uint8Array {
    const blocks = 1 + Math.ceil(size / BLOCK);
    const counters = scratchOf("counters", blocks * BLOCK).subarray(0, blocks * BLOCK);
    for (let block = 0, at = 0; block < blocks; block++, at += BLOCK) {
      counters[at] = COUNTER_FLAGS;
      counters.set(nonce, at + 1);
      counters[at + 13] = block >>> 16;
      counters[at + 14] = block >>> 8;
      counters[at + 15] = block;
    }
    return this.#update("counter", counters);
  }

  #update(which: "mac" | "counter", data: Uint8Array): Uint8Array {
    try {
      if (which === "mac") {
        this.#mac ??= createCipheriv(`${this.#name}-cbc`, this.#key, new Uint8Array(BLOCK)).setAutoPadding(false);
        return this.#mac.update(data);
      }
      this.#counter ??= createCipheriv(`${this.#name}-ecb`, this.#key, null).setAutoPadding(false);
      return this.#counter.update(data);
    } catch (error) {
      // The chain value is unknown now: the next record starts with fresh objects.
      this.#mac = undefined;
      this.#counter = undefined;
      this.#chain.fill(0);
      throw error;
    }
  }
}

function roundUp(size: number): number {
  return (size + BLOCK - 1) & ~(BLOCK - 1);
}

function scratchOf(name: "mac" | "counters", size: number): Uint8Array {
  if (scratch[name].length < size) scratch[name] = new Uint8Array(roundUp(size * 2));
  return scratch[name];
}
