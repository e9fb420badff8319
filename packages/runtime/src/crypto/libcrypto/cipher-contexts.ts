// One cipher context of libcrypto: memory outside of the collector's sight, freed when closed.
import { assert } from "@coracle/base";
import type { ForeignPointer } from "../../foreign/foreign.ts";
import { PinnedMemory } from "../../foreign/pinned-memory.ts";
import type { BlockCipherName, Libcrypto } from "./libcrypto.ts";

const KEY_SIZES: Readonly<Record<BlockCipherName, number>> = {
  "AES-128-CBC": 16,
  "AES-256-CBC": 32,
  "AES-128-ECB": 16,
  "AES-256-ECB": 32,
  "AES-128-GCM": 16,
  "AES-256-GCM": 32,
};
const KEY_SIZE_MAX = 32;
const IV_SIZE = 16;

let live = 0;

/** Contexts of this thread that are not freed: what there is to leak. */
export function liveCipherContexts(): number {
  return live;
}

/** Makes contexts and frees them, also those whose owner was collected without closing them. */
export class CipherContexts {
  readonly #library: Libcrypto;
  readonly #forgotten: FinalizationRegistry<readonly ForeignPointer[]>;
  readonly #memory: PinnedMemory;
  readonly #key: ForeignPointer;
  readonly #zeroIv: ForeignPointer;

  constructor(library: Libcrypto) {
    this.#library = library;
    this.#forgotten = new FinalizationRegistry((contexts) => this.#freeAll(contexts));
    this.#memory = new PinnedMemory(library.foreign, KEY_SIZE_MAX + IV_SIZE);
    this.#key = this.#memory.pointer(0, KEY_SIZE_MAX);
    this.#zeroIv = this.#memory.pointer(KEY_SIZE_MAX, IV_SIZE);
  }

  /** Contexts that encrypt under `key` from an initial vector of zeros, one for each cipher. `owner` is who will free them. */
  make<Names extends readonly BlockCipherName[]>(
    ciphers: Names,
    key: Uint8Array,
    owner: object,
  ): { readonly [Index in keyof Names]: ForeignPointer } {
    const made: ForeignPointer[] = [];
    this.#memory.bytes.set(key);
    try {
      for (const cipher of ciphers) made.push(this.#makeOne(cipher, key.length));
    } catch (error) {
      this.#freeAll(made);
      throw error;
    } finally {
      this.#memory.bytes.fill(0, 0, KEY_SIZE_MAX);
    }
    this.#forgotten.register(owner, made, owner);
    return made as { readonly [Index in keyof Names]: ForeignPointer };
  }

  /** Frees the contexts of `owner`, which must not use them any more. libcrypto overwrites their keys. */
  free(owner: object, contexts: readonly ForeignPointer[]): void {
    this.#forgotten.unregister(owner);
    this.#freeAll(contexts);
  }

  /** The key is in the memory. */
  #makeOne(cipher: BlockCipherName, keySizeBytes: number): ForeignPointer {
    const { functions, foreign, ciphers } = this.#library;
    if (KEY_SIZES[cipher] !== keySizeBytes) assert(false, `Cannot use ${cipher} with a key of ${keySizeBytes} bytes`);
    const context = functions.EVP_CIPHER_CTX_new();
    if (foreign.isNone(context)) assert(false, `Cannot make a cipher context beside ${live}: libcrypto has no memory`);
    live++;
    const made = functions.EVP_CipherInit_ex(context, ciphers[cipher], foreign.none, this.#key, this.#zeroIv, 1);
    if (made !== 1) {
      this.#freeAll([context]);
      assert(false, `Cannot make a cipher context of ${cipher}: libcrypto answers ${made}`);
    }
    return context;
  }

  #freeAll(contexts: readonly ForeignPointer[]): void {
    for (const context of contexts) {
      this.#library.functions.EVP_CIPHER_CTX_free(context);
      live--;
    }
  }
}
