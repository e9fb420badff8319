// Two hosts on real Open vSwitch: a ping through VXLAN, restarts, a cut cable; and nothing left afterwards, whatever happens.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "@coracle/sim";
import { Capture, createLaboratory, type Laboratory, laboratorySupport, namespacesOf, sweepAbandoned } from "./mod.ts";

const TEST_TIMEOUT_MS = 120_000;
const support = await laboratorySupport();

/** Runs `body` with a laboratory of its own; says that it did not where there can be none. */
async function withLaboratory(name: string, body: (laboratory: Laboratory) => Promise<void>): Promise<void> {
  if (support.kind === "missing") {
    process.stdout.write(`did not run: ${name}: ${support.reason}\n`);
    return;
  }
  const laboratory = await createLaboratory({ hosts: 2 });
  try {
    await body(laboratory);
  } finally {
    await laboratory.close();
  }
  assert.deepEqual(await namespacesOf(laboratory.name), []);
}

/** A bridge with a guest's port and a tunnel; flows that send everything to the other host in one VNI. */
async function wire(laboratory: Laboratory, index: number): Promise<void> {
  const host = laboratory.hosts[index];
  const other = laboratory.hosts[1 - index];
  assert.ok(host && other);
  const tunnel = ["type=vxlan", "options:key=flow", "options:remote_ip=flow", `options:local_ip=${host.hostIp}`];
  const settings = ["datapath_type=netdev", "fail_mode=secure"];
  await host.vsctl(
    ["add-br coracle -- set bridge coracle", ...settings]
      .concat("-- add-port coracle vtep -- set interface vtep ofport_request=9", tunnel)
      .concat("-- add-port coracle g0 -- set interface g0 type=internal ofport_request=1 mtu_request=1450")
      .concat(`mac="06:00:00:00:00:0${index + 1}"`)
      .join(" ")
      .split(" "),
  );
  await addFlows(laboratory, index);
}

async function addFlows(laboratory: Laboratory, index: number): Promise<void> {
  const [host, other] = [laboratory.hosts[index], laboratory.hosts[1 - index]];
  const flows = [
    `in_port=1,actions=set_field:7->tun_id,set_field:${other?.hostIp}->tun_dst,output:9`,
    "in_port=9,tun_id=7,actions=output:1",
  ];
  await host?.ofctl("add-flows", "coracle", ["-"], `${flows.join("\n")}\n`);
}

test(
  "two guests on two hosts ping each other through VXLAN, and again after what happens to hosts",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await withLaboratory("ping through VXLAN", async (laboratory) => {
      const [a, b] = laboratory.hosts;
      assert.ok(a && b);
      await Promise.all([wire(laboratory, 0), wire(laboratory, 1)]);
      const first = await laboratory.addGuest({ host: "a", name: "one", device: "g0", address: "10.1.0.1/24" });
      const second = await laboratory.addGuest({ host: "b", name: "two", device: "g0", address: "10.1.0.2/24" });
      const underlay = await a.captureUnderlay();
      try {
        await first.pingUntilReply(second.ip);
        const frames = underlay.take();
        const isVxlan = (frame: Uint8Array): boolean => frame[23] === 17 && frame[36] === 0x12 && frame[37] === 0xb5;
        assert.ok(frames.some(isVxlan), "no frame to UDP 4789 was seen on the underlay");
      } finally {
        underlay.close();
      }
      assert.equal((await second.ping(first.ip, { payloadSizeBytes: 1400 })).kind, "reply");
      assert.equal((await first.ping("10.1.0.99", { timeoutMs: 50 })).kind, "lost");

      await b.setCable(false);
      assert.equal((await first.ping(second.ip, { timeoutMs: 100 })).kind, "lost");
      await b.setCable(true);
      await first.pingUntilReply(second.ip);

      // While the database is away ovs-vswitchd does not turn its main loop, and with it the userspace datapath, to the end.
      await a.killDatabase();
      await a.startDatabase();
      await first.pingUntilReply(second.ip);

      await a.restartSwitch();
      await addFlows(laboratory, 0);
      await first.pingUntilReply(second.ip);
      assert.equal(first.plugs, 2, "Open vSwitch made the device anew and it was moved in again");
      await b.restartSwitch("SIGTERM");
      await addFlows(laboratory, 1);
      await first.pingUntilReply(second.ip);

      const frames = await second.capture();
      try {
        const sender = await first.capture();
        const forged = new Uint8Array(60).fill(0x5a);
        forged.set([0x88, 0xb5], 12);
        sender.send(forged);
        sender.close();
        await eventually(
          () => frames.take().some((frame) => frame[14] === 0x5a && frame[59] === 0x5a),
          "the forged frame",
        );
      } finally {
        frames.close();
      }
      const few = await Capture.start(first.netns, "g0", 10);
      const many = await first.capture();
      try {
        for (let count = 0; count < 30; count++) many.send(new Uint8Array(60).fill(count));
        await eventually(() => few.dropped >= 20, "frames too many to keep");
        const kept = few.take();
        assert.equal(kept.length, 10);
        assert.ok(
          kept.some((frame) => frame[0] === 29) && !kept.some((frame) => frame[0] === 0),
          "the newest are kept",
        );
      } finally {
        many.close();
        few.close();
      }
      assert.equal((await first.exec(["ip", "-br", "addr", "show", "g0"])).stdout.includes("10.1.0.1/24"), true);
      await laboratory.removeGuest("one");
      assert.equal(laboratory.guests.length, 1);
    });
  },
);

test(
  "a device is moved into its guest only once it has the MAC address that the database asks for",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await withLaboratory("devices half made", async (laboratory) => {
      await wire(laboratory, 0);
      const host = laboratory.host("a");
      const guest = await laboratory.addGuest({ host: "a", name: "one", device: "g0", address: "10.1.0.1/24" });
      await host.killSwitch();
      // What ovs-vswitchd does in one go when it starts, step by step.
      const link = (args: string): Promise<unknown> => host.exec(["ip", "link", ...args.split(" ")]);
      let looks = 0;
      host.links.onDevice("probe", () => looks++);
      await link("add g0 type veth peer name peer");
      for (const round of [1, 2]) {
        await link(`set g0 address 02:00:00:00:00:0${round}`);
        // News come in order: those of the device have been read when those of another have.
        await link("add probe type veth peer name peer-of-probe");
        await eventually(() => looks >= round, "the other device's news");
        await link("delete probe");
      }
      assert.equal((await guest.exec(["ip", "-d", "link", "show", "g0"])).stdout.includes("tun type tap"), true);
      assert.equal(guest.plugs, 1);
      await link("set g0 address 06:00:00:00:00:01");
      await eventually(() => guest.plugs === 2, "the finished device");
      assert.equal((await guest.exec(["ip", "-d", "link", "show", "g0"])).stdout.includes("veth"), true);
    });
  },
);

test("a laboratory whose owner was killed is removed by the next one", { timeout: TEST_TIMEOUT_MS }, async () => {
  if (support.kind === "missing") {
    process.stdout.write(`did not run: sweeping: ${support.reason}\n`);
    return;
  }
  const name = `coraswept${process.pid}`;
  const program = `import { createLaboratory } from "@coracle/lab/io"; const lab = await createLaboratory({ hosts: 1, name: ${JSON.stringify(name)} }); console.log("up " + lab.host("a").daemonPids.join(" ")); setInterval(() => {}, 1000);`;
  const argv = process.versions["bun"] === undefined ? ["eval", program] : ["--eval", program];
  const owner = spawn(process.execPath, argv, { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const line = await new Promise<string>((resolve, reject) => {
      owner.stdout.on("data", (data: Uint8Array) => resolve(new TextDecoder().decode(data)));
      owner.once("exit", () => reject(new Error("the owner ended by itself")));
    });
    const pids = line.trim().split(" ").slice(1).map(Number);
    assert.equal(pids.length, 2);
    assert.equal((await namespacesOf(name)).length, 2);
    owner.kill("SIGKILL");
    await new Promise((resolve) => {
      owner.once("exit", resolve);
    });
    await sweepAbandoned();
    assert.deepEqual(await namespacesOf(name), []);
    for (const pid of pids) await eventually(() => !isRunning(pid), `the end of process ${pid}`);
  } finally {
    owner.kill("SIGKILL");
  }
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
