// The bounds of every call of a cipher: beyond them memory that is not the message's would be read or written.
import { assert } from "@coracle/base";
import { type AeadMessage, NONCE_SIZE_BYTES } from "./aead-types.ts";

/** The largest text: a record of 16 KiB with everything around it, and room to spare. */
export const MESSAGE_SIZE_BYTES_MAX: number = 1 << 15;
/** The largest additional data: that of a record has at most 278 bytes. */
export const ADDITIONAL_SIZE_BYTES_MAX = 1024;

/** Asserts that the text lies within its array with `roomBytes` behind it, and all sizes within their limits. */
export function checkMessage({ nonce, additional, bytes, start, end }: AeadMessage, roomBytes: number): void {
  // Checked before the message is put together: that costs more than the rest of a record.
  if (start < 0 || end < start || end + roomBytes > bytes.length)
    assert(false, `Cannot work on bytes ${start} to ${end} and ${roomBytes} more: array has ${bytes.length}`);
  if (end - start > MESSAGE_SIZE_BYTES_MAX) assert(false, `Cannot work on ${end - start} bytes at once`);
  if (nonce.length !== NONCE_SIZE_BYTES) assert(false, `Cannot use a nonce of ${nonce.length} bytes`);
  if (additional.length > ADDITIONAL_SIZE_BYTES_MAX)
    assert(false, `Cannot authenticate ${additional.length} bytes of additional data`);
}

/** The size of the plaintext of a message to open; asserts that there is a tag, and that `out` has room. */
export function plaintextSize(message: AeadMessage, tagSizeBytes: number, out: Uint8Array): number {
  checkMessage(message, 0);
  const size = message.end - message.start - tagSizeBytes;
  if (size < 0 || out.length < size) assert(false, `Cannot open ${size} bytes and a tag into ${out.length}`);
  return size;
}
