// One cipher context of libcrypto: memory outside of the collector's sight, freed when closed.
import { assert } from "@coracle/base";
import type { ForeignPointer } from "../../foreign/foreign.ts";
import { PinnedMemory } from "../../foreign/pinned-memory.ts";
import type { BlockCipherName, Libcrypto } from "./libcrypto.ts";

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
  readonly #forgotten: FinalizationRegistry<ForeignPointer>;
  readonly #memory: PinnedMemory;
  readonly #key: ForeignPointer;
  readonly #zeroIv: ForeignPointer;

  constructor(library: Libcrypto) {
    this.#library = library;
    this.#forgotten = new FinalizationRegistry((context) => this.#free(context));
    this.#memory = new PinnedMemory(library.foreign, KEY_SIZE_MAX + IV_SIZE);
    this.#key = this.#memory.pointer(0, KEY_SIZE_MAX);
    this.#zeroIv = this.#memory.pointer(KEY_SIZE_MAX, IV_SIZE);
  }

  /** A context that encrypts under `key`, without padding, from an initial vector of zeros. `owner` is who will close it. */
  make(cipher: BlockCipherName, key: Uint8Array, owner: object): ForeignPointer {
    const { functions, foreign, ciphers } = this.#library;
    assert(key.length * 8 === Number(cipher.slice(4, 7)), `Cannot use ${cipher} with a key of ${key.length} bytes`);
    const context = functions.EVP_CIPHER_CTX_new();
    assert(!foreign.isNone(context), `Cannot make a cipher context beside ${live} others: libcrypto has no memory`);
    live++;
    this.#memory.bytes.set(key);
    const made = functions.EVP_CipherInit_ex(context, ciphers[cipher], foreign.none, this.#key, this.#zeroIv, 1);
    this.#memory.bytes.fill(0, 0, KEY_SIZE_MAX);
    if (made !== 1 || functions.EVP_CIPHER_CTX_set_padding(context, 0) !== 1) {
      this.#free(context);
      assert(false, `Cannot make a cipher context of ${cipher}: libcrypto answers ${made}`);
    }
    this.#forgotten.register(owner, context, owner);
    return context;
  }

  /** Frees the contexts of `owner`, which must not use them any more. libcrypto overwrites their keys. */
  free(owner: object, contexts: readonly ForeignPointer[]): void {
    this.#forgotten.unregister(owner);
    for (const context of contexts) this.#free(context);
  }

  #free(context: ForeignPointer): void {
    this.#library.functions.EVP_CIPHER_CTX_free(context);
    live--;
  }
}
