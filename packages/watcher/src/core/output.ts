// One interface over the output forms: a change in, lines out.
import type { Change } from "./change.ts";
import { renderDiff } from "./render-diff.ts";
import { renderJsonl } from "./render-jsonl.ts";
import { type Column, TableRenderer } from "./render-table.ts";

/** The forms a person chooses from. */
export type OutputForm = "jsonl" | "table" | "wide" | "diff";

/** Time as the forms write it. */
export interface ChangeTime {
  /** RFC 3339. */
  readonly rfc3339: string;
  /** Time of day. */
  readonly clock: string;
}

/** Turns changes of one resource into lines. */
export interface Output {
  lines(change: Change, time: ChangeTime): readonly string[];
  /** The server's columns; only tables care. */
  setColumns(columns: readonly Column[]): void;
}

/** How to make an {@link Output}. */
export interface OutputOptions {
  readonly form: OutputForm;
  /** Resource name to put into JSON lines. */
  readonly resource: string;
  readonly fields: readonly string[];
  readonly allNamespaces: boolean;
}

/** The output for a form. */
export function createOutput(options: OutputOptions): Output {
  const { form, resource, fields, allNamespaces } = options;
  switch (form) {
    case "jsonl":
      return { lines: (change, time) => [renderJsonl(change, time.rfc3339, resource)], setColumns: () => undefined };
    case "diff":
      return {
        lines: (change, time) => {
          const line = renderDiff(change, { timeText: time.clock, fields });
          return line === undefined ? [] : [line];
        },
        setColumns: () => undefined,
      };
    case "table":
    case "wide": {
      const table = new TableRenderer({ wide: form === "wide", withNamespace: allNamespaces });
      return { lines: (change) => table.render(change), setColumns: (columns) => table.setColumns(columns) };
    }
  }
}
