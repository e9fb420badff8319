// `bun run bench`: runs the benchmarks by name and gates on their ratios.
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, type BenchContext, CannotRun } from "./bench.ts";
import type { BenchRow } from "./row.ts";
import { formatTable } from "./table.ts";

const benches = await loadBenches();
const { values, positionals } = parseArgs({
  options: { smoke: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  allowPositionals: true,
});
if (values.help) {
  process.stdout.write(helpText());
  process.exit(0);
}
const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name));
if (unknown !== undefined) {
  process.stderr.write(`no benchmark is called "${unknown}": use ${benches.map((bench) => bench.name).join(", ")}\n`);
  process.exit(2);
}
const rows: BenchRow[] = [];
let broken = false;
for (const bench of benches) {
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
  const outcome = await runOne(bench);
  if (outcome === undefined) broken = true;
  else rows.push(...outcome);
}
if (values.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
else process.stdout.write(`${formatTable(rows)}\n${closingLine()}\n`);
const failed = values.smoke === true ? [] : rows.filter((row) => !row.pass);
process.exit(broken || failed.length > 0 ? 1 : 0);

/** The rows of one benchmark; none where the machine cannot run it; undefined where it broke. */
async function runOne(bench: Bench): Promise<readonly BenchRow[] | undefined> {
  const actions: (() => void | Promise<void>)[] = [];
  const context: BenchContext = {
    smoke: values.smoke === true,
    progress: (text) => process.stderr.write(`${bench.name}: ${text}\n`),
    cleanUp: (action) => actions.push(action),
  };
  try {
    return await bench.run(context);
  } catch (error) {
    if (error instanceof CannotRun) {
      process.stderr.write(`${bench.name}: did not run: ${error.message}. ${error.remedy}\n`);
      return [];
    }
    process.stderr.write(
      `${bench.name}: broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return undefined;
  } finally {
    for (const action of actions.reverse()) await action();
  }
}

async function loadBenches(): Promise<Bench[]> {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".bench.ts"));
  const modules = await Promise.all(
    files.sort().map(async (file) => (await import(join(import.meta.dirname, file))) as { bench: Bench }),
  );
  return modules.map((module) => module.bench);
}

function closingLine(): string {
  const spreads = rows.flatMap((row) => (row.spread === undefined ? [] : [row.spread]));
  const widest = spreads.length === 0 ? "" : `; widest spread ${(Math.max(...spreads) * 100).toFixed(0)} %`;
  return `medians of interleaved pairs${widest}; Bun ${Bun.version}; ${cpus().length} cores`;
}

function helpText(): string {
  const names = benches.map((bench) => `  ${bench.name.padEnd(12)}${bench.summary}`).join("\n");
  return `Usage: bun run bench [NAME…] [--smoke] [--json]

${names}

--smoke  small inputs, one round, gates do not count
--json   one object per row instead of the table
Exits with 1 when a gated row fails or a benchmark breaks, with 2 for a name that does not exist.
`;
}
