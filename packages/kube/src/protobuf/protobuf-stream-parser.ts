// Lists and watches of built-in kinds parsed from protobuf while their bytes arrive, building only the projected fields.
import { assert } from "@coracle/base";
import { DocumentShape, type DocumentProblem } from "../json-document.ts";
import {
  JSON_STREAM_LIMITS,
  type JsonStreamError,
  type JsonStreamErrorCode,
  type JsonStreamLimits,
  type JsonStreamMode,
  type JsonStreamOutput,
} from "../json-stream-output.ts";
import { JsonTextDecoder } from "../json-text-decoder.ts";
import { KeptBytes } from "../kept-bytes.ts";
import type { JsonObject } from "../object.ts";
import { FULL_PROJECTION, KEEP_NODE, type Projection } from "../projection.ts";
import { delimitedFields, MAGIC, parseEnvelope, type Span, textOf, typeOf } from "./envelope.ts";
import { MessageDecoder } from "./message-decoder.ts";
import { type MessagePlan, planMessage } from "./message-plan.ts";
import type { ProtobufKind } from "./protobuf-kind.ts";

/** Settings of a {@link ProtobufStreamParser}. */
export interface ProtobufStreamOptions {
  readonly mode: JsonStreamMode;
  /** What {@link protobufKind} answered for `projection`. */
  readonly kind: ProtobufKind;
  /** Default: everything but `metadata.managedFields`. */
  readonly projection?: Projection;
  readonly limits?: Partial<JsonStreamLimits>;
}

const EMPTY = new Uint8Array(0);
/** Four bytes of size before each event. */
const FRAME_HEAD_BYTES = 4;
/** A field's number and size, as varints. */
const FIELD_HEAD_BYTES_MAX = 10;

/**
 * The protobuf sibling of `JsonStreamParser`: the same calls, the same answers to the same objects, the same limits. Objects are
 * decoded where they lie in a chunk, or from a copy when they go over its end. A list is
 * `k8s\0 Unknown { typeMeta 1, raw 2: List { metadata 1, items 2 … } }`, a watch a sequence of frames
 * `size WatchEvent { type 1, object 2: RawExtension { raw 1: k8s\0 Unknown } }`.
 */
export class ProtobufStreamParser {
  readonly #mode: JsonStreamMode;
  readonly #kind: ProtobufKind;
  readonly #limits: JsonStreamLimits;
  readonly #shape: DocumentShape;
  readonly #kept: KeptBytes;
  readonly #text = new JsonTextDecoder();
  readonly #decoder: MessageDecoder;
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  /** Position in the stream of `#bytes[0]`. */
  #offset = 0;
  /** What comes next. */
  #state: "magic" | "envelope" | "list" | "frame" | "value" = "magic";
  /** What the value at hand is, and how long. */
  #field = 0;
  #size = 0;
  /** Bytes to skip of a value nobody wants. */
  #skipping = 0;
  /** Where the message of the list ends; -1 outside of it. */
  #listEnd = -1;
  #listDone = false;
  #list: { kind: string; apiVersion: string; metadata: JsonObject } = { kind: "", apiVersion: "", metadata: {} };
  #error: JsonStreamError | undefined;

  constructor(options: ProtobufStreamOptions) {
    this.#mode = options.mode;
    this.#kind = options.kind;
    this.#limits = { ...JSON_STREAM_LIMITS, ...options.limits };
    this.#shape = new DocumentShape(options.mode, options.projection ?? FULL_PROJECTION, false);
    this.#kept = new KeptBytes(this.#limits.pendingBytesMax);
    this.#decoder = new MessageDecoder(this.#limits, this.#text);
    if (options.mode === "watch") this.#state = "frame";
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
    this.#offset += this.#bytes.length;
    this.#bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#at = 0;
  }

  /** The next object or event, or `undefined` when more bytes are needed. */
  next(): JsonStreamOutput | undefined {
    while (this.#error === undefined) {
      if (this.#listEnd >= 0 && !this.#listDone && this.#state === "list" && this.offset === this.#listEnd)
        return this.#finishList();
      const isEmptyValue = this.#state === "value" && this.#size === 0;
      if (this.#at === this.#bytes.length && !isEmptyValue) break;
      const output = this.#step();
      if (output?.kind === "problem") this.#fail("MALFORMED", output.message);
      else if (output !== undefined && this.#error === undefined) return output;
    }
    if (this.#error === undefined) {
      this.#offset += this.#bytes.length;
      [this.#bytes, this.#at] = [EMPTY, 0];
    }
    return this.#error;
  }

  /** The body is over: an error if a document is not, else `undefined`. */
  end(): JsonStreamError | undefined {
    const betweenParts = this.#kept.size === 0 && this.#skipping === 0;
    const isComplete =
      betweenParts && (this.#mode === "list" ? this.#listDone && this.#state === "envelope" : this.#state === "frame");
    if (this.#error === undefined && !isComplete) this.#fail("TRUNCATED", "the stream ended inside a document");
    return this.#error;
  }

  #step(): JsonStreamOutput | DocumentProblem | undefined {
    if (this.#skipping > 0) {
      const size = Math.min(this.#skipping, this.#bytes.length - this.#at);
      this.#at += size;
      this.#skipping -= size;
      return undefined;
    }
    switch (this.#state) {
      case "magic":
        return this.#take(MAGIC.length, (bytes, [start]) => {
          if (MAGIC.some((byte, index) => bytes[start + index] !== byte))
            return { kind: "problem", message: "the body is not Kubernetes' protobuf" };
          this.#state = "envelope";
          return undefined;
        });
      case "frame":
        return this.#take(FRAME_HEAD_BYTES, (bytes, [start]) => {
          const view = new DataView(bytes.buffer, bytes.byteOffset);
          this.#begin("value", 0, view.getUint32(start));
          return undefined;
        });
      case "envelope":
      case "list":
        return this.#fieldHead();
      case "value":
        return this.#take(this.#size, (bytes, span) => this.#value(bytes, span));
    }
  }

  /** Waits for `size` bytes, then hands them to `use`: in the chunk, or as a copy. */
  #take(
    size: number,
    use: (bytes: Uint8Array, span: Span) => JsonStreamOutput | DocumentProblem | undefined,
  ): JsonStreamOutput | DocumentProblem | undefined {
    const kept = this.#kept;
    const end = this.#at + size - kept.size;
    if (kept.size === 0 && end <= this.#bytes.length) {
      const start = this.#at;
      this.#at = end;
      return use(this.#bytes, [start, end]);
    }
    const until = Math.min(end, this.#bytes.length);
    if (!kept.append(this.#bytes, this.#at, until)) {
      this.#fail("PENDING_TOO_LARGE", "an object is too large to be kept");
      return undefined;
    }
    this.#at = until;
    if (kept.size < size) return undefined;
    const output = use(kept.bytes, [0, size]);
    kept.clear();
    return output;
  }

  /** The number and size of a field of the envelope or of the list. */
  #fieldHead(): DocumentProblem | undefined {
    const byte = this.#bytes[this.#at] ?? 0;
    const kept = this.#kept;
    kept.append(this.#bytes, this.#at, this.#at + 1);
    this.#at++;
    const head = parseHead(kept.bytes, kept.size);
    if (head === undefined) {
      if (byte < 0x80 || kept.size < FIELD_HEAD_BYTES_MAX) return undefined;
      return { kind: "problem", message: "a field has no size" };
    }
    kept.clear();
    const [tag, size] = head;
    if ((tag & 7) !== 2 || tag < 8) return { kind: "problem", message: "a field is not what it should be" };
    const number = tag >>> 3;
    if (this.#state === "list") this.#listField(number, size);
    else this.#envelopeField(number, size);
    return undefined;
  }

  #envelopeField(number: number, size: number): void {
    if (this.#listDone) {
      // Encoding and content type, which are empty.
      if (number !== 3 && number !== 4) return this.#fail("TRAILING_DATA", "data follows the end of the list");
      if (size > 0) return this.#fail("UNKNOWN_FIELD", "the list is encoded in an unknown way");
    } else if (number === 2) {
      if (this.#list.kind !== `${this.#kind.kind}List` || this.#list.apiVersion !== this.#kind.apiVersion)
        return this.#fail("UNKNOWN_FIELD", "it is a list of another kind");
      this.#listEnd = this.offset + size;
      this.#state = "list";
    } else if (number === 1) this.#begin("value", 1, size);
    else this.#skipping = size;
  }

  #listField(number: number, size: number): void {
    if (this.offset + size > this.#listEnd) return this.#fail("MALFORMED", "an item is larger than its list");
    if (number === 1 || number === 2) this.#begin("value", number, size);
    else this.#skipping = size;
  }

  #begin(state: "value", field: number, size: number): void {
    if (size > this.#limits.objectBytesMax) return this.#fail("OBJECT_TOO_LARGE", "an object is too large");
    this.#state = state;
    this.#field = field;
    this.#size = size;
  }

  #value(bytes: Uint8Array, span: Span): JsonStreamOutput | DocumentProblem | undefined {
    if (this.#mode === "watch") {
      this.#state = "frame";
      return this.#event(bytes, span);
    }
    if (this.#listEnd < 0) {
      this.#state = "envelope";
      const type = typeOf(bytes, span);
      if (type === undefined) return { kind: "problem", message: "a list has no type" };
      this.#list = { ...type, metadata: {} };
      return undefined;
    }
    this.#state = "list";
    if (this.#field === 1) {
      const plan = planMessage("meta/v1.ListMeta", KEEP_NODE);
      this.#list.metadata = plan === undefined ? {} : (this.#decode(plan, bytes, span) ?? {});
      return undefined;
    }
    const object = this.#decode(this.#kind.object, bytes, span);
    return object === undefined ? undefined : this.#shape.item(object, this.#list);
  }

  #event(bytes: Uint8Array, span: Span): JsonStreamOutput | DocumentProblem | undefined {
    const [, typeSpan, objectSpan] = delimitedFields(bytes, span) ?? [];
    const [, raw] = objectSpan === undefined ? [] : (delimitedFields(bytes, objectSpan) ?? []);
    const envelope = raw === undefined ? undefined : parseEnvelope(bytes, raw);
    if (envelope === undefined) return { kind: "problem", message: "a frame is not a watch event" };
    const type = textOf(bytes, typeSpan);
    const { kind, apiVersion, message } = envelope;
    if (type === "ERROR") {
      const plan = kind === "Status" ? planMessage("meta/v1.Status", KEEP_NODE) : undefined;
      const status = plan === undefined ? {} : this.#decode(plan, bytes, message);
      return status === undefined ? undefined : this.#shape.document({ type, object: status }, false);
    }
    if (kind !== this.#kind.kind || apiVersion !== this.#kind.apiVersion) {
      this.#fail("UNKNOWN_FIELD", "it has an object of another kind");
      return undefined;
    }
    const isBookmark = type === "BOOKMARK";
    const head = {
      ...(this.#kind.keepsKind && !isBookmark ? { kind } : {}),
      ...(this.#kind.keepsApiVersion && !isBookmark ? { apiVersion } : {}),
    };
    const object = this.#decode(isBookmark ? this.#kind.bookmark : this.#kind.object, bytes, message, head);
    return object === undefined ? undefined : this.#shape.document({ type, object }, false);
  }

  #decode(plan: MessagePlan, bytes: Uint8Array, span: Span, head?: Record<string, string>): JsonObject | undefined {
    const object = this.#decoder.decode(plan, bytes, span, head);
    const error = this.#decoder.error;
    if (error === undefined) return object;
    this.#fail(error, WHAT[error]);
    return undefined;
  }

  #finishList(): JsonStreamOutput | undefined {
    this.#listDone = true;
    this.#state = "envelope";
    const { kind, apiVersion, metadata } = this.#list;
    const output = this.#shape.document({ kind, apiVersion, metadata }, false);
    if (output.kind !== "problem") return output;
    this.#fail("MALFORMED", output.message);
    return undefined;
  }

  #fail(code: JsonStreamErrorCode, what: string): void {
    this.#error ??= {
      kind: "error",
      code,
      message: `Cannot parse the ${this.#mode} as ${what}: current position is byte ${this.offset}`,
    };
  }
}

const WHAT = {
  MALFORMED: "a message is not protobuf",
  TOO_DEEP: "messages nest too deep",
  STRING_TOO_LONG: "a wanted string is too long",
  UNKNOWN_FIELD: "a message has a field that only JSON can tell",
} as const;

/** Tag and size at the beginning of `bytes`, once both are whole. */
function parseHead(bytes: Uint8Array, count: number): readonly [number, number] | undefined {
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let scale = 1; at < count && scale <= 0x1000_0000; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  const tag = varint();
  const size = tag === undefined ? undefined : varint();
  return tag === undefined || size === undefined ? undefined : [tag, size];
}
