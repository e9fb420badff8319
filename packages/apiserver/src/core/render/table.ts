// Table (meta/v1 and meta/v1beta1): the columns of kubectl get, computed by the server.
import type { ApiObject, ResourceDefinition } from "@coracle/api";
import { partialMetadata } from "./partial-metadata.ts";

/** What of each object a row carries along. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** Everything about a Table but its rows. */
export interface TableHead {
  readonly definition: ResourceDefinition;
  readonly version: "v1" | "v1beta1";
  readonly includeObject: IncludeObject;
  /** Wall clock for ages, milliseconds. */
  readonly nowMs: number;
  /** False leaves the column definitions out. */
  readonly headers: boolean;
  readonly metadata: { readonly [field: string]: unknown };
}

/** A whole Table as JSON text, without a final line feed. */
export function tableText(head: TableHead, objects: readonly ApiObject[]): string {
  return `${tableOpening(head)}${objects.map((object) => rowText(head, object)).join(",")}]}`;
}

/** Everything up to the first row. */
export function tableOpening(head: TableHead): string {
  const columns = head.headers ? JSON.stringify(head.definition.columns.map(columnDefinition)) : "null";
  const type = `"kind":"Table","apiVersion":"meta.k8s.io/${head.version}"`;
  return `{${type},"metadata":${JSON.stringify(head.metadata)},"columnDefinitions":${columns},"rows":[`;
}

function columnDefinition(column: ResourceDefinition["columns"][number]): { readonly [field: string]: unknown } {
  const { name, type, format, description, priority } = column;
  return { name, type, format, description, priority };
}

/** One row. */
export function rowText(head: TableHead, object: ApiObject): string {
  const cells = head.definition.columns.map((column) =>
    // A bookmark's object has no age.
    column.type === "date" && object.metadata.uid === undefined ? null : column.cell(object, head.nowMs),
  );
  const conditions = head.definition.rowConditions?.(object) ?? [];
  return JSON.stringify({
    cells,
    ...(conditions.length === 0 ? {} : { conditions }),
    object: includedObject(head, object),
  });
}

function includedObject(head: TableHead, object: ApiObject): ApiObject | null {
  switch (head.includeObject) {
    case "None":
      return null;
    case "Metadata":
      return partialMetadata(object, head.version);
    case "Object":
      return object;
  }
}
