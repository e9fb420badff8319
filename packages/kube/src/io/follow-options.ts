// How to follow a collection.
import type { JsonStreamLimits, ListWatchTimes, Projection } from "../mod.ts";
import type { CursorStore } from "./cursor-store.ts";
import type { ObjectForm } from "./media-type.ts";
import type { TableColumn } from "./table.ts";

/** Every member is optional: by default all objects of all namespaces, whole but without managedFields, for ever. */
export interface FollowOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Server-side shard (KEP-5866), where the server knows it. */
  readonly shardSelector?: string | undefined;
  /** Whole objects, metadata only, or the server's own columns. Default "object". */
  readonly form?: ObjectForm | undefined;
  /** Which fields are built at all while parsing; see `compileProjection`. */
  readonly projection?: Projection | undefined;
  /** Told the columns when a Table brings them. */
  readonly onColumns?: ((columns: readonly TableColumn[]) => void) | undefined;
  /** Aborting ends the stream, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Where the place is kept between runs. The stream resumes after the last event the consumer came back from. */
  readonly cursor?: CursorStore | undefined;
  /** Least time between two saves of the cursor. Default 5000. */
  readonly cursorIntervalMs?: number | undefined;
  /**
   * Remember key, uid and version of every object: relists are told as changes, and nothing twice. Some 200 bytes an object.
   * Default false.
   */
  readonly trackKeys?: boolean | undefined;
  readonly trackedKeysMax?: number | undefined;
  /**
   * Ask for protobuf where the kind has it: less work for the server and fewer bytes, the same events. False asks for JSON alone.
   * Default true.
   */
  readonly protobuf?: boolean | undefined;
  /** False never asks for a streaming list. Default true, except for Tables. */
  readonly streamingList?: boolean | undefined;
  /** Objects a list page; 0 never pages. Default 500. */
  readonly pageSize?: number | undefined;
  /** End with an error after failing for this long. Default: never. */
  readonly giveUpAfterMs?: number | undefined;
  readonly times?: Partial<ListWatchTimes> | undefined;
  /** Hard bounds of one object; together with the HTTP window they bound the memory of a stream. */
  readonly limits?: Partial<JsonStreamLimits> | undefined;
}
