// Lists and watches parsed while their bytes arrive, building only the projected fields (kube-API JSON; RFC 8259).
import { assert } from "@coracle/base";
import { DocumentShape, type DocumentProblem, EVENT_OBJECT_NODE } from "./json-document.ts";
import { openFrame, PARSE_STATE, type ParseFrame, type ParseState } from "./json-stream-frame.ts";
import {
  JSON_STREAM_LIMITS,
  type JsonStreamError,
  type JsonStreamErrorCode,
  type JsonStreamLimits,
  type JsonStreamMode,
  type JsonStreamOptions,
  type JsonStreamOutput,
} from "./json-stream-output.ts";
import { INVALID_JSON, JsonTextDecoder } from "./json-text-decoder.ts";
import { JsonValueScanner, type ScanError } from "./json-value-scanner.ts";
import { KeptBytes } from "./kept-bytes.ts";
import type { JsonValue } from "./object.ts";
import {
  DROP_NODE,
  findMember,
  FULL_PROJECTION,
  type ProjectionMember,
  type ProjectionNode,
  setMember,
} from "./projection.ts";

const EMPTY = new Uint8Array(0);
const EMPTY_VIEW = new DataView(new ArrayBuffer(0));
const NOTHING: unique symbol = Symbol("nothing built");

/**
 * Pulls objects out of a list or watch. Give it a chunk with `push`, then call `next` until it answers `undefined`;
 * call `end` when the body is over. A chunk may stop anywhere and is not kept once `next` has answered `undefined`.
 *
 * Memory is bounded by the limits: unwanted values are skipped in place, wanted ones are built from the chunk itself,
 * or from a copy when they go over its end. Bytes of unwanted values are checked for paired brackets and closed strings
 * only. Malformed input is an answer of kind "error", never an exception, and the same answer is repeated from then on.
 */
export class JsonStreamParser {
  readonly #mode: JsonStreamMode;
  readonly #limits: JsonStreamLimits;
  readonly #shape: DocumentShape;
  readonly #scanner: JsonValueScanner;
  readonly #decoder = new JsonTextDecoder();
  readonly #kept: KeptBytes;
  readonly #frames: ParseFrame[] = [];
  #top: ParseFrame | undefined;
  #state: ParseState = PARSE_STATE.document;
  /** What the bytes of the scan at hand are for. */
  #purpose: "drop" | "value" | "key" = "drop";
  #objectFirst = false;
  #bytes: Uint8Array = EMPTY;
  #view: DataView = EMPTY_VIEW;
  #at = 0;
  /** Position in the stream of `#bytes[0]`. */
  #offset = 0;
  /** Position in the stream where the current object began. */
  #unitStart = 0;
  /** Where in `#bytes` the kept value's part begins. */
  #keepFrom = 0;
  #output: JsonStreamOutput | undefined;
  #error: JsonStreamError | undefined;

  constructor(options: JsonStreamOptions) {
    this.#mode = options.mode;
    this.#limits = { ...JSON_STREAM_LIMITS, ...options.limits };
    this.#shape = new DocumentShape(options.mode, options.projection ?? FULL_PROJECTION, options.table ?? false);
    this.#scanner = new JsonValueScanner(this.#limits.depthMax);
    this.#kept = new KeptBytes(this.#limits.pendingBytesMax);
  }

  /** How many bytes of the stream have been parsed. */
  get offset(): number {
    return this.#offset + this.#at;
  }

  /** Gives the next bytes. The previous ones must have been drained with `next`; these must not change until then. */
  push(chunk: Uint8Array): void {
    assert(
      this.#at === this.#bytes.length || this.#error !== undefined,
      `Cannot take a chunk as the last one is not drained: current value is ${this.#bytes.length - this.#at} bytes left`,
    );
    this.#letGo();
    // Subclasses of Uint8Array would make the hot loops work on two types.
    const { buffer, byteOffset, byteLength } = chunk;
    this.#bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.#view = new DataView(buffer, byteOffset, byteLength);
  }

  /** The next object or event, or `undefined` when more bytes are needed. */
  next(): JsonStreamOutput | undefined {
    if (this.#error !== undefined) return this.#error;
    const size = this.#bytes.length;
    while (this.#at < size) {
      this.#step();
      if (this.#error !== undefined) return this.#error;
      if (this.#output !== undefined) {
        const output = this.#output;
        this.#output = undefined;
        return output;
      }
    }
    if (size > 0) this.#letGo();
    return this.#error;
  }

  /** The body is over: an error if a document is not, else `undefined`. */
  end(): JsonStreamError | undefined {
    if (this.#error !== undefined) return this.#error;
    const complete =
      this.#mode === "list" ? this.#state === PARSE_STATE.finished : this.#state === PARSE_STATE.document;
    if (!complete) this.#fail("TRUNCATED", "the stream ended inside a document");
    return this.#error;
  }

  /** Drops the drained chunk and counts it against the current object. */
  #letGo(): void {
    this.#offset += this.#bytes.length;
    [this.#bytes, this.#view, this.#at] = [EMPTY, EMPTY_VIEW, 0];
    if (this.#state !== PARSE_STATE.document && this.#state !== PARSE_STATE.finished) this.#checkUnit();
  }

  /** Reads one token, or one whole value that is kept or dropped. */
  #step(): void {
    if (this.#state === PARSE_STATE.scan) {
      this.#keepFrom = 0;
      this.#scanned(this.#scanner.resume(this.#bytes, this.#view));
      return;
    }
    const byte = this.#bytes[this.#at] ?? 0;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#at++;
      return;
    }
    switch (this.#state) {
      case PARSE_STATE.member:
        return this.#member(byte);
      case PARSE_STATE.memberOrEnd:
        return byte === 0x7d ? this.#close(byte) : this.#member(byte);
      case PARSE_STATE.colon:
        return this.#colon(byte);
      case PARSE_STATE.value:
        return this.#value(byte);
      case PARSE_STATE.elementOrEnd:
        return byte === 0x5d ? this.#close(byte) : this.#value(byte);
      case PARSE_STATE.separator:
        return this.#separator(byte);
      case PARSE_STATE.document:
        return this.#document(byte);
      case PARSE_STATE.finished:
        return this.#fail("TRAILING_DATA", "data follows the end of the list");
    }
  }

  #document(byte: number): void {
    if (byte !== 0x7b) return this.#fail("MALFORMED", "a document is not an object");
    this.#scanner.reset();
    this.#objectFirst = false;
    this.#unitStart = this.offset;
    this.#open(this.#shape.root, byte);
  }

  #separator(byte: number): void {
    const inArray = this.#top?.array !== undefined;
    if (byte === 0x2c) {
      this.#at++;
      this.#state = inArray ? PARSE_STATE.value : PARSE_STATE.member;
    } else if (byte === (inArray ? 0x5d : 0x7d)) this.#close(byte);
    else this.#fail("MALFORMED", "a comma or a closing bracket is missing");
  }

  /**
   * A key and, in compact documents, its value. Unwanted members that lie whole in the chunk, the bulk of most objects,
   * are stepped over in one go. Keys with escapes or over the chunk's end go through the scanner.
   */
  #member(byte: number): void {
    const frame = this.#top;
    if (byte !== 0x22 || frame === undefined) return this.#fail("MALFORMED", "a member has no name");
    const { node } = frame;
    const bytes = this.#bytes;
    const size = bytes.length;
    while (true) {
      const start = this.#at + 1;
      let end = start;
      while (end < size && bytes[end] !== 0x22 && bytes[end] !== 0x5c) end++;
      if (bytes[end] !== 0x22) return this.#scan("key");
      if (end - start > this.#limits.stringBytesMax) return this.#fail("STRING_TOO_LONG", "a key is too long");
      const member = findMember(node, bytes, start, end);
      const unwanted = member === undefined ? node.anyMember === undefined : member.node.action === "drop";
      const next = unwanted && bytes[end + 1] === 0x3a ? this.#scanner.skip(bytes, this.#view, end + 2) : -1;
      if (next < 0) return this.#enter(frame, member, start, end);
      if (bytes[next] !== 0x2c || bytes[next + 1] !== 0x22 || this.#scanner.error !== undefined) {
        frame.child = DROP_NODE;
        this.#purpose = "drop";
        return this.#scanned(next);
      }
      this.#at = next + 1;
    }
  }

  /** Goes on with the member whose key is `bytes[start, end)`, without escapes. */
  #enter(frame: ParseFrame, member: ProjectionMember | undefined, start: number, end: number): void {
    const bytes = this.#bytes;
    this.#at = end + 1;
    this.#state = PARSE_STATE.colon;
    if (member !== undefined) {
      frame.key = member.name;
      frame.child = this.#childNode(member.node, frame);
    } else {
      frame.child = frame.node.anyMember ?? DROP_NODE;
      if (frame.child !== DROP_NODE) {
        const key = this.#decoder.string(bytes, start, end);
        if (key === INVALID_JSON) return this.#fail("MALFORMED", "a key is not a string");
        frame.key = key;
      }
    }
    const first = bytes[end + 2];
    if (bytes[end + 1] !== 0x3a || first === undefined || first <= 0x20) return;
    this.#at = end + 2;
    this.#value(first);
  }

  #colon(byte: number): void {
    if (byte !== 0x3a) return this.#fail("MALFORMED", "a member has no colon");
    this.#at++;
    this.#state = PARSE_STATE.value;
  }

  /** Notes a key that had escapes or came in pieces. */
  #namedText(key: string): void {
    const frame = this.#top;
    if (frame === undefined) return;
    this.#state = PARSE_STATE.colon;
    frame.key = key;
    const member = frame.node.members.find(({ name }) => name === key);
    frame.child = member === undefined ? (frame.node.anyMember ?? DROP_NODE) : this.#childNode(member.node, frame);
  }

  #childNode(node: ProjectionNode, frame: ParseFrame): ProjectionNode {
    if (node !== EVENT_OBJECT_NODE) return node;
    const type = frame.object["type"];
    this.#objectFirst = type === undefined;
    return this.#shape.eventObjectNode(type);
  }

  #value(byte: number): void {
    const frame = this.#top;
    if (frame === undefined) return;
    let node = frame.child;
    if (frame.array !== undefined) {
      node = frame.node.element ?? DROP_NODE;
      if (frame.node === this.#shape.items) this.#beginUnit();
    }
    if (node.action === "keep") return this.#scan("value");
    if (node.action === "descend") {
      const walks =
        byte === 0x7b
          ? node.members.length > 0 || node.anyMember !== undefined
          : byte === 0x5b && node.element !== undefined;
      if (walks) return this.#open(node, byte);
    }
    this.#scan("drop");
  }

  #open(node: ProjectionNode, bracket: number): void {
    if (!this.#scanner.open(bracket)) return this.#scanFailed("TOO_DEEP");
    const frame = openFrame(node, bracket);
    this.#frames.push(frame);
    this.#top = frame;
    this.#at++;
    this.#state = bracket === 0x5b ? PARSE_STATE.elementOrEnd : PARSE_STATE.memberOrEnd;
  }

  #close(bracket: number): void {
    const frame = this.#frames.pop();
    if (frame === undefined || !this.#scanner.close(bracket)) return this.#scanFailed("MISMATCHED_BRACKET");
    this.#at++;
    this.#top = this.#frames.at(-1);
    if (this.#top === undefined) return this.#documentDone(frame.object);
    if (frame.node === this.#shape.items) {
      this.#beginUnit();
      this.#built(NOTHING);
    } else this.#built(frame.array ?? frame.object);
  }

  #documentDone(value: Record<string, JsonValue>): void {
    this.#checkUnit();
    if (this.#error !== undefined) return;
    this.#state = this.#mode === "list" ? PARSE_STATE.finished : PARSE_STATE.document;
    this.#answer(this.#shape.document(value, this.#objectFirst));
  }

  /** Scans the value or key at hand, for as long as the chunk lasts. */
  #scan(purpose: "drop" | "value" | "key"): void {
    this.#purpose = purpose;
    this.#keepFrom = this.#at;
    this.#scanned(this.#scanner.begin(this.#bytes, this.#view, this.#at));
  }

  #scanned(end: number): void {
    this.#at = end;
    if (this.#scanner.error !== undefined) return this.#scanFailed(this.#scanner.error);
    const done = this.#scanner.done;
    this.#state = done ? PARSE_STATE.separator : PARSE_STATE.scan;
    if (this.#purpose === "drop") {
      if (done) this.#built(NOTHING);
      return;
    }
    const kept = this.#kept;
    if (done && kept.size === 0) return this.#scannedWhole(this.#bytes, this.#keepFrom, end);
    if (!kept.append(this.#bytes, this.#keepFrom, end))
      return this.#fail("PENDING_TOO_LARGE", "a wanted value is too large");
    if (done) {
      this.#scannedWhole(kept.bytes, 0, kept.size);
      kept.clear();
    } else if (this.#stringTooLong(kept.bytes, 0, kept.size))
      this.#fail("STRING_TOO_LONG", "a wanted string is too long");
  }

  #scannedWhole(bytes: Uint8Array, start: number, end: number): void {
    if (this.#stringTooLong(bytes, start, end)) return this.#fail("STRING_TOO_LONG", "a wanted string is too long");
    const value = this.#decoder.value(bytes, start, end);
    if (value === INVALID_JSON) this.#fail("MALFORMED", "a value is not JSON");
    else if (this.#purpose === "value") this.#built(value);
    else if (typeof value === "string") this.#namedText(value);
  }

  #stringTooLong(bytes: Uint8Array, start: number, end: number): boolean {
    return end - start - 2 > this.#limits.stringBytesMax && bytes[start] === 0x22;
  }

  /** Puts a finished value where it belongs. */
  #built(value: JsonValue | typeof NOTHING): void {
    const frame = this.#top;
    this.#state = PARSE_STATE.separator;
    if (frame === undefined) return;
    if (frame.node === this.#shape.items) {
      this.#checkUnit();
      if (value === NOTHING || this.#error !== undefined) return;
      const list = this.#frames[0]?.object ?? {};
      this.#answer(this.#shape.item(value, list));
    } else if (value === NOTHING) {
      // The last of equal keys counts, even when nothing of it is wanted.
      if (frame.array === undefined && frame.child !== DROP_NODE) delete frame.object[frame.key];
    } else if (frame.array !== undefined) frame.array.push(value);
    else setMember(frame.object, frame.key, value);
  }

  #answer(output: JsonStreamOutput | DocumentProblem): void {
    if (output.kind === "problem") this.#fail("MALFORMED", output.message);
    else this.#output = output;
  }

  /** Another object begins here; the list's head counts as one. */
  #beginUnit(): void {
    this.#checkUnit();
    this.#unitStart = this.offset;
  }

  #checkUnit(): void {
    if (this.offset - this.#unitStart > this.#limits.objectBytesMax)
      this.#fail("OBJECT_TOO_LARGE", "an object is too large");
  }

  #scanFailed(error: ScanError): void {
    if (error === "TOO_DEEP") this.#fail("TOO_DEEP", "brackets nest too deep");
    else if (error === "NOT_A_VALUE") this.#fail("MALFORMED", "a value is missing");
    else this.#fail("MALFORMED", "brackets do not pair up");
  }

  #fail(code: JsonStreamErrorCode, what: string): void {
    this.#error ??= {
      kind: "error",
      code,
      message: `Cannot parse the ${this.#mode} as ${what}: current position is byte ${this.offset}`,
    };
  }
}
