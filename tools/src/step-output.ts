// What the output of a step says: how many tests passed, what did not run, and the part that is worth reading when it failed.
import { stripVTControlCharacters } from "node:util";

/** Reads the closing counts of `bun test`, `deno test` or our own `N passed, N failed`; the last one found counts. */
export function countTests(output: string): { passed: number; failed: number } | undefined {
  // Runners colour their closing lines even into a pipe.
  const plain = stripVTControlCharacters(output);
  const own = [...plain.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1);
  if (own !== undefined) return { passed: Number(own[1]), failed: Number(own[2]) };
  const deno = [...plain.matchAll(/\| (\d+) passed(?: \([^)]*\))? \| (\d+) failed/g)].at(-1);
  if (deno !== undefined) return { passed: Number(deno[1]), failed: Number(deno[2]) };
  const bunPassed = [...plain.matchAll(/^ (\d+) pass$/gm)].at(-1);
  const bunFailed = [...plain.matchAll(/^ (\d+) fail$/gm)].at(-1);
  if (bunPassed !== undefined) return { passed: Number(bunPassed[1]), failed: Number(bunFailed?.[1] ?? 0) };
  return undefined;
}

/** How tests, benchmarks, peers and builds tell what they leave out. */
const LEFT_OUT = [
  "(?:[\\w-]+: )?did not run: .*",
  "Cannot run .*`bun run peers` brings them",
  ".*: not (?:built|installed).* will not run",
  ".*; left out",
];
const NOT_RUN = new RegExp(`^\\s*(${LEFT_OUT.join("|")})$`, "gm");

/** The lines that tell what could not run here and why, each once. */
export function notRun(output: string): string[] {
  const lines = Array.from(stripVTControlCharacters(output).matchAll(NOT_RUN), ([, line = ""]) => line);
  return [...new Set(lines)];
}

/** A test that passed, of Bun or Deno, and Deno's heading of a file. */
const PASS = /^(?:\(pass\) .*|✓ .*|.* \.\.\. ok \(\d+m?s\)|running \d+ tests? from .*)$/;
/** Bun's heading of a file under which nothing is left. */
const BARE_HEADING = /^\S+\.test\.ts:\n+(?=\S+\.test\.ts:$|[ \t]*\d+ pass$)/gm;

/** `output` without the tests that passed. */
export function withoutPasses(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .filter((line) => !PASS.test(line));
  return lines.join("\n").replace(BARE_HEADING, "");
}
