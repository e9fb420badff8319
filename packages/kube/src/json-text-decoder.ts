// From the bytes of one JSON value to the value: flat strings that keep no chunk alive, and native parsing of subtrees.
import type { JsonValue } from "./object.ts";

/** Bytes that are not JSON although they looked like it. */
export const INVALID_JSON: unique symbol = Symbol("invalid JSON");

/** Longest string that is copied to its own buffer and remembered. */
const SHORT_SIZE_MAX = 64;
/** Number of remembered strings; a power of two. */
const REMEMBERED = 512;

/**
 * Decodes values of one stream. Short strings that come again (namespaces, node names, phases) are remembered in a small
 * table, so that a hundred thousand objects share one copy. Invalid UTF-8 becomes U+FFFD, as in Go and in browsers.
 */
export class JsonTextDecoder {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #buffers: readonly Uint8Array[] = Array.from(
    { length: SHORT_SIZE_MAX + 1 },
    (_, size) => new Uint8Array(size),
  );
  readonly #remembered: (string | undefined)[] = Array.from<string | undefined>({
    length: REMEMBERED,
  });

  /** The value whose bytes are `bytes[start, end)`, which a scan has delimited. */
  value(bytes: Uint8Array, start: number, end: number): JsonValue | typeof INVALID_JSON {
    switch (bytes[start]) {
      case 0x22:
        return this.string(bytes, start + 1, end - 1);
      case 0x74:
        if (end - start === 4 && matches(bytes, start, TRUE)) return true;
        return INVALID_JSON;
      case 0x66:
        if (end - start === 5 && matches(bytes, start, FALSE)) return false;
        return INVALID_JSON;
      case 0x6e:
        if (end - start === 4 && matches(bytes, start, NULL)) return null;
        return INVALID_JSON;
      default:
        return parseJson(this.#decoder.decode(bytes.subarray(start, end)));
    }
  }

  /** The string whose inside, without quotes, is `bytes[start, end)`. */
  string(bytes: Uint8Array, start: number, end: number): string | typeof INVALID_JSON {
    const size = end - start;
    if (size <= SHORT_SIZE_MAX) {
      const short = this.#short(bytes, start, size);
      if (short !== undefined) return short;
    }
    const text = this.#decoder.decode(bytes.subarray(start - 1, end + 1));
    const value = parseJson(text);
    return typeof value === "string" ? value : INVALID_JSON;
  }

  /** The string whose UTF-8 is `bytes[start, end)`, without quotes or escapes. */
  text(bytes: Uint8Array, start: number, end: number): string {
    const size = end - start;
    const short = size <= SHORT_SIZE_MAX ? this.#short(bytes, start, size) : undefined;
    return short ?? this.#decoder.decode(bytes.subarray(start, end));
  }

  /** Printable ASCII without escapes, the usual case; anything else is `undefined`. */
  #short(bytes: Uint8Array, start: number, size: number): string | undefined {
    const buffer = this.#buffers[size];
    if (buffer === undefined) return undefined;
    let hash = size;
    for (let index = 0; index < size; index++) {
      const byte = bytes[start + index] ?? 0;
      if (byte < 0x20 || byte > 0x7e || byte === 0x5c) return undefined;
      buffer[index] = byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    const slot = (hash ^ (hash >>> 15)) & (REMEMBERED - 1);
    const known = this.#remembered[slot];
    if (known !== undefined && known.length === size && equals(known, buffer)) return known;
    const text = this.#decoder.decode(buffer);
    this.#remembered[slot] = text;
    return text;
  }
}

const TRUE = "true";
const FALSE = "false";
const NULL = "null";

function matches(bytes: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
}

function equals(text: string, bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) if (text.charCodeAt(index) !== bytes[index]) return false;
  return true;
}

function parseJson(text: string): JsonValue | typeof INVALID_JSON {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return INVALID_JSON;
  }
}
