// What the streaming parser is set to, what it answers with, and the limits it keeps.
import type { JsonValue, KubeObject, ListMeta } from "./object.ts";
import type { Projection } from "./projection.ts";
import type { KubeStatus } from "./status.ts";

/** What the bytes are: one list document, or a watch's sequence of `{type, object}`. */
export type JsonStreamMode = "list" | "watch";

/** One element of a list. */
export interface JsonStreamItem {
  readonly kind: "item";
  readonly object: KubeObject;
}

/** The closing brace of a list was seen: it is complete. */
export interface JsonStreamListEnd {
  readonly kind: "list-end";
  /** "PodList", "Table"; "" when the server left it out. */
  readonly listKind: string;
  readonly apiVersion: string;
  readonly metadata: ListMeta;
  /** `columnDefinitions` of a Table. */
  readonly columns?: JsonValue;
}

/** An object was added, changed or deleted. */
export interface JsonStreamChange {
  readonly kind: "change";
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
  /** `columnDefinitions` of a Table; real servers send them with the first event only. */
  readonly columns?: JsonValue;
}

/** A BOOKMARK. */
export interface JsonStreamBookmark {
  readonly kind: "bookmark";
  readonly resourceVersion: string;
  /** It ends the initial events of a streaming list. */
  readonly initialEventsEnd: boolean;
}

/** An ERROR event. */
export interface JsonStreamStatus {
  readonly kind: "status";
  readonly status: KubeStatus;
}

/** Why a stream cannot be parsed further. */
export type JsonStreamErrorCode =
  /** Not JSON, or not a list or watch event. */
  | "MALFORMED"
  /** It ended inside a document. */
  | "TRUNCATED"
  /** Something follows a complete list. */
  | "TRAILING_DATA"
  /** One object, or a list's head, is over `objectBytesMax`. */
  | "OBJECT_TOO_LARGE"
  /** Brackets nest deeper than `depthMax`. */
  | "TOO_DEEP"
  /** A wanted string or a key is over `stringBytesMax`. */
  | "STRING_TOO_LONG"
  /** A wanted value that is not complete yet is over `pendingBytesMax`. */
  | "PENDING_TOO_LARGE"
  /** Protobuf alone: a wanted message has a field or value that only JSON can tell. */
  | "UNKNOWN_FIELD";

/** The stream cannot be parsed further; the parser repeats this answer. */
export interface JsonStreamError {
  readonly kind: "error";
  readonly code: JsonStreamErrorCode;
  /** Names the position in the stream, never its content. */
  readonly message: string;
}

/** Everything the parser answers with. */
export type JsonStreamOutput =
  JsonStreamItem | JsonStreamListEnd | JsonStreamChange | JsonStreamBookmark | JsonStreamStatus | JsonStreamError;

/** Hard limits; breaking one ends the stream with the error of its name. */
export interface JsonStreamLimits {
  /** Size of one object on the wire, in bytes. */
  readonly objectBytesMax: number;
  /** Nesting of brackets, the document's own included. */
  readonly depthMax: number;
  /** Size of one wanted string or of a key beside wanted ones, in bytes on the wire. */
  readonly stringBytesMax: number;
  /** Bytes held of a wanted value that goes over a chunk's end. */
  readonly pendingBytesMax: number;
}

/** 16 MiB is what a Go client decodes at most; etcd holds 1.5 MB. */
export const JSON_STREAM_LIMITS: JsonStreamLimits = {
  objectBytesMax: 16_777_216,
  depthMax: 512,
  stringBytesMax: 4_194_304,
  pendingBytesMax: 16_777_216,
};

/** Settings of a `JsonStreamParser`. */
export interface JsonStreamOptions {
  readonly mode: JsonStreamMode;
  /** Default: everything but `metadata.managedFields`. */
  readonly projection?: Projection;
  /** The documents are Tables: rows take the place of items, and cells join their objects. */
  readonly table?: boolean;
  readonly limits?: Partial<JsonStreamLimits>;
}
