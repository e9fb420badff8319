// The handshake messages so far, for session hash, CertificateVerify and Finished (RFC 6347 §4.2.6, RFC 7627 §3).
import { assert } from "@coracle/base";
import { encodeMessage, type HandshakeMessage } from "./handshake-header.ts";

/** Bytes of a whole handshake; the reassembly caps keep real ones below it. */
const TRANSCRIPT_SIZE_MAX: number = 1 << 20;

/**
 * Keeps the bytes themselves: the hash function is known only from ServerHello on, and a signature covers the bytes. The
 * first ClientHello and HelloVerifyRequest are never added when a cookie round happened.
 */
export class Transcript {
  readonly #parts: Uint8Array[] = [];
  #sizeBytes = 0;

  add(message: HandshakeMessage): void {
    const bytes = encodeMessage(message);
    this.#sizeBytes += bytes.length;
    assert(this.#sizeBytes <= TRANSCRIPT_SIZE_MAX, `Cannot keep a handshake of ${this.#sizeBytes} bytes`);
    this.#parts.push(bytes);
  }

  /** Every message so far, joined. */
  bytes(): Uint8Array {
    const joined = new Uint8Array(this.#sizeBytes);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }
}
