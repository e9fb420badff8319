// Standard base64 with padding (RFC 4648 §4), as Kubernetes writes byte fields.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Sum of the sizes of the values of a ConfigMap or Secret. */
export const DATA_SIZE_BYTES_MAX: number = 1024 * 1024;

/** Bytes as base64 text. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b, c] = bytes.subarray(index, index + 3);
    const word = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += letter(word >>> 18) + letter(word >>> 12);
    text += (b === undefined ? "=" : letter(word >>> 6)) + (c === undefined ? "=" : letter(word));
  }
  return text;
}

function letter(word: number): string {
  return ALPHABET.charAt(word & 63);
}

/** Bytes that a base64 text stands for. */
export function base64Size(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.floor(text.length / 4) * 3 - padding;
}
