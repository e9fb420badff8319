// The `table` and `wide` outputs: the server's own columns, one row a change, as `kubectl get -w` prints them, plus the event.
import type { Change, ObjectChange } from "./change.ts";
import { gapText } from "./render-diff.ts";

/** A column as the server defines it. */
export interface Column {
  readonly name: string;
  readonly priority: number;
}

/** What to show. */
export interface TableStyle {
  /** Columns of lower priority too. */
  readonly wide: boolean;
  /** Rows of several namespaces. */
  readonly withNamespace: boolean;
}

/** Rows of the first state kept back to find the column widths. */
const HELD_ROWS_MAX = 1000;
const GAP = "   ";
/** As wide as the longest event. */
const EVENT_HEADER = "EVENT   ";

/** Lays rows out under one header. Widths come from the first state and grow only when the header is printed again. */
export class TableRenderer {
  readonly #style: TableStyle;
  #columns: readonly Column[] = [];
  #widths: number[] = [];
  /** Columns may come after the rows they belong to, so objects are kept, not cells. */
  #held: ObjectChange[] | undefined = [];

  constructor(style: TableStyle) {
    this.#style = style;
  }

  /** The server's columns, told before the first row; new ones bring a new header. */
  setColumns(columns: readonly Column[]): void {
    if (columns.length === 0 || JSON.stringify(columns) === JSON.stringify(this.#columns)) return;
    this.#columns = columns;
    this.#held ??= [];
    this.#widths = [];
  }

  /** The lines for `change`: none while rows are held back, many when they are let go. */
  render(change: Change): string[] {
    switch (change.kind) {
      case "added":
      case "modified":
      case "deleted":
        return this.#row(change);
      case "synced":
        return this.#release();
      case "gap":
        return [...this.#release(), `# ${gapText(change.cause, change.lastResourceVersion)}`];
      case "lost":
        return [...this.#release(), `# ${change.status.message ?? change.status.reason ?? "connection lost"}`];
      case "resumed":
        return [`# resumed at revision ${change.resourceVersion}, nothing missed`];
      case "bookmark":
        return [];
    }
  }

  #row(change: ObjectChange): string[] {
    if (this.#held === undefined) return [this.#format(this.#cells(change))];
    this.#held.push(change);
    return this.#held.length >= HELD_ROWS_MAX ? this.#release() : [];
  }

  #release(): string[] {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return [];
    const rows = [this.#header(), ...held.map((change) => this.#cells(change))];
    this.#widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    return rows.map((row) => this.#format(row));
  }

  /** A longer cell than any before widens its column from here on. */
  #format(cells: readonly string[]): string {
    for (const [column, cell] of cells.entries())
      this.#widths[column] = Math.max(this.#widths[column] ?? 0, cell.length);
    return cells
      .map((cell, column) => cell.padEnd(this.#widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  }

  #header(): string[] {
    const shown = this.#shown().map(({ column }) => column.name.toUpperCase());
    const names = shown.length === 0 ? ["NAME"] : shown;
    return [EVENT_HEADER, ...(this.#style.withNamespace ? ["NAMESPACE"] : []), ...names];
  }

  #cells({ kind, object }: ObjectChange): string[] {
    const cells: unknown = object["cells"];
    const values = Array.isArray(cells) ? this.#shown().map(({ index }) => cellText(cells[index])) : [];
    const namespace = this.#style.withNamespace ? [object.metadata.namespace ?? ""] : [];
    return [kind.toUpperCase(), ...namespace, ...(values.length === 0 ? [object.metadata.name ?? ""] : values)];
  }

  #shown(): { readonly column: Column; readonly index: number }[] {
    return this.#columns
      .map((column, index) => ({ column, index }))
      .filter(({ column }) => this.#style.wide || column.priority === 0);
  }
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined || cell === "") return "<none>";
  const text = typeof cell === "string" ? cell : JSON.stringify(cell);
  return text.replaceAll(/\p{Cc}/gu, " ");
}
