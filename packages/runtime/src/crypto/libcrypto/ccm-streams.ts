// The two operations of CCM over libcrypto: a CBC and an ECB context under one key, each step one foreign call.
import { assert } from "@coracle/base";
import type { ForeignPointer } from "../../foreign/foreign.ts";
import { ccmMemory, CHAINED_OUT_AT, type CcmStreams, COUNTERS_AT } from "../ccm-memory.ts";
import type { CipherContexts } from "./cipher-contexts.ts";
import type { Libcrypto } from "./libcrypto.ts";
import type { LibcryptoFunctions } from "./libcrypto-functions.ts";

const LAST_BLOCK_WORD = (CHAINED_OUT_AT - 16) >> 2;

/** What the streams of every key share: the functions, and where the memory of CCM lies. */
export class CcmStreamsMaker {
  readonly functions: LibcryptoFunctions;
  readonly contexts: CipherContexts;
  readonly chained: ForeignPointer;
  readonly chainedOut: ForeignPointer;
  readonly counters: ForeignPointer;

  constructor(library: Libcrypto, contexts: CipherContexts) {
    const { bytes } = ccmMemory;
    this.functions = library.functions;
    this.contexts = contexts;
    this.chained = library.foreign.pointerTo(bytes, 0);
    this.chainedOut = library.foreign.pointerTo(bytes, CHAINED_OUT_AT);
    this.counters = library.foreign.pointerTo(bytes, COUNTERS_AT);
  }

  /** Streams under a key of 16 or 32 bytes. */
  make(key: Uint8Array): CcmStreams {
    return new LibcryptoCcmStreams(this, key);
  }
}

/** One key. The sizes are within the memory: `AesCcm` has checked them. */
class LibcryptoCcmStreams implements CcmStreams {
  readonly #maker: CcmStreamsMaker;
  readonly #cbc: ForeignPointer;
  readonly #ecb: ForeignPointer;
  #isOpen = true;

  constructor(maker: CcmStreamsMaker, key: Uint8Array) {
    const names =
      key.length === 16 ? (["AES-128-CBC", "AES-128-ECB"] as const) : (["AES-256-CBC", "AES-256-ECB"] as const);
    this.#maker = maker;
    [this.#cbc, this.#ecb] = maker.contexts.make(names, key, this);
  }

  authenticate(sizeBytes: number): number {
    const { functions, chained, chainedOut } = this.#maker;
    this.#check(this.#isOpen && functions.EVP_Cipher(this.#cbc, chainedOut, chained, sizeBytes) > 0, sizeBytes);
    return LAST_BLOCK_WORD + (sizeBytes >> 2);
  }

  keystream(sizeBytes: number): void {
    const { functions, counters } = this.#maker;
    this.#check(this.#isOpen && functions.EVP_Cipher(this.#ecb, counters, counters, sizeBytes) > 0, sizeBytes);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#maker.contexts.free(this, [this.#cbc, this.#ecb]);
  }

  #check(isDone: boolean, sizeBytes: number): void {
    if (!isDone) assert(false, `Cannot encrypt ${sizeBytes} bytes: the context is ${this.#isOpen ? "open" : "closed"}`);
  }
}
