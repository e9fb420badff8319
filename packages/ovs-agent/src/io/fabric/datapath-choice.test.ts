// A kernel without a datapath of Open vSwitch: the userspace datapath is chosen, whoever made the bridge and however far they came.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PrivateOvs, until, withOvs } from "@coracle/ovsdb/testing";
import { createOvsFabric, type OvsFabric } from "./ovs-fabric.ts";
import { localAt, settle } from "./testing/fabric-contract.ts";
import { BRIDGE } from "./testing/with-fabric.ts";

/** Shorter than the time the tests leave the switch away. */
const CONFIGURE_TIMEOUT_MS = 50;

function makeFabric(ovs: PrivateOvs, log: string[] = []): OvsFabric {
  return createOvsFabric({
    runDirectory: ovs.folder,
    hostIp: "192.168.56.1",
    configureTimeoutMs: CONFIGURE_TIMEOUT_MS,
    backoff: { initialMs: 20, capMs: 100, factor: 2, jitter: 0, resetMs: 1000 },
    onLog: (message) => log.push(message),
  });
}

function typeOfBridge(ovs: PrivateOvs): string {
  return ovs.vsctl(["--no-wait", "--if-exists", "get", "bridge", BRIDGE, "datapath_type"]).stdout.trim();
}

function configuration(ovs: PrivateOvs, which: "cur_cfg" | "next_cfg"): number {
  return Number(ovs.vsctl(["--no-wait", "get", "open_vswitch", ".", which]).stdout);
}

/** It has started, and makes interfaces. */
async function works(ovs: PrivateOvs, fabric: OvsFabric, started: Promise<void>): Promise<void> {
  await started;
  fabric.adopt();
  fabric.desire(localAt("n/a", 2));
  await settle(fabric);
  assert.equal(fabric.state().localCount, 1);
  assert.equal(typeOfBridge(ovs), "netdev");
}

test("a switch without a kernel datapath gets the userspace one", () =>
  withOvs("userspace datapath", async (ovs) => {
    await ovs.killSwitch();
    await ovs.startSwitch("netdev");
    const fabric = makeFabric(ovs);
    try {
      await works(ovs, fabric, fabric.start(AbortSignal.timeout(20_000)));
    } finally {
      await fabric.close();
    }
  }));

test("whoever made the bridge ended before it could choose a datapath: the next one chooses", () =>
  withOvs("datapath not chosen", async (ovs) => {
    await ovs.killSwitch();
    const [first, second] = [makeFabric(ovs), makeFabric(ovs)];
    try {
      const ended = assert.rejects(first.start(AbortSignal.timeout(20_000)), /being closed/);
      await until("the bridge is in the database", () => typeOfBridge(ovs) === '""');
      await first.close();
      await ended;
      await ovs.startSwitch("netdev");
      await until("the switch has acted", () => configuration(ovs, "cur_cfg") === configuration(ovs, "next_cfg"));
      await works(ovs, second, second.start(AbortSignal.timeout(20_000)));
    } finally {
      await first.close();
      await second.close();
    }
  }));

test("a switch that acts too late for the first attempt still gets a datapath", () =>
  withOvs("late switch", async (ovs) => {
    await ovs.killSwitch();
    const log: string[] = [];
    const fabric = makeFabric(ovs, log);
    try {
      const started = fabric.start(AbortSignal.timeout(20_000));
      await until("the first attempt is given up", () => log.some((line) => line.includes("does not act")));
      await ovs.startSwitch("netdev");
      await works(ovs, fabric, started);
    } finally {
      await fabric.close();
    }
  }));
