// The parts of benchmarks that are written in C: compiled when a benchmark runs.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchContext, CannotRun } from "./bench.ts";

/** Makes a folder that is removed when the benchmark ends. */
export async function temporaryFolder(context: BenchContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Compiles one file into `folder`; the path of the program. Throws {@link CannotRun} without a compiler. */
export function compileC(source: string, folder: string): string {
  const program = join(folder, "program");
  const run = spawnSync("gcc", ["-O2", "-Wall", "-Wextra", "-o", program, source], { encoding: "utf8" });
  if (run.error !== undefined) throw new CannotRun("a part of it is written in C", "Install gcc.");
  if (run.status !== 0) throw new Error(`Cannot compile ${source}: ${run.stderr}`);
  return program;
}
