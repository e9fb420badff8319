// What a real switch refuses: a bundle of which it took a part, one that it took nothing of, offenders that get their turn later.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PrivateOvs, until, withOvs } from "@coracle/ovsdb/testing";
import { guestMac } from "../../core/mac-address.ts";
import { brief, remoteAt, settle } from "./testing/fabric-contract.ts";
import { standBetween } from "./testing/between.ts";
import { BRIDGE, dumpText, withFabric, withOvsAndFabric } from "./testing/with-fabric.ts";

/** `eth_type` ARP as an OXM field. */
const ETH_TYPE_ARP = [0x80, 0x00, 0x0a, 0x02, 0x08, 0x06];

/** Which of 10.0.0.2 to 10.0.0.9 the switch has flows of, with their number. */
function installed(ovs: PrivateOvs): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of dumpText(ovs)) {
    const last = /cookie=0x[0-9a-f]*3060000(0[2-9])0001,/.exec(line)?.[1];
    if (last !== undefined) counts[last] = (counts[last] ?? 0) + 1;
  }
  return counts;
}

/** Turns the ARP flow of a guest into one that needs ARP but asks for IPv4. */
function spoilArpOf(mac: number): (message: Uint8Array) => void {
  const subject = mac.toString(16).padStart(12, "0");
  return (message) => {
    const hex = [...message].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const at = hex.indexOf(ETH_TYPE_ARP.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    if (hex.includes(subject) && at >= 0) message[at / 2 + 5] = 0;
  };
}

test("a bundle that was committed at once and taken in part: the offender is told, its other flow goes, the rest is there", () =>
  withOvs("partly committed", (ovs) =>
    standBetween(ovs, (between) =>
      withFabric(
        ovs,
        async (fabric, events) => {
          fabric.adopt();
          await settle(fabric);
          // Once the switch has taken a bundle of this kind, the next is committed without waiting.
          fabric.desire(remoteAt("n/r2", 2));
          await settle(fabric);
          const before = fabric.state().counters;
          between.meddle = spoilArpOf(guestMac(1, 0x0a00_0004));
          for (const last of [3, 4, 5]) fabric.desire(remoteAt(`n/r${last}`, last));
          await settle(fabric);
          assert.deepEqual(installed(ovs), { "02": 2, "03": 2, "05": 2 });
          assert.deepEqual(brief(events).sort(), [
            "failed n/r4 FLOWS_REFUSED",
            "implemented n/r2 new",
            "implemented n/r3 new",
            "implemented n/r5 new",
          ]);
          const failed = events.find((event) => event.kind === "failed");
          assert.match(failed?.kind === "failed" ? failed.message : "", /OFPBMC_BAD_PREREQ/);
          const { bundlesFailed, flowMods, foreignFlowsRemoved } = fabric.state().counters;
          assert.equal(bundlesFailed - before.bundlesFailed, 1, "nothing else was sent and refused");
          assert.equal(flowMods - before.flowMods, 1, "the repair deleted the offender's flow that was taken");
          assert.equal(foreignFlowsRemoved, 0, "which is nobody else's");
          between.meddle = undefined;
          await until("the offender gets its turn", () => brief(events).includes("implemented n/r4 new"));
          assert.deepEqual(installed(ovs), { "02": 2, "03": 2, "04": 2, "05": 2 });
          assert.equal(dumpText(ovs).length, fabric.state().flowsDesired);
        },
        { runDirectory: between.runDirectory },
      ),
    ),
  ));

test("a bundle that the switch takes nothing of: offenders are found one by one, what there is room for is installed", () =>
  withOvsAndFabric("table full", async ({ ovs, fabric, events }) => {
    fabric.adopt();
    await settle(fabric);
    // Of table 1 the bridge itself has two flows, and a remote attachment as many.
    const limit = ["--id=@full", "create", "flow_table", "flow_limit=6", "overflow_policy=refuse"];
    assert.equal(ovs.vsctl(["set", "bridge", BRIDGE, "flow_tables:1=@full", "--", ...limit]).status, 0);
    for (const last of [2, 3, 4, 5]) fabric.desire(remoteAt(`n/r${last}`, last));
    await settle(fabric);
    assert.deepEqual(installed(ovs), { "02": 2, "03": 2 });
    assert.equal(fabric.state().failing, 2);
    assert.equal(dumpText(ovs).length, fabric.state().flowsDesired, "nothing of the offenders is left");
    const failed = events.filter((event) => event.kind === "failed");
    for (const event of failed) assert.match(event.kind === "failed" ? event.message : "", /OFPFMFC_TABLE_FULL/);
    assert.equal(ovs.vsctl(["clear", "bridge", BRIDGE, "flow_tables"]).status, 0);
    await until("all get their turn", () => fabric.state().remoteCount === 4);
    assert.deepEqual(installed(ovs), { "02": 2, "03": 2, "04": 2, "05": 2 });
  }));
