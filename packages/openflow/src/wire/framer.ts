// Cuts a byte stream into OpenFlow messages by the length in `ofp_header` (OpenFlow 1.5.1 §7.1.1).
import { ok, type Result } from "@coracle/base";
import { HEADER_SIZE_BYTES } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

/**
 * Incremental. `push` bytes, then call `next` until it answers `undefined`. Never holds more than one message and the
 * last chunk, since a length is 16 bits. A length below 8 is an error after which nothing can be read.
 */
export class MessageFramer {
  #pending: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #failed = false;

  /** Bytes that wait for the rest of their message. */
  get pendingSizeBytes(): number {
    return this.#pending.length - this.#offset;
  }

  /** Adds what was received. `chunk` may be kept until its last message has been taken. */
  push(chunk: Uint8Array): void {
    if (this.#failed || chunk.length === 0) return;
    const rest = this.#pending.length - this.#offset;
    if (rest === 0) {
      this.#pending = chunk;
    } else {
      const joined = new Uint8Array(rest + chunk.length);
      joined.set(this.#pending.subarray(this.#offset));
      joined.set(chunk, rest);
      this.#pending = joined;
    }
    this.#offset = 0;
  }

  /** The next whole message with its header, a view of what was pushed; or `undefined` until more bytes come. */
  next(): Result<Uint8Array, WireError> | undefined {
    if (this.#failed) return undefined;
    const at = this.#offset;
    if (this.#pending.length - at < HEADER_SIZE_BYTES) return undefined;
    const sizeBytes = ((this.#pending[at + 2] ?? 0) << 8) | (this.#pending[at + 3] ?? 0);
    if (sizeBytes < HEADER_SIZE_BYTES) {
      this.#failed = true;
      return wireError("BAD_LENGTH", "an OpenFlow header", `its length is ${sizeBytes}, less than 8`);
    }
    if (this.#pending.length - at < sizeBytes) return undefined;
    this.#offset = at + sizeBytes;
    return ok(this.#pending.subarray(at, this.#offset));
  }
}
