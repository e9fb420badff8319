// A switch killed at the worst moments: in the middle of a bundle, between a port and its flows, and back with other port numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PrivateOvs, until, withOvs } from "@coracle/ovsdb/testing";
import { deviceName, guestMac } from "../../core/mac-address.ts";
import type { OvsFabric } from "./ovs-fabric.ts";
import { standBetween } from "./testing/between.ts";
import { localAt, remoteAt, settle } from "./testing/fabric-contract.ts";
import { dumpText, withFabric, withOvsAndFabric } from "./testing/with-fabric.ts";

const ADDRESS = 0x0a00_0000;

/** True for a message about the flows of `10.0.0.LAST` of VNI 1. */
function isAbout(message: Uint8Array, last: number): boolean {
  const subject = guestMac(1, ADDRESS + last)
    .toString(16)
    .padStart(12, "0");
  return [...message]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .includes(subject);
}

/** Starts the switch again and waits until the fabric has made all good. */
async function recover(ovs: PrivateOvs, fabric: OvsFabric): Promise<void> {
  await until("the fabric notices", () => !fabric.state().connected);
  await ovs.startSwitch();
  await settle(fabric);
  assert.equal(dumpText(ovs).length, fabric.state().flowsDesired);
  assert.equal(fabric.state().failing, 0);
}

function portOf(ovs: PrivateOvs, last: number): number {
  return Number(ovs.vsctl(["get", "interface", deviceName(1, ADDRESS + last), "ofport"]).stdout.trim());
}

test("killed in the middle of a bundle: nothing of it was done, all of it is when the switch is back", () =>
  withOvs("in a bundle", (ovs) =>
    standBetween(ovs, (between) =>
      withFabric(
        ovs,
        async (fabric) => {
          fabric.adopt();
          fabric.desire(remoteAt("n/r2", 2));
          await settle(fabric);
          let killed: Promise<void> | undefined;
          between.meddle = (message) => {
            if (isAbout(message, 5)) killed ??= ovs.killSwitch();
          };
          for (let last = 3; last < 9; last++) fabric.desire(remoteAt(`n/r${last}`, last));
          await until("it is killed", () => killed !== undefined);
          between.meddle = undefined;
          await killed;
          assert.equal(fabric.state().remoteCount, 1);
          await recover(ovs, fabric);
          assert.equal(fabric.state().remoteCount, 7);
        },
        { runDirectory: between.runDirectory },
      ),
    ),
  ));

test("killed when a port has its number and not its flows: they come with the number it has then", () =>
  withOvs("between port and flows", (ovs) =>
    standBetween(ovs, (between) =>
      withFabric(
        ovs,
        async (fabric, events) => {
          fabric.adopt();
          await settle(fabric);
          let killed: Promise<void> | undefined;
          between.meddle = (message) => {
            if (isAbout(message, 2)) killed ??= ovs.killSwitch();
          };
          fabric.desire(localAt("n/a", 2));
          await until("it is killed", () => killed !== undefined);
          between.meddle = undefined;
          await killed;
          assert.deepEqual(events, [], "nothing is told before it is so");
          // It gets another number from the new switch.
          const before = portOf(ovs, 2);
          const request = [
            "--no-wait",
            "set",
            "interface",
            deviceName(1, ADDRESS + 2),
            `ofport_request=${before + 20}`,
          ];
          assert.equal(ovs.vsctl(request).status, 0);
          await recover(ovs, fabric);
          assert.equal(portOf(ovs, 2), before + 20);
          assert.ok(dumpText(ovs).some((line) => line.includes(`actions=output:${before + 20}`)));
          assert.equal(fabric.state().localCount, 1);
        },
        { runDirectory: between.runDirectory },
      ),
    ),
  ));

test("killed while ports are made, and back with other numbers: each guest's flows speak of its own port", () =>
  withOvsAndFabric("other numbers", async ({ ovs, fabric }) => {
    fabric.adopt();
    for (const last of [2, 3, 4]) fabric.desire(localAt(`n/a${last}`, last));
    await settle(fabric);
    for (const last of [5, 6, 7]) fabric.desire(localAt(`n/a${last}`, last));
    // The transaction leaves with this turn of the loop, and nobody acts upon it.
    await ovs.killSwitch();
    const numbers = new Map([2, 3, 4].map((last) => [last, portOf(ovs, last)]));
    // Round about: 2 gets the number of 3, 3 that of 4, 4 that of 2.
    for (const [last, next] of [
      [2, 3],
      [3, 4],
      [4, 2],
    ] as const) {
      const device = deviceName(1, ADDRESS + last);
      const set = ["--no-wait", "set", "interface", device, `ofport_request=${numbers.get(next)}`];
      assert.equal(ovs.vsctl(set).status, 0);
    }
    await recover(ovs, fabric);
    assert.equal(fabric.state().localCount, 6);
    for (const last of [2, 3, 4, 5, 6, 7]) {
      const mac = guestMac(1, ADDRESS + last)
        .toString(16)
        .padStart(12, "0")
        .replaceAll(/..(?=.)/g, "$&:");
      const output = dumpText(ovs).find((line) => line.includes(`tun_id=0x1,dl_dst=${mac}`));
      assert.match(output ?? "", new RegExp(`actions=output:${portOf(ovs, last)}$`));
      const source = dumpText(ovs).find((line) => line.includes("priority=100,ip,") && line.includes(`dl_src=${mac}`));
      assert.match(source ?? "", new RegExp(`in_port=${portOf(ovs, last)},`));
    }
  }));
