// Kills and restarts of Open vSwitch and of the fabric itself: what should be there comes back, nothing else ever is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PrivateOvs, until, withOvs } from "@coracle/ovsdb/testing";
import type { Fabric } from "../../core/fabric.ts";
import { brief, localAt, remoteAt, settle } from "./testing/fabric-contract.ts";
import { BRIDGE, dumpText, withFabric, withOvsAndFabric } from "./testing/with-fabric.ts";

const INTERFACES = [
  localAt("n/a", 2),
  localAt("n/b", 3),
  localAt("m/a", 2, 2),
  remoteAt("n/c", 4),
  remoteAt("m/d", 4, 3, 2),
];

function declareAll(fabric: Fabric): void {
  for (const one of INTERFACES) fabric.desire(one);
}

/** Flows without what may differ between runs of ovs-vswitchd: rounds and port numbers. */
function shape(ovs: PrivateOvs): string[] {
  return dumpText(ovs)
    .map((line) =>
      line.replace(/cookie=0x[0-9a-f]+(?=[0-9a-f]{14},)/, "cookie=0x").replace(/(in_port=|output:)\d+/, "$1P"),
    )
    .sort();
}

/** Runs `during` and looks at table 0 all the while; fails if it ever forwards by itself. */
async function neverNormal(ovs: PrivateOvs, during: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  let looks = 0;
  const watching = (async () => {
    while (!over.signal.aborted) {
      const told = ovs.ofctl(["-O", "OpenFlow15", "--timeout=1", "dump-flows", `unix:${ovs.managementSocket(BRIDGE)}`]);
      assert.doesNotMatch(told.stdout, /NORMAL|FLOOD/);
      if (told.status === 0) looks++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  try {
    await during();
  } finally {
    over.abort();
    await watching;
  }
  assert.ok(looks > 0, "table 0 was never seen");
}

test("ovs-vswitchd killed and started: all flows are back in one bundle, table 0 never forwards by itself", () =>
  withOvsAndFabric("switch killed", async ({ ovs, fabric }) => {
    fabric.adopt();
    declareAll(fabric);
    await settle(fabric);
    const before = shape(ovs);
    const { replays } = fabric.state().counters;
    await neverNormal(ovs, async () => {
      await ovs.killSwitch();
      await until("the fabric notices", () => !fabric.state().connected);
      fabric.desire(remoteAt("n/late", 9));
      await ovs.startSwitch();
      await settle(fabric);
    });
    assert.equal(fabric.state().counters.replays, replays + 1);
    assert.equal(fabric.state().remoteCount, 3);
    fabric.release("n/late");
    await settle(fabric);
    assert.deepEqual(shape(ovs), before);
    assert.equal(fabric.state().reason, undefined);
  }));

test("ovsdb-server killed and started: flows stay, and work goes on", () =>
  withOvsAndFabric("database killed", async ({ ovs, fabric, events }) => {
    fabric.adopt();
    declareAll(fabric);
    await settle(fabric);
    const before = shape(ovs);
    await ovs.killDatabase();
    await until("the fabric notices", () => !fabric.state().connected);
    events.length = 0;
    // Without its database ovs-vswitchd forwards by the flows it has, and serves no OpenFlow (vswitchd/bridge.c).
    fabric.desire(remoteAt("n/late", 9));
    fabric.desire(localAt("n/new", 10));
    await ovs.startDatabase();
    await settle(fabric);
    assert.deepEqual(brief(events).sort(), ["implemented n/late new", "implemented n/new new"]);
    for (const owner of ["n/late", "n/new"]) fabric.release(owner);
    await settle(fabric);
    assert.deepEqual(shape(ovs), before);
  }));

test("both killed, and the database made anew: bridge, tunnel, ports and flows are made again", () =>
  withOvsAndFabric("database lost", async ({ ovs, fabric }) => {
    fabric.adopt();
    declareAll(fabric);
    await settle(fabric);
    const before = shape(ovs);
    await ovs.killSwitch();
    await ovs.killDatabase();
    assert.equal(ovs.tool("rm", [`${ovs.folder}/conf.db`]).status, 0);
    await ovs.startDatabase();
    await ovs.startSwitch();
    await until("the bridge is back", () => fabric.state().connected && fabric.state().localCount === 3);
    await settle(fabric);
    assert.deepEqual(shape(ovs), before);
    assert.equal(ovs.vsctl(["get", "bridge", BRIDGE, "fail_mode"]).stdout.trim(), "secure");
  }));

test("a bridge, a tunnel and a device that someone deletes are made again", () =>
  withOvsAndFabric("deleted by others", async ({ ovs, fabric }) => {
    fabric.adopt();
    declareAll(fabric);
    await settle(fabric);
    const before = shape(ovs);
    for (const [index, args] of [
      ["del-port", BRIDGE, "cor060000020001"],
      ["del-port", BRIDGE, "cor-vtep"],
      ["del-br", BRIDGE],
    ].entries()) {
      assert.equal(ovs.vsctl(args).status, 0);
      await until(`${args.join(" ")} is mended`, () => {
        const told = ovs.ofctl(["-O", "OpenFlow15", "dump-flows", `unix:${ovs.managementSocket(BRIDGE)}`]);
        return told.status === 0 && JSON.stringify(shape(ovs)) === JSON.stringify(before);
      });
      await settle(fabric);
      assert.equal(fabric.state().localCount, 3, `after ${index}`);
    }
  }));

test("a new run on an untouched bridge sends no flow-mod; survivors are told; a changed flow alone is mended", () =>
  withOvs("restart of the fabric", async (ovs) => {
    await withFabric(ovs, async (fabric) => {
      fabric.adopt();
      declareAll(fabric);
      await settle(fabric);
    });
    const before = dumpText(ovs);
    await withFabric(ovs, async (fabric, events) => {
      const owners = fabric.survivors().map(({ owner, uid, vni }) => `${owner} ${uid} ${vni}`);
      assert.deepEqual(owners.sort(), ["m/a uid-m/a 2", "n/a uid-n/a 1", "n/b uid-n/b 1"]);
      declareAll(fabric);
      fabric.adopt();
      await settle(fabric);
      const { flowMods, bundles, transactions } = fabric.state().counters;
      assert.deepEqual({ flowMods, bundles, transactions }, { flowMods: 0, bundles: 0, transactions: 0 });
      assert.ok(brief(events).includes("implemented n/a kept"));
    });
    assert.deepEqual(dumpText(ovs), before);
    const bridge = `unix:${ovs.managementSocket(BRIDGE)}`;
    ovs.ofctl(["-O", "OpenFlow15", "mod-flows", bridge, "table=1,tun_id=1,dl_dst=06:00:00:04:00:01,actions=drop"]);
    ovs.ofctl(["-O", "OpenFlow15", "add-flow", bridge, "table=0,priority=9999,actions=NORMAL"]);
    await withFabric(ovs, async (fabric) => {
      declareAll(fabric);
      fabric.adopt();
      await settle(fabric);
      const { flowMods, foreignFlowsRemoved } = fabric.state().counters;
      assert.deepEqual({ flowMods, foreignFlowsRemoved }, { flowMods: 2, foreignFlowsRemoved: 1 });
    });
    assert.deepEqual(dumpText(ovs), before);
  }));

test("flows that others add, remove or change while an agent runs are mended, and counted", () =>
  withOvs("foreign flows", (ovs) =>
    withFabric(
      ovs,
      async (fabric) => {
        fabric.adopt();
        declareAll(fabric);
        await settle(fabric);
        const before = JSON.stringify(shape(ovs));
        const bridge = `unix:${ovs.managementSocket(BRIDGE)}`;
        for (const args of [
          ["add-flow", bridge, "table=0,priority=9999,actions=NORMAL"],
          ["--strict", "del-flows", bridge, "table=0,priority=200,ipv6"],
          ["mod-flows", bridge, "table=1,tun_id=1,dl_dst=06:00:00:04:00:01,actions=drop"],
          ["del-flows", bridge],
        ]) {
          assert.equal(ovs.ofctl(["-O", "OpenFlow15", ...args]).status, 0);
          await until(`${args.join(" ")} is mended`, () => JSON.stringify(shape(ovs)) === before);
        }
        assert.equal(fabric.state().counters.foreignFlowsRemoved, 1);
        await settle(fabric);
      },
      { auditIntervalMs: 20 },
    ),
  ));

test("a new run removes what nobody wants, and gives its address to who does", () =>
  withOvs("orphans", async (ovs) => {
    await withFabric(ovs, async (fabric) => {
      fabric.adopt();
      declareAll(fabric);
      await settle(fabric);
    });
    ovs.vsctl(["add-port", BRIDGE, "cor060000070001", "--", "set", "interface", "cor060000070001", "type=internal"]);
    await withFabric(ovs, async (fabric, events) => {
      fabric.desire(localAt("n/other", 2));
      fabric.desire({ ...localAt("n/b", 3), uid: "made anew" });
      fabric.adopt();
      await settle(fabric);
      const told = brief(events);
      assert.ok(told.indexOf("removed n/a") < told.indexOf("implemented n/other new"), told.join());
      assert.ok(told.includes("removed m/a") && told.includes("implemented n/b new"), told.join());
      const ports = ovs.vsctl(["list-ports", BRIDGE]).stdout.trim().split("\n").sort();
      assert.deepEqual(ports, ["cor-vtep", "cor060000020001", "cor060000030001"]);
      const { localCount, remoteCount } = fabric.state();
      assert.deepEqual({ localCount, remoteCount }, { localCount: 2, remoteCount: 0 });
      assert.equal(dumpText(ovs).length, fabric.state().flowsDesired);
    });
  }));

test("foreign ports are left alone and told; another bridge with the same port numbers does not matter", () =>
  withOvsAndFabric("foreign ports", async ({ ovs, fabric }) => {
    ovs.addBridge("br-other");
    for (const name of ["p1", "p2"]) {
      assert.equal(ovs.vsctl(["add-port", "br-other", name, "--", "set", "interface", name, "type=dummy"]).status, 0);
    }
    assert.equal(ovs.vsctl(["add-port", BRIDGE, "stray", "--", "set", "interface", "stray", "type=dummy"]).status, 0);
    fabric.adopt();
    declareAll(fabric);
    await settle(fabric);
    await until("the stray port is known", () => fabric.state().foreignPorts?.length === 1);
    assert.deepEqual(fabric.state().foreignPorts, ["stray"]);
    for (const { owner } of INTERFACES) fabric.release(owner);
    await settle(fabric);
    assert.deepEqual(ovs.vsctl(["list-ports", BRIDGE]).stdout.trim().split("\n").sort(), ["cor-vtep", "stray"]);
    assert.deepEqual(ovs.vsctl(["list-ports", "br-other"]).stdout.trim().split("\n").sort(), ["p1", "p2"]);
  }));

test("a device that another bridge has is refused with its reason, tried again, and nothing else waits for it", () =>
  withOvsAndFabric("taken device", async ({ ovs, fabric, events }) => {
    ovs.addBridge("br-other");
    const device = "cor060000020001";
    assert.equal(ovs.vsctl(["add-port", "br-other", device, "--", "set", "interface", device, "type=dummy"]).status, 0);
    fabric.adopt();
    declareAll(fabric);
    await settle(fabric);
    const failed = events.find((event) => event.kind === "failed");
    assert.ok(failed?.kind === "failed" && failed.willRetry && failed.code === "PORT_REFUSED", brief(events).join());
    assert.match(failed.message, /another bridge/);
    assert.equal(fabric.state().localCount, 2);
    assert.equal(ovs.vsctl(["del-port", "br-other", device]).status, 0);
    await until("it is tried again", () => brief(events).includes("implemented n/a new"));
  }));

test("an Open vSwitch that is too old is told clearly, and used once it is not", () =>
  withOvs("too old", async (ovs) => {
    assert.equal(ovs.vsctl(["--no-wait", "init"]).status, 0);
    assert.equal(ovs.vsctl(["--no-wait", "set", "open_vswitch", ".", "ovs_version=2.3.0"]).status, 0);
    const told: string[] = [];
    const isUpgraded = withFabric(ovs, async (fabric) => assert.equal(fabric.state().connected, true), {
      onLog: (message) => told.push(message),
    });
    await until("it is told", () => told.length > 0);
    assert.match(told.join(), /too old: version is 2\.3\.0, OpenFlow 1\.4 bundles need 2\.8/);
    assert.equal(ovs.vsctl(["--no-wait", "set", "open_vswitch", ".", "ovs_version=3.1.0"]).status, 0);
    await isUpgraded;
  }));
