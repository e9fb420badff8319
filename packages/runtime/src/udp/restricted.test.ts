// Packet threads in a program of their own: compiled into one binary, and where seccomp refuses the batch calls.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimeName } from "../process.ts";

const PROGRAM = fileURLToPath(new URL("./testing/echo-program.ts", import.meta.url));
const WORKER = fileURLToPath(new URL("./testing/echo-worker.ts", import.meta.url));
const TIMEOUT_MS = 60_000;

function run(command: readonly string[], cwd?: string): string {
  const [program = "", ...rest] = command;
  const options = { encoding: "utf8", timeout: TIMEOUT_MS, ...(cwd === undefined ? {} : { cwd }) } as const;
  const { status, stdout, stderr } = spawnSync(program, rest, options);
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

const script = runtimeName() === "deno" ? [process.execPath, "run", "-A", "--no-check"] : [process.execPath];

test("batch calls that seccomp refuses give way to single ones", () => {
  assert.equal(
    run([...script, PROGRAM, "refuse-batches"]),
    "native-single, 1 thread (recvmmsg is refused (EPERM)): 0 1 2 3 4",
  );
});

test("the same program unrestricted takes batches", () => {
  assert.equal(run([...script, PROGRAM]), "native, 1 thread: 0 1 2 3 4");
});

if (runtimeName() === "bun") {
  test("a compiled binary carries its packet thread", () => {
    const folder = mkdtempSync(join(tmpdir(), "coracle-udp-compiled-"));
    try {
      const binary = join(folder, "echo");
      const flags = ["--compile", "--minify", "--bytecode", "--format=esm", `--outfile=${binary}`];
      run([process.execPath, "build", ...flags, PROGRAM, WORKER]);
      assert.equal(run([binary], folder), "native, 1 thread: 0 1 2 3 4");
      assert.equal(
        run([binary, "refuse-batches"], folder),
        "native-single, 1 thread (recvmmsg is refused (EPERM)): 0 1 2 3 4",
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
