// `coracle up` as a person runs it: comes up, survives its children, refuses what it cannot do, leaves nothing behind.
import assert from "node:assert/strict";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createKubeClient, loadKubeconfig } from "@coracle/kube/io";
import { eventually } from "@coracle/sim";
import { RESOURCES } from "../system/system.ts";
import { isRunning, Up } from "./running-up.ts";

const TEST_TIMEOUT_MS = 120_000;

test(
  "up comes up with a sample, serves, and a second start continues with the same data",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await Up.with(async (up) => {
      const first = up.start();
      await first.see(/"event":"sample".*created 9/);
      await first.see(/"message":"watcher is ready"/);
      const kubeconfig = join(up.data, "admin.kubeconfig");
      const client = createKubeClient(await loadKubeconfig({ path: kubeconfig }));
      const { items } = await client.list(RESOURCES.attachments);
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name ?? "").toSorted((a, b) => a.localeCompare(b)),
        ["cart-7", "cart-8", "db-1", "till-1", "till-2"],
      );
      await client.delete(RESOURCES.attachments, { namespace: "blue", name: "db-1" });
      await first.see(/networkattachment blue\/db-1 {2}deleted/);
      client.close();
      assert.equal(await first.end("SIGINT"), 0);
      assert.match(first.stdout, /stopped: 5 processes drained in .* s, data kept in/);

      const second = up.start();
      await second.see(/networkattachments: following 4 objects/);
      assert.equal(await second.end("SIGTERM"), 0);
      assert.deepEqual(
        (await readdir(up.data)).filter((name) => name.startsWith("up.")),
        [],
      );
    });
  },
);

test(
  "one Ctrl-C that a terminal and two wrappers deliver stops in order; up.* files go",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await Up.with(async (up) => {
      const running = up.start();
      await running.see(/"message":"watcher is ready"/);
      running.process.kill("SIGINT");
      running.process.kill("SIGINT");
      assert.equal(await running.end("SIGINT"), 0);
      assert.match(running.stdout, /stopped: 5 processes drained/);
      const left = (await readdir(up.data)).filter((name) => name.startsWith("up."));
      assert.deepEqual(left, []);
    });
  },
);

test("a killed child is started again and the watcher misses nothing", { timeout: TEST_TIMEOUT_MS }, async () => {
  await Up.with(async (up) => {
    const running = up.start();
    await running.see(/"message":"watcher is ready"/);
    const [apiserver = 0] = await up.childPids();
    process.kill(apiserver, "SIGKILL");
    await running.see(/apiserver ended with 128; again in/);
    await running.see(
      /networkattachments: connection back, nothing missed|"message":"apiserver is ready"[\s\S]*"message":"apiserver is ready"/,
    );
    assert.equal(await running.end("SIGINT"), 0);
  });
});

test(
  "after kill -9 the next up ends what was left and says so; while one runs another is refused",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await Up.with(async (up) => {
      const first = up.start();
      for (const name of ["ipam", "ovs-agent-a", "ovs-agent-b", "watcher"])
        await first.see(new RegExp(`"${name} is ready"`));
      const other = up.start();
      assert.equal(await other.exited, 2);
      assert.match(other.stderr, /already running \(pid \d+\); kubectl --kubeconfig/);
      const left = await up.childPids();
      assert.equal(left.length, 5);
      // It would end by itself: one that hangs cannot.
      process.kill(left[0] ?? 0, "SIGSTOP");
      await first.end("SIGKILL");
      const next = up.start();
      await next.see(/ended apiserver \(pid \d+\), left by an earlier run that was killed/);
      await next.see(/"message":"watcher is ready"/);
      for (const pid of left) assert.equal(await isRunning(pid), false, `${pid} still runs`);
      const now = await up.childPids();
      assert.equal(await next.end("SIGINT"), 0);
      for (const pid of now) assert.equal(await isRunning(pid), false, `${pid} still runs`);
    });
  },
);

test("the children of an up that is killed end by themselves", { timeout: TEST_TIMEOUT_MS }, async () => {
  await Up.with(async (up) => {
    const running = up.start();
    await running.see(/"event":"sample".*created 9/);
    const children = await up.children();
    assert.equal(children.size, 5);
    await running.end("SIGKILL");
    for (const [name, pid] of children) await eventually(async () => !(await isRunning(pid)), `the end of ${name}`);
  });
});

test("--clean removes the data folder", { timeout: TEST_TIMEOUT_MS }, async () => {
  await Up.with(async (up) => {
    const running = up.start("--clean", "--no-sample");
    await running.see(/"message":"watcher is ready"/);
    assert.equal(await running.end("SIGINT"), 0);
    assert.deepEqual(await readdir(up.folder), []);
  });
});

test(
  "a taken port, a folder of somebody else's and a bad flag are one clear line each",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await Up.with(async (up) => {
      const squatter = createServer().listen(up.ports[0], "127.0.0.1");
      try {
        const taken = up.start();
        assert.equal(await taken.exited, 2);
        assert.match(taken.stderr, /^coracle up: --listen: .*; stop what uses it or choose another address\n$/);
      } finally {
        squatter.close();
      }
      await rm(up.data, { recursive: true, force: true });
      await mkdir(up.data);
      await writeFile(join(up.data, "precious"), "x");
      const foreign = up.start("--clean");
      assert.equal(await foreign.exited, 2);
      assert.match(
        foreign.stderr,
        /^coracle up: cannot use the data folder .*: it holds other files \(precious, …\); choose another --data\n$/,
      );
      assert.deepEqual(await readdir(up.data), ["precious"]);
      const bad = up.start("--listen", "6443");
      assert.equal(await bad.exited, 2);
      assert.match(bad.stderr, /^--listen: "6443" is not an address: use HOST:PORT/);
      const half = up.start("--rebind-every", "500ms");
      assert.equal(await half.exited, 2);
      assert.equal(half.stderr, "--rebind-every: 500ms is not in whole seconds\n");
    });
  },
);
