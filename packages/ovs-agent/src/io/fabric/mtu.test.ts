// The MTU of guests' devices: asked for once, at the bridge, where that does; one by one where it does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PrivateOvs, withOvs } from "@coracle/ovsdb/testing";
import { localAt, settle } from "./testing/fabric-contract.ts";
import { BRIDGE, withFabric } from "./testing/with-fabric.ts";

const DEVICE = "cor060000020001";

function told(ovs: PrivateOvs, device: string, column: string): string {
  return ovs.vsctl(["get", "interface", device, column]).stdout.trim();
}

test("guests have 50 bytes less than the underlay: from the bridge's request, which is mended, or their own", () =>
  withOvs("MTU", async (ovs) => {
    for (const [underlayMtu, ofBridge, ofDevice] of [
      [1500, "1450", "[]"],
      [1400, "1350", "[]"],
      [9000, "[]", "8950"],
    ] as const) {
      await withFabric(
        ovs,
        async (fabric) => {
          fabric.adopt();
          fabric.desire(localAt("n/a", 2));
          await settle(fabric);
          assert.equal(told(ovs, BRIDGE, "mtu_request"), ofBridge);
          assert.equal(told(ovs, DEVICE, "mtu_request"), ofDevice);
          assert.equal(told(ovs, DEVICE, "mtu"), String(underlayMtu - 50));
          fabric.release("n/a");
          await settle(fabric);
        },
        { underlayMtu },
      );
    }
  }));
