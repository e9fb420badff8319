// SHA-256's compression function (FIPS 180-4 §6.2.2) by libcrypto, which uses the processor's own instructions.
import type { ForeignPointer } from "../../foreign/foreign.ts";
import { PinnedMemory } from "../../foreign/pinned-memory.ts";
import type { Sha256Compressor } from "../sha256-block.ts";
import type { Libcrypto } from "./libcrypto.ts";
import type { LibcryptoFunctions } from "./libcrypto-functions.ts";

/** A SHA256_CTX has 112 bytes and begins with the state; the block lies behind it. */
const CONTEXT_SIZE = 128;
const STATE_WORDS = 8;
const BLOCK = 64;

/** One state and block, at addresses that do not change. */
export class LibcryptoSha256 implements Sha256Compressor {
  readonly state: Int32Array;
  readonly block: Uint8Array;
  readonly blockWords: Int32Array;
  readonly #functions: LibcryptoFunctions;
  readonly #context: ForeignPointer;
  readonly #data: ForeignPointer;

  constructor(library: Libcrypto) {
    // The views below keep the memory.
    const memory = new PinnedMemory(library.foreign, CONTEXT_SIZE + BLOCK);
    const { buffer } = memory.bytes;
    this.state = new Int32Array(buffer, 0, STATE_WORDS);
    this.block = new Uint8Array(buffer, CONTEXT_SIZE, BLOCK);
    this.blockWords = new Int32Array(buffer, CONTEXT_SIZE, BLOCK / 4);
    this.#functions = library.functions;
    this.#context = memory.pointer(0, CONTEXT_SIZE);
    this.#data = memory.pointer(CONTEXT_SIZE, BLOCK);
  }

  compress(): void {
    this.#functions.SHA256_Transform(this.#context, this.#data);
  }
}
