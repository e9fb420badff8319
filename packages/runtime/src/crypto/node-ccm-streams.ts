// The two operations of CCM over node:crypto: a CBC and an ECB encryptor that live as long as the key.
import { type Cipheriv, createCipheriv } from "node:crypto";
import { ccmMemory, CHAINED_OUT_AT, type CcmStreams, COUNTERS_AT } from "./ccm-memory.ts";

const BLOCK = 16;
const { bytes: memory } = ccmMemory;
/** Views on the beginnings of both parts, by blocks: made once, as one is needed for every call. */
const chained: Uint8Array[] = [];
const counters: Uint8Array[] = [];
const OUT_WORD = CHAINED_OUT_AT >> 2;

/** One key of 16 or 32 bytes. */
export class NodeCcmStreams implements CcmStreams {
  readonly #cbc: Cipheriv;
  readonly #ecb: Cipheriv;

  constructor(key: Uint8Array) {
    const name = key.length === 16 ? "aes-128" : "aes-256";
    this.#cbc = createCipheriv(`${name}-cbc`, key, new Uint8Array(BLOCK)).setAutoPadding(false);
    this.#ecb = createCipheriv(`${name}-ecb`, key, null).setAutoPadding(false);
  }

  authenticate(sizeBytes: number): number {
    const out = this.#cbc.update(viewOf(chained, 0, sizeBytes));
    const lastAt = sizeBytes - BLOCK;
    for (let index = 0; index < BLOCK; index++) memory[CHAINED_OUT_AT + index] = out[lastAt + index] as number;
    return OUT_WORD;
  }

  keystream(sizeBytes: number): void {
    memory.set(this.#ecb.update(viewOf(counters, COUNTERS_AT, sizeBytes)), COUNTERS_AT);
  }

  close(): void {
    // Both belong to the collector.
  }
}

function viewOf(views: Uint8Array[], start: number, sizeBytes: number): Uint8Array {
  const blocks = sizeBytes / BLOCK;
  const known = views[blocks];
  if (known !== undefined) return known;
  const made = memory.subarray(start, start + sizeBytes);
  views[blocks] = made;
  return made;
}
