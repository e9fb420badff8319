// From stored objects to the JSON a client asked for: plain, metadata only, or as a Table row.
import type { ApiObject } from "@coracle/api";
import { badRequestStatus, formatApiVersion, INITIAL_EVENTS_END_ANNOTATION, StatusError } from "@coracle/kube";
import type { ResourceDefinition } from "@coracle/api";
import type { Query } from "../request/query.ts";
import type { TransformTarget } from "../request/negotiation.ts";
import { decodeStored, type StoredObject } from "../watch/stored-object.ts";
import type { WatchRenderer } from "../watch/watcher.ts";
import { partialMetadata } from "./partial-metadata.ts";
import { type IncludeObject, tableText } from "./table.ts";

const encoder = new TextEncoder();

/** What a bookmark's object carries. */
export function bookmarkObject(definition: ResourceDefinition, revision: number, initialEventsEnd: boolean): ApiObject {
  return {
    kind: definition.kind,
    apiVersion: formatApiVersion(definition),
    metadata: {
      resourceVersion: String(revision),
      ...(initialEventsEnd ? { annotations: { [INITIAL_EVENTS_END_ANNOTATION]: "true" } } : {}),
    },
  };
}

/** Objects as they are. */
export function jsonRenderer(definition: ResourceDefinition): WatchRenderer {
  const renderer: WatchRenderer = {
    id: "json",
    render: (object) => object.json,
    renderBookmark: (revision, end) => encoder.encode(JSON.stringify(bookmarkObject(definition, revision, end))),
    get follower() {
      return renderer;
    },
  };
  return renderer;
}

/** Metadata only. */
export function partialRenderer(definition: ResourceDefinition, version: "v1" | "v1beta1"): WatchRenderer {
  const encode = (object: ApiObject): Uint8Array => encoder.encode(JSON.stringify(partialMetadata(object, version)));
  const renderer: WatchRenderer = {
    id: `partial ${version}`,
    render: (object) => encode(decodeStored(object)),
    renderBookmark: (revision, end) => encode(bookmarkObject(definition, revision, end)),
    get follower() {
      return renderer;
    },
  };
  return renderer;
}

/** What every Table of a request has in common. */
export interface TableForm {
  readonly definition: ResourceDefinition;
  readonly version: "v1" | "v1beta1";
  readonly includeObject: IncludeObject;
  /** Wall clock for ages, milliseconds. */
  wallMs(): number;
}

/** One-row Tables. Column definitions stand in the first one only. */
export function tableRenderer(form: TableForm): WatchRenderer {
  const make = (headers: boolean): WatchRenderer => {
    const encode = (object: ApiObject, includeObject: IncludeObject): Uint8Array => {
      const metadata = { resourceVersion: object.metadata.resourceVersion ?? "" };
      const { definition, version } = form;
      const table = { definition, version, includeObject, nowMs: form.wallMs(), headers, metadata };
      return encoder.encode(tableText(table, [object]));
    };
    const renderer: WatchRenderer = {
      id: `table ${form.version} ${form.includeObject} ${headers ? "headed" : "bare"}`,
      render: (object: StoredObject) => encode(decodeStored(object), form.includeObject),
      renderBookmark: (revision, end) =>
        encode(bookmarkObject(form.definition, revision, end), end ? "Metadata" : form.includeObject),
      get follower() {
        return headers ? bare : renderer;
      },
    };
    return renderer;
  };
  const bare = make(false);
  return make(true);
}

/** Reads `includeObject`; 400 for an unknown word. */
export function parseIncludeObject(query: Query): IncludeObject {
  const word = query.get("includeObject") ?? "";
  switch (word) {
    case "":
    case "Metadata":
      return "Metadata";
    case "None":
      return "None";
    case "Object":
      return "Object";
    default: {
      const why = `includeObject: Invalid value: ${JSON.stringify(word)}: must be 'Metadata', 'Object', 'None', or empty`;
      throw new StatusError(badRequestStatus(`Unable to convert to Table as requested: ${why}`));
    }
  }
}

/** The renderer of a watch or of single objects. */
export function rendererFor(
  definition: ResourceDefinition,
  target: TransformTarget | undefined,
  includeObject: IncludeObject,
  wallMs: () => number,
): WatchRenderer {
  switch (target?.kind) {
    case undefined:
      return jsonRenderer(definition);
    case "Table":
      return tableRenderer({ definition, version: target.version, includeObject, wallMs });
    case "PartialObjectMetadata":
    case "PartialObjectMetadataList":
      return partialRenderer(definition, target.version);
  }
}
