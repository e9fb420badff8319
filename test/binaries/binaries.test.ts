// The compiled binaries, with no source in reach: help, version, bad flags, and the whole system from one folder.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ChildProgram } from "../watcher/child-program.ts";
import { freePort } from "../watcher/system.ts";

const build = join(import.meta.dirname, "../../tools/src/build.ts");
const packages = join(import.meta.dirname, "../../packages");
const BINARIES = readdirSync(packages)
  .filter((name) => existsSync(join(packages, name, "src/main.ts")))
  .map((name) => (name === "coracle" ? name : `coracle-${name}`))
  .toSorted((a, b) => a.localeCompare(b));

test(
  "each compiled binary tells its help and version, refuses bad flags, and together they run",
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "coracle-binaries-"));
    try {
      const built = spawnSync("bun", [build, "--arch", process.arch, "--out", folder], {
        encoding: "utf8",
        timeout: 180_000,
      });
      assert.equal(built.status, 0, built.stderr);
      const files = (await readdir(folder)).filter((name) => !name.endsWith(".map"));
      assert.deepEqual(
        files.toSorted((a, b) => a.localeCompare(b)),
        BINARIES,
      );
      for (const name of BINARIES) {
        const run = (...args: string[]): ReturnType<typeof spawnSync> =>
          spawnSync(join(folder, name), args, { encoding: "utf8", cwd: folder });
        assert.match(String(run("--help").stdout), /^coracle[^\n]*: [\s\S]*Usage: /);
        assert.match(String(run("--version").stdout), /^coracle\S* \d+\.\d+\.\d+ /);
        assert.equal(run("--no-such-flag").status, 2);
      }
      await runSystem(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

async function runSystem(folder: string): Promise<void> {
  const [listen, apiserver, watcher] = [await freePort(), await freePort(), await freePort()];
  const addresses = [
    "--listen",
    `127.0.0.1:${listen}`,
    "--apiserver-http",
    `127.0.0.1:${apiserver}`,
    "--watcher-http",
    `127.0.0.1:${watcher}`,
  ];
  const up = new ChildProgram([join(folder, "coracle"), "up", "--data", join(folder, "data"), "--clean", ...addresses]);
  try {
    await up.see(/"event":"sample".*created 5/);
    await up.see(/"message":"watcher is ready"/);
    for (const port of [apiserver, watcher]) {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
      assert.equal(await answer.text(), "ok");
    }
    assert.equal(await up.end("SIGINT"), 0);
  } finally {
    await up.end();
  }
}
