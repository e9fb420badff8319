// From flags to settings: how many nodes a list stands for, which address is this node's own, what contradicts itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import { systemCrypto } from "@coracle/dtls/io";
import type { PeerName } from "../peer-list.ts";
import { endpointOf } from "../testing/simulated-cluster.ts";
import { type ClusterConfig, clusterSettings, staticSelf } from "./cluster-settings.ts";
import { clusterSecurity, staticSecurity } from "./cluster-secret.ts";

const OWN: PeerName = { host: "10.0.0.1", port: 5884 };
const CONFIG: ClusterConfig = {
  nodeId: 1,
  clusterAddress: undefined,
  nodesExpected: undefined,
  readyNodesMin: undefined,
};
const SECRET = { DTLS_CID_MGMT_IDENTITY: "nodes", DTLS_CID_MGMT_SECRET_BASE64: "AAECAwQFBgcICQoLDA0ODw==" };

function settings(listed: readonly string[], config: Partial<ClusterConfig> = {}, clusterListen: PeerName = OWN) {
  return clusterSettings({
    config: { ...CONFIG, ...config },
    clusterListen,
    security: { mode: "plain", credentials: undefined },
    listed: listed.map(endpointOf),
    crypto: systemCrypto,
    random: new SeededRandom(1),
  });
}

const COUNTED: readonly (readonly [listed: readonly string[], nodes: number])[] = [
  [["10.0.0.2:5884"], 2],
  [["10.0.0.1:5884"], 1],
  [["10.0.0.1:5884", "10.0.0.2:5884"], 2],
  [["10.0.0.2:5884", "10.0.0.3:5884"], 3],
  [["10.0.0.1:5884", "10.0.0.2:5884", "10.0.0.3:5884", "10.0.0.3:5884"], 3],
  [["10.0.0.1:5885"], 2],
  [[], 2],
];

test("a list counts this node whether it names it or not, and one entry of another node is a cluster of two", async () => {
  for (const [listed, nodes] of COUNTED)
    assert.equal((await settings(listed)).management.table.nodesExpected, nodes, listed.join());
  assert.equal((await settings(["10.0.0.2:5884"], { nodesExpected: 5 })).management.table.nodesExpected, 5);
});

test("a wildcard does not say which address is this node's, another flag must; in a fixed table it need not", async () => {
  const wildcard: PeerName = { host: "0.0.0.0", port: 5884 };
  await assert.rejects(settings(["10.0.0.2:5884"], {}, wildcard), /--cluster-address is needed/);
  const told = await settings(["10.0.0.1:5884"], { clusterAddress: OWN }, wildcard);
  assert.equal(told.management.table.nodesExpected, 1);
  const self = await staticSelf({ config: CONFIG, clusterListen: wildcard });
  assert.deepEqual([self.selfAddresses, self.addressSizeBytes], [[], 4]);
  const six = await staticSelf({ config: { ...CONFIG, clusterAddress: OWN }, clusterListen: { host: "::", port: 1 } });
  assert.deepEqual([six.selfAddresses, six.addressSizeBytes], [[endpointOf("10.0.0.1:5884")], 16]);
});

test("more nodes to be ready than are expected is refused", async () => {
  await assert.rejects(settings(["10.0.0.2:5884"], { readyNodesMin: 3 }), /3 is more than the 2 nodes expected/);
});

test("the secret decides the mode unless a flag does, and protects no fixed table", () => {
  const mode = (wanted: Parameters<typeof clusterSecurity>[0], environment: Record<string, string>): string =>
    clusterSecurity(wanted, environment).mode;
  assert.deepEqual([mode("auto", {}), mode("auto", SECRET)], ["plain", "dtls-mac"]);
  assert.deepEqual([mode("dtls", SECRET), mode("plain", SECRET)], ["dtls", "plain"]);
  for (const wanted of ["dtls", "dtls-mac"] as const) assert.throws(() => mode(wanted, {}), /needs DTLS_CID_MGMT/);
  for (const [name, value] of Object.entries(SECRET))
    assert.throws(() => mode("auto", { [name]: value }), /go together/);
  assert.throws(() => mode("auto", { ...SECRET, DTLS_CID_MGMT_SECRET_BASE64: "§" }), /is not base64/);
  assert.equal(staticSecurity("auto", {}).mode, "static");
  const { mode: fixed, credentials } = staticSecurity("plain", SECRET);
  assert.deepEqual([fixed, credentials?.secret.length], ["static", 16]);
  assert.throws(() => staticSecurity("auto", SECRET), /Cannot protect a cluster with a fixed table/);
});
