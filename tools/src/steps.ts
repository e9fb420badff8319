// Running the commands of a gate: lanes side by side, the steps of a lane one after another, all of them even when one fails.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "./progress.ts";
import { workspaceRoot } from "./source-tree.ts";
import { countTests, notRun, withoutPasses } from "./step-output.ts";

/** Where each step's whole output is kept until the next run: git ignores it. */
const OUTPUT_FOLDER = "node_modules/.cache/ok";

/** One command of the gate. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What became of a step. Steps whose output counts tests report those; any other counts as one. */
export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
}

/** Runs every step by `run`: lanes at the same time, in a lane each step when the one before it has ended, well or not. */
export async function runLanes<S, R>(
  lanes: readonly (readonly S[])[],
  run: (step: S) => Promise<R>,
): Promise<readonly R[]> {
  const results = await Promise.all(
    lanes.map(async (lane) => {
      const done: R[] = [];
      for (const step of lane) done.push(await run(step));
      return done;
    }),
  );
  return results.flat();
}

/** Runs `step` at the root of the workspace to its end and tells `progress`: one line, what did not run, and why it failed. */
export async function runStep(step: Step, progress: Progress): Promise<StepResult> {
  const { name } = step;
  progress.started(name);
  const { code, output, seconds, path } = await runCommand(step, (text) => progress.said(name, text));
  const counted = countTests(output);
  const ok = code === 0;
  const passed = counted?.passed ?? (ok ? 1 : 0);
  const failed = Math.max(counted?.failed ?? 0, ok ? 0 : 1);
  const counts = counted === undefined ? "" : `${passed} passed${failed === 0 ? "" : `, ${failed} failed`}`;
  const lines = [
    `${ok ? "ok    " : "FAILED"} ${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)} s   ${counts}`.trim(),
  ];
  if (!ok) lines.push(withoutPasses(output).trim(), `${name} ended with ${code}; its whole output: ${path}`);
  else lines.push(...notRun(output).map((line) => `       ${line}`));
  progress.ended(name, lines.join("\n"));
  return { name, ok, passed, failed };
}

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
  /** Of the file with the output, from the root of the workspace. */
  readonly path: string;
}

async function runCommand({ name, command, env }: Step, onText: (text: string) => void): Promise<Ended> {
  const started = performance.now();
  const path = join(OUTPUT_FOLDER, `${name}.log`);
  mkdirSync(join(workspaceRoot, OUTPUT_FOLDER), { recursive: true });
  const log = createWriteStream(join(workspaceRoot, path));
  const kept: string[] = [];
  const keep = (text: string): void => {
    kept.push(text);
    log.write(text);
    onText(text);
  };
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: workspaceRoot,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", keep);
  const code = await new Promise<number>((resolve) => {
    child.on("error", (error) => {
      keep(`Cannot start ${program}: ${error.message}\n`);
      resolve(127);
    });
    child.on("close", (exitCode) => resolve(exitCode ?? 1));
  });
  await new Promise<void>((resolve) => {
    log.end(resolve);
  });
  return { code, output: kept.join(""), seconds: (performance.now() - started) / 1000, path };
}

/** Prints the closing line that people and CI read, and gives the exit code. */
export function closeWith(results: readonly StepResult[]): number {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  for (const result of results) if (!result.ok) process.stderr.write(`failed: ${result.name}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}
