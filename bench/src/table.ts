// The result table, for people.
import type { BenchRow } from "./row.ts";

/** A table of `rows`, one line each, with a bar for the ratio against its gate. */
export function formatTable(rows: readonly BenchRow[]): string {
  const header = ["bench", "row", "ours", "reference", "against", "ratio", "gate", ""];
  const lines = rows.map((row) => [
    row.bench,
    row.row,
    formatFigure(row.ours, row.unit),
    row.reference === undefined ? "" : formatFigure(row.reference, row.unit),
    row.against ?? "",
    row.ratio === undefined ? "" : row.ratio.toFixed(2),
    row.gate === undefined ? "" : `≥ ${row.gate}`,
    row.gate === undefined ? "" : `${bar(row.ratio ?? 0, row.gate)} ${row.pass ? "ok" : "FAILED"}`,
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const rightAligned = new Set([2, 3, 5, 6]);
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, column) =>
          rightAligned.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Ten cells: full at twice the gate, half full exactly at it. */
function bar(ratio: number, gate: number): string {
  const cells = Math.max(0, Math.min(10, Math.round((ratio / gate) * 5)));
  return "█".repeat(cells) + "░".repeat(10 - cells);
}

function formatFigure(value: number, unit: string): string {
  const digits = value >= 1000 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4;
  return `${value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: 0 })} ${unit}`;
}
