// The fast encoder against the plain one, byte by byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeFlow, MessageBuffer, OPENFLOW_14, OPENFLOW_15 } from "@coracle/openflow";
import * as fc from "fast-check";
import { VNI_MAX } from "../mac-address.ts";
import { RemoteEncoder } from "./remote-encoder.ts";
import { remoteFlows } from "./remote-flows.ts";

const remote = fc.record({
  kind: fc.constant("remote" as const),
  owner: fc.constant("n/a"),
  vni: fc.integer({ min: 1, max: VNI_MAX }),
  ipv4: fc.oneof(
    fc.integer({ min: 0x0a00_0000, max: 0x0aff_ffff }),
    fc.integer({ min: 0xac10_0000, max: 0xac1f_ffff }),
    fc.integer({ min: 0xc0a8_0000, max: 0xc0a8_ffff }),
  ),
  hostIp: fc.integer({ min: 0, max: 0xffff_ffff }),
});

test("every remote interface's flow-mods are those of encodeFlow", () => {
  for (const ports of [
    { tunnelPort: 1, round: 1 },
    { tunnelPort: 0xfeff, round: 300 },
  ]) {
    const encoder = new RemoteEncoder(ports);
    fc.assert(
      fc.property(
        remote,
        fc.constantFrom(OPENFLOW_14, OPENFLOW_15),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (one, version, xid) => {
          const [fast, plain] = [new MessageBuffer(), new MessageBuffer()];
          for (const [index, flow] of remoteFlows(one, ports.tunnelPort, ports.round).entries()) {
            encoder.encode(one, index, fast, { version, xid });
            encodeFlow(plain, { version, xid }, "add", flow);
          }
          assert.deepEqual(fast.written(), plain.written());
        },
      ),
    );
  }
});
