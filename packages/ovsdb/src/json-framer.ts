// Cuts a byte stream into JSON texts without separators between them, as RFC 7047 §4.1 sends them.
import { err, ok, type Result } from "@coracle/base";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";

/** Why bytes are no message. The connection cannot go on after it. */
export interface FramingError {
  readonly code: "NOT_JSON" | "TOO_LARGE" | "TOO_DEEP";
  readonly message: string;
}

const DEPTH_MAX = 256;
/** One for all messages: making a decoder costs more than using it. */
const decoder = new TextDecoder("utf-8", { fatal: true });
const [BACKSLASH, QUOTE] = [0x5c, 0x22];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Incremental: each byte is looked at once. `push`, then `next` until it answers `undefined`. */
export class JsonFramer {
  readonly #sizeBytesMax: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #scanned = 0;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #failure: FramingError | undefined;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** Bytes that wait for the rest of their message. */
  get pendingSizeBytes(): number {
    return this.#end - this.#start;
  }

  /** Adds what was received; copies it. */
  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    const pending = this.#end - this.#start;
    if (this.#end + chunk.length > this.#bytes.length) {
      const room = Math.max(pending + chunk.length, Math.min(this.#bytes.length * 2, pending * 2 + chunk.length));
      const grown = pending + chunk.length <= this.#bytes.length ? this.#bytes : new Uint8Array(room);
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = grown;
      this.#scanned -= this.#start;
      this.#start = 0;
      this.#end = pending;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next whole message, or `undefined` until more bytes come. */
  next(): Result<JsonObject, FramingError> | undefined {
    if (this.#failure !== undefined) return undefined;
    while (this.#scanned < this.#end) {
      if (this.#inString && !this.#isEscaped) this.#skipText();
      if (this.#scanned >= this.#end) break;
      const byte = this.#bytes[this.#scanned++] ?? 0;
      const problem = this.#look(byte);
      if (problem !== undefined) return this.#fail(problem);
      if (this.#depth === 0 && !this.#inString && (byte === CLOSE_BRACE || byte === CLOSE_BRACKET)) return this.#take();
    }
    if (this.#end - this.#start > this.#sizeBytesMax) return this.#fail(this.#tooLarge());
    return undefined;
  }

  /** Most bytes are text in strings: none of them matters up to the next quote or backslash. */
  #skipText(): void {
    const [bytes, end] = [this.#bytes, this.#end];
    let at = this.#scanned;
    while (at < end && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++;
    this.#scanned = at;
  }

  #look(byte: number): FramingError | undefined {
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return undefined;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      this.#depth++;
      return this.#depth > DEPTH_MAX
        ? { code: "TOO_DEEP", message: `Cannot read a message nested deeper than ${DEPTH_MAX}` }
        : undefined;
    }
    if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      this.#depth--;
      return this.#depth < 0 ? notJson("it closes what was not opened") : undefined;
    }
    if (byte === QUOTE && this.#depth > 0) {
      this.#inString = true;
      return undefined;
    }
    if (this.#depth > 0) return undefined;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)
      return notJson("it does not begin with a brace");
    return undefined;
  }

  #take(): Result<JsonObject, FramingError> {
    const bytes = this.#bytes.subarray(this.#start, this.#scanned);
    this.#start = this.#scanned;
    if (bytes.length > this.#sizeBytesMax) return this.#fail(this.#tooLarge());
    try {
      const value = JSON.parse(decoder.decode(bytes)) as Json;
      return isJsonObject(value) ? ok(value) : this.#fail(notJson("it is no object"));
    } catch {
      return this.#fail(notJson("its syntax is wrong"));
    }
  }

  #tooLarge(): FramingError {
    return { code: "TOO_LARGE", message: `Cannot read a message longer than ${this.#sizeBytesMax} bytes` };
  }

  #fail(error: FramingError): Result<JsonObject, FramingError> {
    this.#failure = error;
    this.#bytes = new Uint8Array(0);
    this.#start = this.#end = this.#scanned = 0;
    return err(error);
  }
}

function notJson(why: string): FramingError {
  return { code: "NOT_JSON", message: `Cannot read a message as JSON: ${why}` };
}
