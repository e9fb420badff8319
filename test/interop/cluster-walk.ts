// A walk through a cluster: a device of each node goes through each other node, and its answers come from where they must.
import assert from "node:assert/strict";
import { RandomCids } from "@coracle/dtls";
import { Device } from "./device.ts";
import type { ClusterNode, ClusterOptions } from "./mixed-cluster.ts";

/** Sizes of the connection IDs that devices want for themselves. */
export const DEVICE_CID_SIZES: readonly number[] = [0, 4];

/** `answersComeFrom` tells through which port answers must come. */
export async function walk(
  nodes: readonly ClusterNode[],
  options: Pick<ClusterOptions, "credentials" | "host" | "cidSize">,
  answersComeFrom: "router" | "owner",
): Promise<void> {
  const { credentials, host } = options;
  for (const owner of nodes) {
    for (const cidSize of DEVICE_CID_SIZES) {
      const device = await Device.connect(owner.port, { psk: credentials.psk, cids: new RandomCids(cidSize) }, host);
      try {
        assert.equal(device.summary?.peerCid?.[0], owner.id);
        assert.equal(device.summary.peerCid.length, options.cidSize ?? 6);
        for (const through of nodes) {
          device.move(through.port);
          assert.match(await device.ask("over"), new RegExp(`^node=${owner.id} `));
          const expected = answersComeFrom === "router" ? through : owner;
          assert.equal(device.answeredFrom, expected.port, `owner ${owner.id} through ${through.id}`);
        }
      } finally {
        device.close();
      }
    }
  }
}
