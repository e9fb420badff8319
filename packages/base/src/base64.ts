// Base64 with padding, and base64url without (RFC 4648 §4, §5), as Kubernetes writes bytes and tokens.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const STANDARD = `${LETTERS}+/`;
const URL_SAFE = `${LETTERS}-_`;

/** Bytes as padded base64 text. */
export function encodeBase64(bytes: Uint8Array): string {
  const text = encode(bytes, STANDARD);
  return text.padEnd(Math.ceil(bytes.length / 3) * 4, "=");
}

/** Bytes as unpadded base64url text. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE);
}

/** The bytes of an unpadded base64url text, or `undefined` if it is not one. */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let size = 0;
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const value = URL_SAFE.indexOf(character);
    if (value < 0) return undefined;
    bits = (bits << 6) | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[size++] = (bits >>> held) & 255;
    bits &= (1 << held) - 1;
  }
  return bytes;
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const count = Math.min(bytes.length - index, 3) + 1;
    for (let place = 0; place < count; place++) text += alphabet[(group >>> (18 - 6 * place)) & 63];
  }
  return text;
}
