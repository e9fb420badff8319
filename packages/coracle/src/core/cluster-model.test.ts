// The sample cluster from looks at it: totals over restarts, rates, who lives, what was lost, and what is told of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterModel } from "./cluster-model.ts";
import {
  type ClusterSample,
  type DevicesSample,
  readAddressChanges,
  readDevicesSample,
  readNodes,
  readRouterSample,
  type RouterSample,
} from "./cluster-sample.ts";
import { formatCluster, formatClusterBriefly } from "./cluster-table.ts";
import { MetricSamples } from "./metric-samples.ts";

const ROUTER: RouterSample = {
  served: 100,
  forwarded: 60,
  backwarded: 60,
  handshakes: 5,
  sessions: 5,
  drops: new Map(),
};
const DEVICES: DevicesSample = {
  connected: 10,
  requests: 100,
  answered: 100,
  lost: 0,
  retransmissions: 0,
  handshakes: 10,
  latencySeconds: 0.2,
};

function look(wallMs: number, change: Partial<ClusterSample> = {}): ClusterSample {
  const routers = new Map([
    [1, ROUTER],
    [2, ROUTER],
  ]);
  return { wallMs, routers, devices: DEVICES, addressChanges: 0, nodes: undefined, ...change };
}

function news(model: ClusterModel): string[] {
  const told: string[] = [];
  for (let next = model.pollNews(); next !== undefined; next = model.pollNews())
    told.push(`${next.event}: ${next.text}`);
  return told;
}

const newModel = (): ClusterModel => new ClusterModel({ routers: 2, devices: 10 });

test("what a router counted before it started again is not forgotten", () => {
  const model = newModel();
  model.take(look(0));
  model.take(look(1000, { routers: new Map([[1, ROUTER]]) }));
  assert.equal(model.view().routers[1]?.sessions, 0);
  const again = { ...ROUTER, served: 7, forwarded: 1 };
  model.take(look(2000, { routers: new Map([[2, again]]) }));
  const [, second] = model.view().routers;
  assert.equal(second?.served, 107);
  assert.equal(second?.forwarded, 61);
  assert.equal(second?.sessions, 5);
});

test("a router that lives and does not tell its numbers is shown to be silent, as they would look like none lost", () => {
  const model = newModel();
  const alive = [1, 2].map((nodeId) => ({ nodeId, liveness: "alive" }));
  const one = new Map([[1, ROUTER]]);
  const silent = (): readonly boolean[] => formatCluster(model.view()).map((line) => line.includes("tells no numbers"));
  model.take(look(0, { routers: new Map() }));
  assert.deepEqual(silent(), [false, false, false]);
  model.take(look(1000, { nodes: alive, routers: one }));
  assert.deepEqual(silent(), [false, true, false]);
  model.take(look(2000, { nodes: alive }));
  assert.deepEqual(silent(), [false, false, false]);
  for (let second = 3; second <= 7; second++) model.take(look(second * 1000, { nodes: alive, routers: one }));
  assert.deepEqual(silent(), [false, true, false]);
});

test("requests a second and their latency are those of the last moments", () => {
  const model = newModel();
  for (let second = 0; second <= 20; second++) {
    const answered = second * (second < 10 ? 100 : 20);
    model.take(look(second * 1000, { devices: { ...DEVICES, answered, latencySeconds: answered * 0.004 } }));
  }
  const { requestsPerSecond, latencyMs, answered } = model.view();
  assert.equal(requestsPerSecond, 20);
  assert.equal(latencyMs, 4);
  assert.equal(answered, 900 + 400);
  model.take(look(21_000, { devices: undefined }));
  assert.equal(model.view().connected, 0);
});

test("lost is what nobody answered and what routers dropped, and is told in swarms", () => {
  const model = newModel();
  model.take(look(0));
  assert.equal(model.view().lost, 0);
  assert.deepEqual(news(model), ["devices: all 10 devices are connected"]);
  const lose = (wallMs: number, lost: number, dropped: number): string[] => {
    const drops = new Map([["unknown-cid", dropped]]);
    const routers = new Map([[1, { ...ROUTER, drops }]]);
    model.take(look(wallMs, { routers, devices: { ...DEVICES, requests: 120, lost } }));
    return news(model);
  };
  assert.deepEqual(lose(1000, 0, 3), ["lost: lost: 0 of 120 requests got no answer; routers dropped 3 unknown-cid"]);
  assert.deepEqual(lose(2000, 2, 4), []);
  assert.deepEqual(lose(11_000, 2, 4), ["lost: lost: 2 of 120 requests got no answer; routers dropped 4 unknown-cid"]);
  assert.deepEqual(lose(22_000, 2, 4), []);
  const { lost, requestsLost, recordsDropped } = model.view();
  assert.deepEqual(
    { lost, requestsLost, recordsDropped },
    { lost: 6, requestsLost: 2, recordsDropped: { "unknown-cid": 4 } },
  );
});

test("a router's death and return are told once each, its first sight and strangers are not", () => {
  const model = newModel();
  const see = (liveness: string): string[] => {
    const nodes = [
      { nodeId: 1, liveness: "alive" },
      { nodeId: 2, liveness },
      { nodeId: 9, liveness },
    ];
    model.take(look(0, { nodes, devices: undefined }));
    return news(model);
  };
  assert.equal(model.view().membersAlive, 0);
  assert.deepEqual(see("alive"), []);
  assert.equal(model.view().membersAlive, 2);
  assert.deepEqual(see("dead"), ["member: router 2 is dead, say the heartbeats"]);
  assert.deepEqual(see("dead"), []);
  assert.equal(model.view().membersAlive, 1);
  assert.deepEqual(see("alive"), ["member: router 2 is alive, say the heartbeats"]);
});

test("the table has a line for each router and one for the devices, which alone is shown on a small terminal", () => {
  const model = newModel();
  model.take(look(0));
  const nodes = [{ nodeId: 1, liveness: "alive" }];
  const routers = new Map([
    [1, { ...ROUTER, served: 1400 }],
    [2, ROUTER],
  ]);
  model.take(look(1000, { nodes, routers, addressChanges: 10 }));
  model.take(look(3000, { devices: { ...DEVICES, answered: 160, latencySeconds: 0.5 }, addressChanges: 10 }));
  assert.deepEqual(formatCluster(model.view()), [
    "  router 1  alive    served 1,500  forwarded 60  backwarded 60  handshakes 5  sessions 5",
    "  router 2  unknown  served 100    forwarded 60  backwarded 60  handshakes 5  sessions 5",
    "  devices  10 of 10 up  20 requests/s  5.0 ms  160 answered  lost 0  8 % took a detour  new addresses 2 s ago",
  ]);
  assert.equal(formatClusterBriefly(model.view()).length, 1);
  model.take(look(4000, { devices: { ...DEVICES, lost: 2 } }));
  assert.match(formatClusterBriefly(model.view())[0] ?? "", / lost 2 \(2 requests\) /);
});

test("samples are read from what the programs answer", () => {
  const router = readRouterSample(
    new MetricSamples(`coracle_dtls_events_total{event="recordsOpened"} 9
coracle_dtls_events_total{event="handshakesCompleted"} 2
coracle_router_datagrams_total{route="forwarded"} 4
coracle_router_datagrams_total{route="backwarded"} 3
coracle_router_held{what="sessions"} 1
coracle_router_drops_total{cause="unknown-node"} 5
coracle_router_port_drops_total{port="public",cause="received-truncated"} 0
coracle_dtls_drops_total{cause="dropUnknownCid"} 6
coracle_dtls_drops_total{cause="dropReplayed"} 7
coracle_dtls_drops_total{cause="dropBadCookie"} 8
`),
  );
  const drops = new Map([
    ["unknown-node", 5],
    ["unknown-cid", 6],
  ]);
  assert.deepEqual(router, { served: 9, forwarded: 4, backwarded: 3, handshakes: 2, sessions: 1, drops });
  const moves = 'coracle_nat_moves_total{cause="rebind"} 80\ncoracle_nat_moves_total{cause="reshuffle"} 7\n';
  assert.equal(readAddressChanges(new MetricSamples(moves)), 80);
  const devices = readDevicesSample(new MetricSamples('coracle_devices_events_total{event="lost"} 3\n'));
  assert.equal(devices.lost, 3);
  assert.deepEqual(readNodes({ nodes: [{ nodeId: 1, liveness: "alive", extra: 1 }, 7] }), [
    { nodeId: 1, liveness: "alive" },
  ]);
  assert.equal(readNodes("no nodes"), undefined);
});
