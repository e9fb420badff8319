// Running the commands of a gate: each with its time, its output on failure, and its test counts.
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";

/** One command of the gate. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Show the output while it runs instead of only on failure. */
  readonly loud?: boolean;
  /** Run together with the step before it: most of either's time is waiting. */
  readonly isBeside?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** What became of a step. Steps whose output counts tests report those; any other counts as one. */
export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

/** Steps that run together, in order. */
export function groupSteps(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (step.isBeside === true && last !== undefined) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** Runs `step` in `cwd` to its end. */
export async function runStep(step: Step, cwd: string): Promise<StepResult> {
  const started = performance.now();
  const [program = "", ...args] = step.command;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...step.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kept: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      kept.push(text);
      if (step.loud) process.stderr.write(text);
    });
  }
  const code = await new Promise<number>((resolve) => {
    child.on("error", (error) => {
      kept.push(`Cannot start ${program}: ${error.message}\n`);
      resolve(127);
    });
    child.on("close", (exitCode) => resolve(exitCode ?? 1));
  });
  const output = kept.join("");
  const seconds = (performance.now() - started) / 1000;
  const counted = countTests(output);
  const ok = code === 0;
  if (!ok && !step.loud) process.stderr.write(output);
  const passed = counted?.passed ?? (ok ? 1 : 0);
  const failed = Math.max(counted?.failed ?? 0, ok ? 0 : 1);
  process.stderr.write(`${ok ? "ok    " : "FAILED"} ${step.name.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s\n`);
  return { name: step.name, ok, passed, failed, seconds };
}

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
  if (bunPassed !== undefined)
    return {
      passed: Number(bunPassed[1]),
      failed: Number(bunFailed?.[1] ?? 0),
    };
  return undefined;
}

/** Prints the closing line that people and CI read, and gives the exit code. */
export function closeWith(results: readonly StepResult[]): number {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  for (const result of results) if (!result.ok) process.stderr.write(`failed: ${result.name}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}
