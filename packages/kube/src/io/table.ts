// The Table form of an answer: columns the server chose, rows with the object's metadata (meta/v1 Table).
import type { KubeObject, ListMeta } from "../mod.ts";

/** One column. */
export interface TableColumn {
  readonly name: string;
  /** OpenAPI type: string, integer, number, boolean, date. */
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** 0 is shown always; higher ones only when asked for a wide view. */
  readonly priority: number;
}

/** One row. */
export interface TableRow {
  /** One value per column. */
  readonly cells: readonly unknown[];
  /** The object, or its metadata, or nothing: `includeObject` decides. */
  readonly object?: KubeObject | null;
}

/** A whole answer. In watches `columnDefinitions` comes with the first event only. */
export interface KubeTable {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: ListMeta;
  readonly columnDefinitions: readonly TableColumn[] | null;
  readonly rows: readonly TableRow[] | null;
}

/** Whether a decoded answer is a Table: servers that cannot make one send plain JSON instead. */
export function isTable(value: unknown): value is KubeTable {
  return typeof value === "object" && value !== null && Reflect.get(value, "kind") === "Table";
}

/** Whether a value is the `columnDefinitions` of a Table. */
export function isTableColumns(value: unknown): value is readonly TableColumn[] {
  return Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null && "name" in each);
}
