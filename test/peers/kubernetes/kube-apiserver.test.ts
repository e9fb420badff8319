// The harness itself: a real etcd and kube-apiserver start, survive what tests do to them, and leave nothing behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { exchange, kubernetesPeersReady, programOnPath, startEtcd, startKubeApiserver, waitFor } from "./mod.ts";

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

if (kubernetesPeersReady("the tests of the kube-apiserver harness")) {
  test("an etcd keeps its data over kill -9 and leaves nothing behind", { timeout: 60_000 }, async () => {
    const etcd = await startEtcd();
    const first = etcd.pid();
    try {
      assert.equal(await etcd.revision(), 1);
      const put = await fetch(`${etcd.url}/v3/kv/put`, { method: "POST", body: `{"key":"YQ==","value":"Yg=="}` });
      assert.equal(put.status, 200);
      await etcd.kill9();
      assert.equal(processExists(first), false);
      await etcd.restart();
      assert.equal(await etcd.revision(), 2);
      assert.equal(await etcd.compact(), 2);
      await assert.rejects(etcd.compact(1), /compacted/);
    } finally {
      await etcd.stop();
    }
    assert.equal(processExists(etcd.pid()), false);
    assert.equal(existsSync(etcd.dataFolder), false);
  });

  test(
    "a kube-apiserver serves, comes back after kill -9, changes its authority, and leaves nothing behind",
    { timeout: 60_000 },
    async () => {
      const server = await startKubeApiserver({ flags: { "max-requests-inflight": "50" } });
      const pids = [server.pid(), server.etcd.pid()];
      try {
        const created = await server.json("POST", "/api/v1/namespaces", { metadata: { name: "kept" } });
        assert.match(JSON.stringify(created), /"uid"/);
        const url = server.url;
        await server.kill9();
        assert.equal(processExists(pids[0] ?? 0), false);
        await server.restart();
        pids.push(server.pid());
        assert.equal(server.url, url);
        await server.json("GET", "/api/v1/namespaces/kept");

        const byToken = await exchange(
          { url, caPem: server.caPem, token: server.adminToken },
          { method: "GET", path: "/api/v1/namespaces/kept" },
        );
        assert.equal(byToken.status, 200);
        const nobody = await exchange({ url, caPem: server.caPem }, { method: "GET", path: "/api/v1/namespaces/kept" });
        assert.equal(nobody.status, 403);

        const oldCa = server.caPem;
        const newCa = await server.swapServingAuthority();
        assert.notEqual(newCa, oldCa);
        await assert.rejects(exchange({ ...server.target, caPem: oldCa }, { method: "GET", path: "/livez" }));
        await server.json("GET", "/api/v1/namespaces/kept");
      } finally {
        await server.stop();
      }
      assert.deepEqual(pids.filter(processExists), []);
      assert.equal(existsSync(server.folder), false);
      assert.equal(existsSync(server.etcd.dataFolder), false);
    },
  );

  test("a server that cannot start says why and leaves nothing behind", { timeout: 60_000 }, async () => {
    const etcd = await startEtcd();
    try {
      await assert.rejects(
        startKubeApiserver({ etcd, flags: { "no-such-flag": "1" } }),
        /unknown flag: --no-such-flag/,
      );
    } finally {
      await etcd.stop();
    }
  });

  if (programOnPath("setpriv") !== undefined) {
    test("a peer does not outlive a test runner that is killed", { timeout: 60_000 }, async () => {
      const run = process.versions["deno"] === undefined ? [] : ["run", "-A", "--no-check"];
      const program = join(import.meta.dirname, "testing/hold-etcd.ts");
      const runner = spawn(process.execPath, [...run, program], { stdio: ["ignore", "pipe", "inherit"] });
      const line = await new Promise<string>((resolve) =>
        runner.stdout.once("data", (chunk) => resolve(String(chunk))),
      );
      const held = JSON.parse(line) as { readonly pid: number; readonly folder: string };
      try {
        assert.equal(processExists(held.pid), true);
        runner.kill("SIGKILL");
        await waitFor("the etcd to be gone", () => Promise.resolve(processExists(held.pid) ? undefined : true));
      } finally {
        // Nobody was left to do it.
        await rm(held.folder, { recursive: true, force: true });
      }
    });
  }
}
