// Child processes: what they get, what they say, how they end.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { onSignal, sendSignal } from "./signals.ts";
import { processId } from "./process.ts";
import { identify, isAlive as isRunning } from "./process-table.ts";
import { type ChildProcess, runProcess, SpawnError, spawnProcess } from "./spawn.ts";

const ENV = { PATH: "/usr/bin:/bin" };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Runs `body` with a child that is gone afterwards whatever happens. */
async function withChild(
  argv: readonly string[],
  options: Partial<Parameters<typeof spawnProcess>[1]>,
  body: (child: ChildProcess) => Promise<void>,
): Promise<void> {
  const child = await spawnProcess(argv, { env: ENV, ...options });
  try {
    await body(child);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function* firstChunk(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of stream) {
    yield chunk;
    return;
  }
}

describe("child processes", () => {
  it("hands over arguments untouched by any shell, and only the given environment", async () => {
    const result = await runProcess(["printf", "%s|", "a b", "$HOME", "*", "'\""], { env: ENV });
    assert.equal(text(result.stdout), "a b|$HOME|*|'\"|");
    const env = await runProcess(["env"], { env: { ...ENV, GIVEN: "yes", LEFT_OUT: undefined } });
    assert.deepEqual(
      text(env.stdout)
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("_="))
        .sort(),
      ["GIVEN=yes", "PATH=/usr/bin:/bin"],
    );
  });

  it("gives input, both outputs, exit code and signal", async () => {
    const result = await runProcess(["sh", "-c", "cat; echo oops >&2; exit 3"], { env: ENV, stdin: "grüße" });
    assert.deepEqual(
      { ...result, stdout: text(result.stdout), stderr: text(result.stderr) },
      { code: 3, signal: undefined, stdout: "grüße", stderr: "oops\n", isTruncated: false, isTimedOut: false },
    );
    const killed = await runProcess(["sh", "-c", "kill -9 $$"], { env: ENV });
    assert.equal(killed.signal, "SIGKILL");
    assert.equal(killed.code, undefined);
  });

  it("does not mind a child that ignores its input", async () => {
    const result = await runProcess(["true"], { env: ENV, stdin: "x".repeat(1_000_000) });
    assert.equal(result.code, 0);
  });

  it("says why a program cannot start", async () => {
    await assert.rejects(runProcess(["/no/such/program"], { env: ENV }), (error) => {
      assert.ok(error instanceof SpawnError);
      assert.equal(error.code, "ENOENT");
      assert.match(error.message, /^Cannot start \/no\/such\/program/);
      return true;
    });
    await assert.rejects(runProcess([import.meta.dirname], { env: ENV }), { code: "EACCES" });
    await assert.rejects(runProcess(["true"], { env: ENV, cwd: "/no/such/folder" }), { code: "ENOENT" });
  });

  it("keeps no more output than asked, but lets the child write all of it", async () => {
    const result = await runProcess(["sh", "-c", "head -c 3000000 /dev/zero; echo done >&2"], {
      env: ENV,
      outputSizeBytesMax: 1000,
    });
    assert.equal(result.stdout.length, 1000);
    assert.equal(result.isTruncated, true);
    assert.equal(text(result.stderr), "done\n");
  });

  it("stops a child whose output nobody reads", async () => {
    await withChild(["sh", "-c", "head -c 100000000 /dev/zero; echo finished >&2"], {}, async (child) => {
      const first = child.stdout[Symbol.asyncIterator]();
      assert.equal((await first.next()).done, false);
      const says = child.stderr[Symbol.asyncIterator]().next();
      const winner = await Promise.race([
        says.then(() => "finished"),
        new Promise((resolve) => {
          setTimeout(() => resolve("waiting"), 200);
        }),
      ]);
      assert.equal(winner, "waiting");
    });
  });

  it("ends a child that takes too long, or that the caller gives up", async () => {
    const late = await runProcess(["sleep", "30"], { env: ENV, timeoutMs: 50 });
    assert.deepEqual([late.isTimedOut, late.signal], [true, "SIGTERM"]);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const aborted = await runProcess(["sleep", "30"], { env: ENV, signal: abort.signal });
    assert.deepEqual([aborted.isTimedOut, aborted.signal], [false, "SIGTERM"]);
  });

  it("reaches the children of a child by its group", async () => {
    await withChild(["sh", "-c", "sleep 30 & echo $!; wait"], { ownGroup: true }, async (child) => {
      const { value } = await child.stdout[Symbol.asyncIterator]().next();
      const grandchild = Number(text(value as Uint8Array));
      assert.ok(isAlive(grandchild));
      assert.equal(child.kill("SIGTERM"), true);
      assert.equal((await child.exited).signal, "SIGTERM");
      await eventually(() => !isAlive(grandchild), "the grandchild's end");
      assert.equal(child.kill(), false);
    });
  });

  it("holds a child's input open until this process is killed", async () => {
    const source = new URL("spawn.ts", import.meta.url).href;
    const code = `const { spawnProcess } = await import(${JSON.stringify(source)});
      const child = await spawnProcess(["cat"], { env: process.env, ownGroup: true, holdsStdin: true });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const evaluate = "Deno" in globalThis ? "eval" : "-e";
    await withChild([process.execPath, evaluate, code], { env: process.env }, async (parent) => {
      const [first] = await Array.fromAsync(firstChunk(parent.stdout));
      const pid = Number(text(first ?? new Uint8Array()));
      const child = await identify(pid);
      assert.ok(await isRunning(child));
      parent.kill("SIGKILL");
      await eventually(async () => !(await isRunning(child)), "the end of a child whose parent was killed");
    });
  });

  it("tells signals to this process until asked to stop", async () => {
    const seen: string[] = [];
    const stop = onSignal(["SIGUSR2", "SIGHUP"], (name) => seen.push(name));
    assert.equal(sendSignal(processId(), "SIGUSR2"), true);
    await eventually(() => seen.length === 1, "the signal");
    assert.equal(sendSignal(processId(), "SIGHUP"), true);
    await eventually(() => seen.length === 2, "the other signal");
    stop();
    assert.deepEqual(seen, ["SIGUSR2", "SIGHUP"]);
    assert.equal(sendSignal(0x3fff_ffff, "SIGTERM"), false);
  });
});
