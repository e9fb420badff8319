// The agent on a real Open vSwitch of the test's own: interfaces, restart without a change, withdrawal, deletion, commands.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkAttachment } from "@coracle/api";
import { withOvs } from "../../ovsdb/src/io/testing/private-ovs.ts";
import { createOvsFabric, type OvsFabric } from "../src/io/fabric/ovs-fabric.ts";
import { until, withBench } from "./agent-bench.ts";

const SETTINGS = { hostIp: "192.0.2.1", datapathType: "dummy", deviceType: "dummy" };

function hasInterface(attachment: NetworkAttachment): boolean {
  return (attachment.status?.ifcName ?? "") !== "";
}

test("the agent on Open vSwitch: make, restart, withdraw, delete", async () => {
  await withOvs("the agent on Open vSwitch: make, restart, withdraw, delete", async (ovs) => {
    await withBench(async (bench) => {
      const makeFabric = (): OvsFabric => createOvsFabric({ ...SETTINGS, runDirectory: ovs.folder });
      const flows = (): string[] => {
        const dump = ovs.ofctl(["-O", "OpenFlow14", "--no-stats", "dump-flows", ovs.managementSocket("coracle")]);
        assert.equal(dump.status, 0, dump.stderr);
        return dump.stdout.trim().split("\n").toSorted();
      };
      const ports = (): string[] => ovs.vsctl(["list-ports", "coracle"]).stdout.trim().split("\n").toSorted();
      const hostIP = "192.0.2.2";
      const postCreateExec = ["/bin/echo", "${ifname}"];
      const firstFabric = makeFabric();
      const first = await bench.start(firstFabric, { allowedPrograms: ["/bin/echo"] });
      await bench.create("a", { spec: { postCreateExec } });
      await bench.create("b", { address: { addressVNI: 1, ipv4: "10.0.0.2" } });
      await bench.create("r", { spec: { node: "node-b" }, address: { addressVNI: 1, ipv4: "10.0.0.3", hostIP } });
      const a = await bench.see("a", ({ status }) => status?.postCreateExecReport !== undefined);
      assert.equal(a.status?.postCreateExecReport?.stdOut, "cor060000010001\n");
      await bench.see("b", hasInterface);
      await until("the remote one is there", () => firstFabric.state().remoteCount === 1);
      assert.deepEqual(ports(), ["cor-vtep", "cor060000010001", "cor060000020001"]);
      const installed = flows();
      await first.stop();
      assert.deepEqual(flows(), installed);

      const secondFabric = makeFabric();
      const second = await bench.start(secondFabric, { allowedPrograms: ["/bin/echo"] });
      await until(
        "the second agent has adopted",
        () => secondFabric.state().adopted && secondFabric.state().pending === 0,
      );
      await secondFabric.settled();
      assert.deepEqual(flows(), installed);
      assert.equal(secondFabric.state().counters.flowMods, 0);
      assert.equal((await bench.get("a")).metadata.resourceVersion, a.metadata.resourceVersion);

      await bench.patchStatus("b", { ipv4: "", addressVNI: 0 });
      await bench.see("b", (attachment) => !hasInterface(attachment));
      await until("b's port is gone", () => ports().length === 2);
      await bench.delete("a");
      await until(
        "only the tunnel is left",
        () => ports().join() === "cor-vtep" && secondFabric.state().remoteCount === 0,
      );
      await second.stop();
    });
  });
});
