// AES-GCM with 12-byte nonces and 16-byte tags (NIST SP 800-38D) over libcrypto: a context that lives as long as the key.
import { assert } from "@coracle/base";
import type { ForeignPointer } from "../../foreign/foreign.ts";
import { PinnedMemory } from "../../foreign/pinned-memory.ts";
import { ADDITIONAL_SIZE_BYTES_MAX, checkMessage, MESSAGE_SIZE_BYTES_MAX, plaintextSize } from "../aead-check.ts";
import { type AeadCipher, type AeadMessage, NONCE_SIZE_BYTES } from "../aead-types.ts";
import { copyBytes } from "../../copy-bytes.ts";
import type { CipherContexts } from "./cipher-contexts.ts";
import type { Libcrypto } from "./libcrypto.ts";
import { EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG, type LibcryptoFunctions } from "./libcrypto-functions.ts";

const TAG_SIZE = 16;
const NONCE_AT = 0;
const TAG_AT = 16;
const ADDITIONAL_AT = 32;
const TEXT_AT = ADDITIONAL_AT + ADDITIONAL_SIZE_BYTES_MAX;

/** What the ciphers of every key share: the functions, and memory that they work in. */
export class GcmMaker {
  readonly functions: LibcryptoFunctions;
  readonly contexts: CipherContexts;
  readonly memory: Uint8Array;
  readonly none: ForeignPointer;
  readonly nonce: ForeignPointer;
  readonly tag: ForeignPointer;
  readonly additional: ForeignPointer;
  readonly text: ForeignPointer;
  readonly #pinned: PinnedMemory;

  constructor(library: Libcrypto, contexts: CipherContexts) {
    this.#pinned = new PinnedMemory(library.foreign, TEXT_AT + MESSAGE_SIZE_BYTES_MAX);
    this.functions = library.functions;
    this.contexts = contexts;
    this.memory = this.#pinned.bytes;
    this.none = library.foreign.none;
    this.nonce = this.#pinned.pointer(NONCE_AT, NONCE_SIZE_BYTES);
    this.tag = this.#pinned.pointer(TAG_AT, TAG_SIZE);
    this.additional = this.#pinned.pointer(ADDITIONAL_AT, ADDITIONAL_SIZE_BYTES_MAX);
    this.text = this.#pinned.pointer(TEXT_AT, MESSAGE_SIZE_BYTES_MAX);
  }

  /** A cipher under a key of 16 or 32 bytes; the key is copied. */
  make(key: Uint8Array): AeadCipher {
    return new LibcryptoGcm(this, key.slice());
  }
}

/** One key. Nonce, additional data and text are copied to memory whose address libcrypto may be given. */
class LibcryptoGcm implements AeadCipher {
  readonly tagSizeBytes: 16 = TAG_SIZE;
  readonly #maker: GcmMaker;
  readonly #key: Uint8Array;
  #context: ForeignPointer | undefined;

  constructor(maker: GcmMaker, key: Uint8Array) {
    this.#maker = maker;
    this.#key = key;
  }

  seal(message: AeadMessage): void {
    checkMessage(message, TAG_SIZE);
    const { functions, memory, tag, none } = this.#maker;
    const { bytes, start, end } = message;
    const context = this.#begin(message, end - start, 1);
    this.#crypt(context, end - start);
    const isDone =
      functions.EVP_Cipher(context, none, none, 0) >= 0 &&
      functions.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) === 1;
    if (!isDone) this.#fail("finish", end - start);
    copyBytes(memory, TEXT_AT, { bytes, at: start }, end - start);
    for (let index = 0; index < TAG_SIZE; index++) bytes[end + index] = memory[TAG_AT + index] as number;
  }

  open(message: AeadMessage, out: Uint8Array): boolean {
    const size = plaintextSize(message, TAG_SIZE, out);
    const { functions, memory, tag, none } = this.#maker;
    const { bytes, start } = message;
    const context = this.#begin(message, size, 0);
    for (let index = 0; index < TAG_SIZE; index++) memory[TAG_AT + index] = bytes[start + size + index] as number;
    if (functions.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) !== 1) this.#fail("open", size);
    this.#crypt(context, size);
    // The tag is compared by libcrypto, in constant time.
    if (functions.EVP_Cipher(context, none, none, 0) < 0) return false;
    copyBytes(memory, TEXT_AT, { bytes: out, at: 0 }, size);
    return true;
  }

  close(): void {
    const context = this.#context;
    this.#context = undefined;
    if (context !== undefined) this.#maker.contexts.free(this, [context]);
  }

  /** Starts a message whose text has `sizeBytes` bytes: nonce, additional data, and the text into the memory. */
  #begin(message: AeadMessage, sizeBytes: number, encrypt: 0 | 1): ForeignPointer {
    const { functions, memory, nonce, additional, none, contexts } = this.#maker;
    const key = this.#key;
    if (this.#context === undefined) {
      const name = key.length === 16 ? "AES-128-GCM" : "AES-256-GCM";
      [this.#context] = contexts.make([name] as const, key, this);
    }
    const context = this.#context;
    for (let index = 0; index < NONCE_SIZE_BYTES; index++) memory[NONCE_AT + index] = message.nonce[index] as number;
    if (functions.EVP_CipherInit_ex(context, none, none, none, nonce, encrypt) !== 1) this.#fail("begin", sizeBytes);
    const { length } = message.additional;
    for (let index = 0; index < length; index++) memory[ADDITIONAL_AT + index] = message.additional[index] as number;
    if (length > 0 && functions.EVP_Cipher(context, none, additional, length) < 0) this.#fail("begin", sizeBytes);
    copyBytes(message.bytes, message.start, { bytes: memory, at: TEXT_AT }, sizeBytes);
    return context;
  }

  #crypt(context: ForeignPointer, sizeBytes: number): void {
    const { functions, text } = this.#maker;
    if (sizeBytes > 0 && functions.EVP_Cipher(context, text, text, sizeBytes) < 0) this.#fail("work on", sizeBytes);
  }

  /** The next message starts with a fresh context. */
  #fail(action: string, sizeBytes: number): never {
    this.close();
    assert(false, `Cannot ${action} ${sizeBytes} bytes: libcrypto refuses`);
  }
}
