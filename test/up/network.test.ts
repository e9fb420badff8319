// `coracle up` with real hosts: Open vSwitch in namespaces, guests that ping each other, nothing left; and without the rights.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { createKubeClient, loadKubeconfig } from "@coracle/kube/io";
import { laboratorySupport } from "@coracle/lab/io";
import { eventually } from "@coracle/sim";
import type { ChildProgram } from "../system/child-program.ts";
import { RESOURCES } from "../system/system.ts";
import { isRunning, MAIN, Up } from "./running-up.ts";

const TEST_TIMEOUT_MS = 180_000;
const SAMPLES = ["blue/cart-7", "blue/cart-8", "blue/db-1", "red/till-1", "red/till-2"];
const support = await laboratorySupport();

/** A test where hosts can be had, a line that says why not elsewhere. */
function testOnHosts(name: string, body: (up: Up) => Promise<void>): void {
  test(name, { timeout: TEST_TIMEOUT_MS }, async () => {
    if (support.kind === "ready") await Up.with(body);
    else process.stdout.write(`did not run: ${name}: ${support.reason}\n`);
  });
}

function ip(...args: string[]): string {
  return execFileSync("ip", args, {
    encoding: "utf8",
    env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
  });
}

function namespaces(laboratory: string): string[] {
  const names = ip("netns", "list")
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "");
  return names.filter((name) => name.startsWith(`${laboratory}-`));
}

/** Every process in the namespaces of a laboratory, with its name. */
async function processes(laboratory: string): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const namespace of namespaces(laboratory)) {
    for (const pid of ip("netns", "pids", namespace).split("\n").filter(Boolean).map(Number)) {
      found.set(pid, (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim());
    }
  }
  return found;
}

/** Waits for the first answer of every sample, and gives the laboratory's name. */
async function seeAllPinged(running: ChildProgram): Promise<string> {
  for (const name of SAMPLES) await running.see(new RegExp(`attachment ${name} .* ms to `), 60_000);
  return /ip netns exec (cora[a-z0-9]+)-guest/.exec(running.stdout)?.[1] ?? "";
}

/** True if the newest account of the networks in `output` has an answer for every attachment. */
function isAllAnswered(output: string): boolean {
  const last = /"event":"network","lines":(\[.*\])\}\n[^]*$/.exec(
    output.slice(output.lastIndexOf('"event":"network"')),
  )?.[1];
  if (last === undefined) return false;
  const lines: unknown = JSON.parse(last);
  assert.ok(Array.isArray(lines));
  return SAMPLES.every((name) =>
    lines.some((line) => new RegExp(`^${name} .* [0-9.]+ ms +\\d+ of \\d+ `).test(String(line))),
  );
}

async function assertNothingLeft(laboratory: string, pids: Iterable<number>): Promise<void> {
  assert.deepEqual(namespaces(laboratory), []);
  for (const pid of pids) assert.equal(await isRunning(pid), false, `process ${pid} still runs`);
  const register = await readdir("/run/coracle-laboratories");
  assert.deepEqual(
    register.filter((name) => name.startsWith(laboratory)),
    [],
  );
}

testOnHosts("samples on two hosts ping each other, so does one more, and Open vSwitch may be killed", async (up) => {
  const running = up.startWith(["bun", MAIN], "--no-routers");
  const laboratory = await seeAllPinged(running);
  const guest = ["netns", "exec", `${laboratory}-guest-blue.cart-7`, "ip", "-br", "-4", "address"];
  assert.match(ip(...guest), /cor[0-9a-f]{12} .* 10\.1\.0\.\d+\/24/);

  const client = createKubeClient(await loadKubeconfig({ path: join(up.data, "admin.kubeconfig") }));
  try {
    await client.create(RESOURCES.attachments, JSON.parse(await readFile(join(up.data, "cart-9.yaml"), "utf8")));
    await running.see(/attachment blue\/cart-9 {2}address [\d.]+ ms → interface [\d.]+ ms → pinged [\d.]+ ms/);
    await client.delete(RESOURCES.attachments, { namespace: "blue", name: "cart-9" });
    await eventually(() => !namespaces(laboratory).some((name) => name.endsWith("cart-9")), "the end of the guest");
  } finally {
    client.close();
  }
  await running.see(/between the networks {2}0 of \d+ pings answered, as it should be/);

  const found = await processes(laboratory);
  const daemon = [...found].find(([, name]) => name === "ovs-vswitchd");
  assert.ok(daemon, "there is no ovs-vswitchd");
  process.kill(daemon[0], "SIGKILL");
  await running.see(/ovs-vswitchd of host [ab] ended; it is started again/);
  const before = running.stdout.length;
  await eventually(() => isAllAnswered(running.stdout.slice(before)), "answers of everyone after the restart", 60_000);

  const children = await up.childPids();
  const daemons = await processes(laboratory);
  assert.ok(daemons.size >= 4, `only ${daemons.size} processes in the namespaces`);
  assert.equal(await running.end("SIGINT"), 0);
  assert.match(running.stdout, /stopped: 5 processes drained in .* s, 8 namespaces removed, data kept in/);
  await assertNothingLeft(laboratory, [...children, ...daemons.keys()]);
});

testOnHosts(
  "after kill -9 the next up removes namespaces, processes and folders, and pings on the kept data",
  async (up) => {
    const first = up.startWith(["bun", MAIN], "--no-routers");
    const laboratory = await seeAllPinged(first);
    const pids = [...(await up.childPids()), ...(await processes(laboratory)).keys()];
    await first.end("SIGKILL");
    assert.equal(namespaces(laboratory).length, 8);
    const next = up.startWith(["bun", MAIN], "--no-routers", "--hosts", "2");
    await next.see(
      new RegExp(
        `removed the namespaces and the Open vSwitch of ${laboratory}, left by an earlier run that was killed`,
      ),
    );
    const second = await seeAllPinged(next);
    assert.notEqual(second, laboratory);
    await assertNothingLeft(laboratory, pids);
    const now = await up.childPids();
    assert.equal(await next.end("SIGTERM"), 0);
    await assertNothingLeft(second, now);
  },
);

testOnHosts("without Open vSwitch up says what to install, in one line, and runs on the log fabric", async (up) => {
  const hide = 'mount --bind /dev/null "$(command -v ovs-vswitchd || echo /usr/sbin/ovs-vswitchd)" && exec "$@"';
  const running = up.startWith(["unshare", "--mount", "sh", "-c", hide, "sh", "bun", MAIN], "--no-routers");
  const remedy = "apt-get install openvswitch-switch iproute2 for the real one";
  await running.see(new RegExp(`"message":"Open vSwitch not found: hosts use the log fabric. ${remedy}"`));
  await running.see(/networkattachment blue\/cart-7 {2}changed.* cor[0-9a-f]{12}"/);
  assert.equal(await running.end("SIGINT"), 0);
});

test(
  "root without rights gets the log fabric in one line, or with --fabric ovs an error in one line",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await Up.with(async (up) => {
      if (process.getuid?.() !== 0)
        return void process.stdout.write("did not run: up without rights: this is not root\n");
      const command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "bun", MAIN];
      const running = up.startWith(command, "--no-routers");
      await running.see(
        /"message":"Root may not administer networks here: hosts use the log fabric. Use a privileged container for the real one"/,
      );
      await running.see(/networkattachment blue\/cart-7 {2}changed.* 10\.1\.0\./);
      assert.equal(await running.end("SIGINT"), 0);
      const refused = up.startWith(command, "--fabric", "ovs");
      assert.equal(await refused.exited, 2);
      assert.match(
        refused.stderr,
        /^coracle up: --fabric: ovs is not possible as root may not administer networks here; .*\n$/,
      );
    });
  },
);
