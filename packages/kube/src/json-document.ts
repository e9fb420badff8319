// The outer shapes of lists, watch events and Tables: which members lead to objects, and what a finished document means.
import { setMember } from "./projection.ts";
import {
  arrayNode,
  DROP_NODE,
  FULL_PROJECTION,
  KEEP_NODE,
  objectNode,
  type Projection,
  type ProjectionNode,
  projectValue,
} from "./projection.ts";
import type { JsonStreamItem, JsonStreamMode, JsonStreamOutput } from "./json-stream-output.ts";
import { INITIAL_EVENTS_END_ANNOTATION, type JsonObject, type JsonValue, type KubeObject } from "./object.ts";
import type { KubeStatus } from "./status.ts";

/** Stands where a watch event's object is; which projection applies depends on the event's type. */
export const EVENT_OBJECT_NODE: ProjectionNode = { ...DROP_NODE, action: "descend" };

const BOOKMARK_NODE: ProjectionNode = objectNode([
  [
    "metadata",
    objectNode([
      ["resourceVersion", KEEP_NODE],
      ["annotations", objectNode([[INITIAL_EVENTS_END_ANNOTATION, KEEP_NODE]])],
    ]),
  ],
  // Table bookmarks carry the annotation on their row's object.
  [
    "rows",
    arrayNode(
      objectNode([
        [
          "object",
          objectNode([
            [
              "metadata",
              objectNode([
                ["resourceVersion", KEEP_NODE],
                ["annotations", objectNode([[INITIAL_EVENTS_END_ANNOTATION, KEEP_NODE]])],
              ]),
            ],
          ]),
        ],
      ]),
    ),
  ],
]);

/** A document that is JSON but not what it should be; the text says why. */
export interface DocumentProblem {
  readonly kind: "problem";
  readonly message: string;
}

/** The outer shape one stream has. */
export class DocumentShape {
  /** Where the walk begins. */
  readonly root: ProjectionNode;
  /** The array whose elements are given out one by one instead of being collected. */
  readonly items: ProjectionNode | undefined;
  readonly #mode: JsonStreamMode;
  readonly #table: boolean;
  readonly #object: ProjectionNode;
  readonly #fillKind: boolean;

  constructor(mode: JsonStreamMode, projection: Projection, table: boolean) {
    this.#mode = mode;
    this.#table = table;
    const item = projection.root;
    this.#fillKind = keeps(item, "kind");
    const row = objectNode([
      ["cells", KEEP_NODE],
      ["object", item],
    ]);
    if (mode === "watch") {
      this.#object = table
        ? objectNode([
            ["columnDefinitions", KEEP_NODE],
            ["rows", arrayNode(row)],
          ])
        : item;
      this.items = undefined;
      this.root = objectNode([
        ["type", KEEP_NODE],
        ["object", EVENT_OBJECT_NODE],
      ]);
      return;
    }
    this.#object = item;
    this.items = arrayNode(table ? row : item);
    this.root = objectNode([
      ["kind", KEEP_NODE],
      ["apiVersion", KEEP_NODE],
      ["metadata", KEEP_NODE],
      ["columnDefinitions", table ? KEEP_NODE : DROP_NODE],
      [table ? "rows" : "items", this.items],
    ]);
  }

  /** How to build the object of an event; `type` may not have come yet, then everything is kept and projected later. */
  eventObjectNode(type: JsonValue | undefined): ProjectionNode {
    switch (type) {
      case undefined:
        return KEEP_NODE;
      case "ERROR":
        return FULL_PROJECTION.root;
      case "BOOKMARK":
        return BOOKMARK_NODE;
      default:
        return this.#object;
    }
  }

  /** One element of a list, with the kind that typed lists leave out. */
  item(value: JsonValue, list: JsonObject): JsonStreamItem | DocumentProblem {
    const row = this.#table && isObject(value) ? rowObject(value) : value;
    if (!isKubeObject(row)) return problem("an item has no metadata");
    return { kind: "item", object: this.#withKind(row, list) };
  }

  /** A whole document. `objectFirst` says that the object came before the type and is not projected yet. */
  document(value: JsonObject, objectFirst: boolean): JsonStreamOutput | DocumentProblem {
    return this.#mode === "list" ? this.#listEnd(value) : this.#event(value, objectFirst);
  }

  #listEnd(value: JsonObject): JsonStreamOutput | DocumentProblem {
    const metadata = value["metadata"];
    const columns = value["columnDefinitions"];
    if (metadata !== undefined && metadata !== null && !isObject(metadata))
      return problem("a list's metadata is not an object");
    return {
      kind: "list-end",
      listKind: text(value["kind"]),
      apiVersion: text(value["apiVersion"]),
      metadata: {
        ...metadata,
        resourceVersion: text(metadata?.["resourceVersion"]),
        continue: text(metadata?.["continue"]),
      },
      ...(columns === undefined ? {} : { columns }),
    };
  }

  #event(value: JsonObject, objectFirst: boolean): JsonStreamOutput | DocumentProblem {
    const type = value["type"];
    let object = value["object"];
    if (objectFirst && object !== undefined) object = projectValue(this.eventObjectNode(type ?? ""), object);
    if (!isObject(object)) return problem("a watch event has no object");
    switch (type) {
      case "ADDED":
      case "MODIFIED":
      case "DELETED":
        return this.#change(type, object);
      case "BOOKMARK":
        return bookmark(object);
      case "ERROR":
        return { kind: "status", status: toStatus(object) };
      default:
        return problem("a watch event has an unknown type");
    }
  }

  #change(type: "ADDED" | "MODIFIED" | "DELETED", object: JsonObject): JsonStreamOutput | DocumentProblem {
    if (!this.#table) {
      return isKubeObject(object)
        ? { kind: "change", type, object }
        : problem("a watch event's object has no metadata");
    }
    const rows = object["rows"];
    const row = isArray(rows) ? rows[0] : undefined;
    const inner = isObject(row) ? rowObject(row) : undefined;
    if (!isKubeObject(inner)) return problem("a Table event's row has no metadata");
    const columns = object["columnDefinitions"];
    const known = isArray(columns) && columns.length > 0;
    return { kind: "change", type, object: inner, ...(known ? { columns } : {}) };
  }

  #withKind(object: KubeObject, list: JsonObject): KubeObject {
    const listKind = list["kind"];
    const known =
      this.#fillKind &&
      !this.#table &&
      object.kind === undefined &&
      typeof listKind === "string" &&
      listKind.endsWith("List");
    if (!known) return object;
    return {
      kind: listKind.slice(0, -4),
      apiVersion: text(list["apiVersion"]),
      ...object,
    };
  }
}

/** A row's object with its cells beside its own members. */
function rowObject(row: JsonObject): JsonValue | undefined {
  const object = row["object"];
  const cells = row["cells"];
  if (!isObject(object) || cells === undefined) return object;
  const result: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(object)) if (value !== undefined) setMember(result, name, value);
  result["cells"] = cells;
  return result;
}

function bookmark(object: JsonObject): JsonStreamOutput | DocumentProblem {
  const rows = object["rows"];
  const row = isArray(rows) && isObject(rows[0]) ? rows[0]["object"] : undefined;
  const inner = isObject(row) ? row["metadata"] : undefined;
  const outer = object["metadata"];
  const versions = [outer, inner].map((metadata) => (isObject(metadata) ? text(metadata["resourceVersion"]) : ""));
  const resourceVersion = versions.find((version) => version !== "");
  if (resourceVersion === undefined) return problem("a bookmark has no resource version");
  const initialEventsEnd = [outer, inner].some((metadata) => {
    const annotations = isObject(metadata) ? metadata["annotations"] : undefined;
    return isObject(annotations) && annotations[INITIAL_EVENTS_END_ANNOTATION] === "true";
  });
  return { kind: "bookmark", resourceVersion, initialEventsEnd };
}

/** Takes what a server sent as a Status; members of a wrong type are left out. */
export function toStatus(object: JsonObject): KubeStatus {
  const { status, message, reason, details, code, metadata } = object as Record<string, JsonValue | undefined>;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: isObject(metadata) ? metadata : {},
    status: status === "Success" ? "Success" : "Failure",
    ...(typeof message === "string" ? { message } : {}),
    ...(typeof reason === "string" ? { reason } : {}),
    ...(isObject(details) ? { details: toDetails(details) } : {}),
    ...(typeof code === "number" ? { code } : {}),
  };
}

function toDetails(details: JsonObject): NonNullable<KubeStatus["details"]> {
  const { causes, retryAfterSeconds } = details as Record<string, JsonValue | undefined>;
  return {
    ...strings(details, ["name", "group", "kind", "uid"]),
    ...(isArray(causes)
      ? {
          causes: causes.filter(isObject).map((cause) => strings(cause, ["reason", "message", "field"])),
        }
      : {}),
    ...(typeof retryAfterSeconds === "number" ? { retryAfterSeconds } : {}),
  };
}

function strings(object: JsonObject, names: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name of names) {
    const value = object[name];
    if (typeof value === "string") result[name] = value;
  }
  return result;
}

function keeps(node: ProjectionNode, name: string): boolean {
  const member = node.members.find((candidate) => candidate.name === name);
  return (member?.node ?? node.anyMember ?? node).action === "keep";
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isArray(value);
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A projected object always has the metadata its source had, so this is all that can be asked of it. */
function isKubeObject(value: JsonValue | undefined): value is JsonObject & KubeObject {
  return isObject(value) && isObject(value["metadata"]);
}

function problem(message: string): DocumentProblem {
  return { kind: "problem", message };
}
