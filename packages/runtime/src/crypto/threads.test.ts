// Record cryptography on several threads at once, in a compiled binary, and where foreign functions are not allowed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { runtimeName } from "../process.ts";
import { cryptoProviderReport } from "./crypto-provider.ts";
import { type SealAnswer, sealMuch } from "./testing/seal-worker.ts";

const WORKER = new URL("./testing/seal-worker.ts", import.meta.url);
const PROGRAM = fileURLToPath(new URL("./testing/report-program.ts", import.meta.url));
const TIMEOUT_MS = 60_000;

interface ProgramReport {
  readonly name: string;
  readonly fallbackReason?: string;
  readonly here: SealAnswer;
  readonly there: SealAnswer;
}

function run(command: readonly string[]): string {
  const [program = "", ...rest] = command;
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: "utf8", timeout: TIMEOUT_MS });
  assert.equal(status, 0, stderr);
  return stdout;
}

const report = (command: readonly string[]): ProgramReport => JSON.parse(run(command)) as ProgramReport;

test("threads seal at the same time without disturbing each other", async () => {
  const seeds = [1, 2, 3];
  const rounds = 3000;
  const workers = seeds.map((seed) => new Worker(WORKER, { workerData: { seed, rounds } }));
  try {
    const answers = workers.map(async (worker) => ((await once(worker, "message")) as [SealAnswer])[0]);
    const expected = seeds.map((seed) => sealMuch({ seed, rounds }));
    assert.deepEqual(await Promise.all(answers), expected);
    assert.deepEqual(new Set(expected.map(({ provider }) => provider)), new Set([cryptoProviderReport().name]));
    assert.ok(expected.every(({ failures, liveContexts }) => failures === 0 && liveContexts === 0));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});

if (runtimeName() === "deno") {
  const denoRun = [process.execPath, "run", "--no-check", "--allow-read", "--allow-env", "--allow-sys"];

  test("without leave for foreign functions the composed provider takes over, and seals the same", () => {
    const allowed = report([...denoRun, "--allow-ffi", PROGRAM]);
    const refused = report([...denoRun, PROGRAM]);
    assert.equal(refused.name, "composed");
    assert.match(refused.fallbackReason ?? "", /^Deno runs without --allow-ffi/);
    assert.equal(allowed.name, cryptoProviderReport().name);
    assert.equal(refused.here.digest, allowed.here.digest);
    assert.equal(refused.there.digest, allowed.here.digest);
  });
}

if (runtimeName() === "bun") {
  test("a compiled binary and its threads use the same provider", () => {
    const folder = mkdtempSync(join(tmpdir(), "coracle-crypto-compiled-"));
    try {
      const binary = join(folder, "report");
      const flags = ["--compile", "--minify", "--bytecode", "--format=esm", `--outfile=${binary}`];
      run([process.execPath, "build", ...flags, PROGRAM, fileURLToPath(WORKER)]);
      const { name, here, there } = report([binary]);
      assert.equal(name, cryptoProviderReport().name);
      assert.deepEqual(there, here);
      assert.equal(here.digest, sealMuch({ seed: 7, rounds: 600 }).digest);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
