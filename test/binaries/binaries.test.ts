// The compiled binaries, with no source in reach: help, version, bad flags, and the whole system from one folder.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { laboratorySupport } from "@coracle/lab/io";
import { eventually, freeUdpPort } from "@coracle/sim";
import { ChildProgram } from "../system/child-program.ts";
import { Up } from "../up/running-up.ts";

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
      await heartbeatsTell(folder);
      await runSystem(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

/** Two heartbeats with sessions over DTLS find each other, and tell it as JSON, in a stream and to a program. */
async function heartbeatsTell(folder: string): Promise<void> {
  const [hook, told] = [join(folder, "hook.sh"), join(folder, "told.txt")];
  await writeFile(hook, '#!/bin/sh\ncat >> "$1"\n', { mode: 0o755 });
  const ports = [await freeUdpPort(), await freeUdpPort()];
  const peers = ["--peers", ports.map((port) => `127.0.0.1:${port}`).join(",")];
  const env = { DTLS_CID_MGMT_IDENTITY: "nodes", DTLS_CID_MGMT_SECRET_BASE64: "AAECAwQFBgcICQoLDA0ODw==" };
  const programs = ports.map((port, index) => {
    const own = ["--node-id", String(index + 1), "--listen", `127.0.0.1:${port}`, "--http", "127.0.0.1:0"];
    const telling = ["--on-change", hook, "--on-change-arg", told];
    const argv = [join(folder, "coracle-heartbeat"), ...own, ...peers, ...(index === 0 ? telling : [])];
    return new ChildProgram(argv, env);
  });
  const ending = new AbortController();
  try {
    const [first] = programs;
    assert.ok(first !== undefined);
    await first.see(/"message":"The cluster has formed"/);
    const [, url = ""] = await first.see(/"url":"(http:[^"]+)"/);
    const document = (await (await fetch(`${url}/nodes`)).json()) as { self: object; nodes: { liveness: string }[] };
    assert.deepEqual(document.self, { nodeId: 1, ready: true, mode: "dtls-mac", notReady: null });
    assert.deepEqual(
      document.nodes.map(({ liveness }) => liveness),
      ["alive"],
    );
    const stream = await fetch(`${url}/nodes/events`, { signal: ending.signal });
    const { value } = (await stream.body?.getReader().read()) ?? {};
    assert.match(new TextDecoder().decode(value), /^event: nodes\ndata: \{"self":\{"nodeId":1,"ready":true/);
    const isTold = (): boolean =>
      existsSync(told) && /"kind":"joined".*"kind":"ready"/.test(readFileSync(told, "utf8"));
    await eventually(isTold, "the program is told");
  } finally {
    ending.abort();
    await Promise.all(programs.map((program) => program.end("SIGTERM")));
  }
}

async function runSystem(folder: string): Promise<void> {
  await Up.with(async (up) => {
    const running = up.startWith([join(folder, "coracle")], "--clean");
    const networks = ["apiserver", "ipam", "ovs-agent-a", "ovs-agent-b", "watcher"];
    const nodes = [1, 2, 3].flatMap((id) => [`dtls-router-${id}`, `heartbeat-${id}`]);
    for (const name of [...networks, ...nodes, "balancer", "devices"]) {
      await running.see(new RegExp(`"message":"${name} is ready"`), 60_000);
    }
    await running.see(/"event":"sample".*created 9/);
    await running.see(/"event":"cluster".*"backwarded":[1-9].*"lost":0\}/, 60_000);
    const [, apiserver, ipam, watcher, agent] = up.ports;
    // An agent is unready for a moment whenever a first attachment of a network makes it follow that network.
    const isReady = async (port: number): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
    for (const port of [apiserver, ipam, watcher, agent]) {
      assert.ok(port);
      await eventually(() => isReady(port), `readiness at port ${port}`);
    }
    // Where hosts can be had, the compiled program makes them and pings, by foreign functions as well.
    if ((await laboratorySupport()).kind === "ready") await running.see(/attachment blue\/cart-7 .* ms to /, 60_000);
    assert.equal(await running.end("SIGINT"), 0);
  });
}
