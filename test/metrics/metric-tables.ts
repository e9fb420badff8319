// The tables of docs/metrics.md as data.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A row of the table that maps KOS's names. */
export interface MappedMetric {
  readonly kos: string;
  readonly name: string;
  /** Package of the binary. */
  readonly binary: string;
  readonly type: string;
  readonly labels: readonly string[];
  /** Upper bounds; empty unless it is a histogram. */
  readonly buckets: readonly number[];
}

/** What the document says. */
export interface MetricTables {
  /** Type by name, of every metric in any table. */
  readonly types: ReadonlyMap<string, string>;
  readonly mapped: readonly MappedMetric[];
}

const TYPES = new Set(["counter", "gauge", "histogram"]);

/** Reads the document. */
export function readMetricTables(): MetricTables {
  const text = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const rows = text
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
  const buckets = new Map(rows.flatMap((cells) => bucketSet(cells)));
  const mapped = rows.flatMap((cells) => mappedMetric(cells, buckets));
  const types = new Map<string, string>();
  for (const cells of rows) {
    const [name = "", type = ""] = cells;
    if (!name.startsWith("kos_") && TYPES.has(type)) types.set(name, type);
  }
  for (const { name, type } of mapped) types.set(name, type);
  return { types, mapped };
}

function bucketSet(cells: readonly string[]): [string, readonly number[]][] {
  const [name = "", bounds = ""] = cells;
  if (cells.length !== 2 || !/^-?\d/.test(bounds)) return [];
  const numbers = bounds
    .replace(/\(.*\)/, "")
    .trim()
    .split(/\s+/);
  return [[name, numbers.map(Number)]];
}

function mappedMetric(cells: readonly string[], sets: ReadonlyMap<string, readonly number[]>): MappedMetric[] {
  const [kos = "", name = "", binary = "", type = "", labels = "", set = ""] = cells;
  if (!kos.startsWith("kos_")) return [];
  const names = labels.split(",").map((label) => label.trim());
  return [{ kos, name, binary, type, labels: names.filter((label) => label !== ""), buckets: sets.get(set) ?? [] }];
}
