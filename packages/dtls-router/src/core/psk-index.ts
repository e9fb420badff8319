// Pre-shared keys in memory that all workers share: written once, looked up by the bytes of an identity.
import { assert } from "@coracle/base";
import type { PskTable } from "./psk-file.ts";
import { allSteps, type Steps } from "./steps.ts";

/** Words in front of the slots: how many slots there are. */
const HEAD_WORDS = 1;
/** Sizes of identity and key in front of each entry. */
const ENTRY_HEAD_BYTES = 2;
const SIZE_MAX = 255;
/** Entries between two pauses: a few milliseconds. */
const ENTRIES_PER_STEP = 5000;

/** A table of keys as memory: open addressing, each slot the offset of an entry behind the slots, plus one. */
export type PskMemory = SharedArrayBuffer;

/** Lays out a table. Identities and keys have at most 255 bytes, which reading the file has made sure of. */
export function layOutPskIndex(table: PskTable): PskMemory {
  return allSteps(layOutPskIndexInSteps(table));
}

/** {@link layOutPskIndex} with pauses. */
export function* layOutPskIndexInSteps(table: PskTable): Steps<PskMemory> {
  const entries: { readonly identity: Uint8Array; readonly key: Uint8Array }[] = [];
  const encoder = new TextEncoder();
  let sizeBytes = 0;
  for (const [text, key] of table) {
    const identity = encoder.encode(text);
    sizeBytes += ENTRY_HEAD_BYTES + identity.length + key.length;
    entries.push({ identity, key });
    if (entries.length % ENTRIES_PER_STEP === 0) yield undefined;
  }
  let slots = 4;
  while (slots < 2 * entries.length) slots *= 2;
  const memory = new SharedArrayBuffer(4 * (HEAD_WORDS + slots) + sizeBytes);
  const words = new Uint32Array(memory, 0, HEAD_WORDS + slots);
  const bytes = new Uint8Array(memory, 4 * (HEAD_WORDS + slots));
  words[0] = slots;
  let at = 0;
  for (const [index, { identity, key }] of entries.entries()) {
    if (index % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield undefined;
    assert(identity.length <= SIZE_MAX && key.length <= SIZE_MAX, "Cannot index a key of more than 255 bytes");
    let slot = hashOf(identity) & (slots - 1);
    while (words[HEAD_WORDS + slot] !== 0) slot = (slot + 1) & (slots - 1);
    words[HEAD_WORDS + slot] = at + 1;
    bytes[at] = identity.length;
    bytes[at + 1] = key.length;
    bytes.set(identity, at + ENTRY_HEAD_BYTES);
    bytes.set(key, at + ENTRY_HEAD_BYTES + identity.length);
    at += ENTRY_HEAD_BYTES + identity.length + key.length;
  }
  return memory;
}

/** Looks keys up in such memory; any thread may. */
export class PskIndex {
  readonly #slots: number;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: PskMemory) {
    this.#slots = new Uint32Array(memory, 0, HEAD_WORDS)[0] ?? 0;
    this.#words = new Uint32Array(memory, 0, HEAD_WORDS + this.#slots);
    this.#bytes = new Uint8Array(memory, 4 * (HEAD_WORDS + this.#slots));
  }

  /** The key of an identity; a copy. */
  find(identity: Uint8Array): Uint8Array | undefined {
    const mask = this.#slots - 1;
    for (let slot = hashOf(identity) & mask; ; slot = (slot + 1) & mask) {
      const at = (this.#words[HEAD_WORDS + slot] ?? 0) - 1;
      if (at < 0) return undefined;
      if (!this.#hasIdentity(at, identity)) continue;
      const key = at + ENTRY_HEAD_BYTES + identity.length;
      return this.#bytes.slice(key, key + (this.#bytes[at + 1] ?? 0));
    }
  }

  #hasIdentity(at: number, identity: Uint8Array): boolean {
    if (this.#bytes[at] !== identity.length) return false;
    for (let index = 0; index < identity.length; index++) {
      if (this.#bytes[at + ENTRY_HEAD_BYTES + index] !== identity[index]) return false;
    }
    return true;
  }
}

/** FNV-1a, 32 bits: the table is the operator's, so nobody else picks what collides. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
