// The management plane: what each mode lets through, glare, keys of the MAC, sessions bound to node ids, end to end with the router.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Millis, SeededRandom } from "@coracle/base";
import { freshSeeds, PacketNetwork } from "@coracle/sim";
import {
  type DatagramView,
  encodePingPong,
  FORWARD_HEADER_SIZE_BYTES_MAX,
  glareRule,
  type ManagementMode,
  type ManagementOutput,
  ManagementPlane,
  NodeState,
  nodeId,
  RecordRouter,
} from "./mod.ts";
import { FakeChannel } from "./testing/fake-channel.ts";
import { endpointOf, SimulatedCluster, type SimulatedNode } from "./testing/simulated-cluster.ts";

const A = endpointOf("10.0.0.1:5884");
const B = endpointOf("10.0.0.2:5884");

function plane(mode: ManagementMode): { plane: ManagementPlane; channel: FakeChannel | undefined } {
  const random = new SeededRandom(3);
  const channel = mode === "plain" ? undefined : new FakeChannel(random);
  const made = new ManagementPlane({
    mode,
    ...(channel === undefined ? {} : { channel }),
    table: {
      nodeId: nodeId(1),
      random,
      discovery: { kind: "static", addresses: [A, B] },
      selfAddresses: [A],
    },
  });
  made.handle({ kind: "start" }, 0 as Millis);
  return { plane: made, channel };
}

function drain(from: ManagementPlane): ManagementOutput[] {
  const outputs: ManagementOutput[] = [];
  for (let output = from.poll(); output !== undefined; output = from.poll()) outputs.push(output);
  return outputs;
}

function counted({ counters }: ManagementPlane): string[] {
  return counters.snapshot().flatMap(([name, count]) => (count > 0 ? [`${name} ${count}`] : []));
}

test("each mode takes its own datagrams and counts the others", () => {
  const ping = encodePingPong("ping", nodeId(2), NodeState.up);
  const record = Uint8Array.of(22, 0xfe, 0xfd, 0, 0, 0);
  const plain = plane("plain").plane;
  for (const bytes of [ping, record, Uint8Array.of(9), new Uint8Array(0)])
    plain.handle({ kind: "datagram", from: B, bytes }, 1 as Millis);
  assert.deepEqual(counted(plain), ["record-in-plain-mode 1", "unknown-datagram 2"]);
  assert.equal(plain.table.members, 1);
  const secure = plane("dtls").plane;
  for (const bytes of [ping, Uint8Array.of(9)]) secure.handle({ kind: "datagram", from: B, bytes }, 1 as Millis);
  assert.deepEqual(counted(secure), ["plain-in-secure-mode 1", "unknown-datagram 1"]);
  assert.equal(secure.table.members, 0, "a ping in the clear proves nothing");
});

test("in mode plain only listed addresses get in; where a session proves membership any address does", () => {
  const stranger = endpointOf("10.0.0.9:5884");
  const ping = encodePingPong("ping", nodeId(9), NodeState.up);
  const plain = plane("plain").plane;
  plain.handle({ kind: "datagram", from: stranger, bytes: ping }, 1 as Millis);
  assert.deepEqual([plain.table.members, plain.table.counters.get("unlisted-sender")], [0, 1]);
  const network = new PacketNetwork({ random: new SeededRandom(1) });
  const cluster = new SimulatedCluster({ seed: 1, network, mode: "dtls", nodesExpected: 2 });
  cluster.start(1, "10.0.0.1:5884");
  cluster.start(9, "10.0.0.9:5884", false);
  assert.ok(cluster.runUntil(() => cluster.converged(), 5000));
});

test("a mode without its channel, or with one it does not use, refuses to start", () => {
  const table = {
    nodeId: nodeId(1),
    random: new SeededRandom(1),
    discovery: { kind: "static", addresses: [B] },
  } as const;
  assert.throws(() => new ManagementPlane({ mode: "dtls", table }), /mode dtls/);
  assert.throws(
    () => new ManagementPlane({ mode: "plain", table, channel: new FakeChannel(new SeededRandom(1)) }),
    /mode plain/,
  );
});

test("the rule against glare gives the two nodes of a pair opposite answers", () => {
  assert.deepEqual([glareRule([A], B), glareRule([B], A)], ["keep-own", "yield"]);
  const six = endpointOf("[2001:db8::1]:5884");
  assert.equal(glareRule([six], B), "yield", "no own address of that family");
  assert.equal(glareRule([six, A], B), "keep-own");
});

test("the lower address starts its handshake at once, the higher waits and then starts too", () => {
  const lower = plane("dtls").plane;
  lower.handle({ kind: "timeout" }, 200 as Millis);
  assert.deepEqual(counted(lower), ["no-session 1", "handshake-started 1"]);
  const random = new SeededRandom(3);
  const higher = new ManagementPlane({
    mode: "dtls",
    channel: new FakeChannel(random),
    table: { nodeId: nodeId(2), random, discovery: { kind: "static", addresses: [A, B] }, selfAddresses: [B] },
  });
  higher.handle({ kind: "start" }, 0 as Millis);
  for (let nowMs = 0; nowMs < 900; nowMs += 10) higher.handle({ kind: "timeout" }, nowMs as Millis);
  assert.equal(higher.counters.get("handshake-started"), 0);
  for (let nowMs = 900; nowMs < 3000; nowMs += 10) higher.handle({ kind: "timeout" }, nowMs as Millis);
  assert.equal(higher.counters.get("handshake-started"), 1);
});

test("a session belongs to the node id that spoke in it first", () => {
  const { plane: own, channel } = plane("dtls");
  const peer = new FakeChannel(new SeededRandom(9));
  const exchange = (nowMs: number): void => {
    for (let output = peer.poll(); output !== undefined; output = peer.poll())
      if (output.kind === "transmit") own.handle({ kind: "datagram", from: B, bytes: output.bytes }, nowMs as Millis);
    for (const output of drain(own)) if (output.kind === "transmit") peer.receive(A, output.bytes, nowMs as Millis);
  };
  peer.connect(A, "keep-own", 0 as Millis);
  for (let round = 0; round < 4; round++) exchange(1);
  assert.equal(channel?.status(B), "established");
  peer.send(A, encodePingPong("ping", nodeId(2), NodeState.up), 2 as Millis);
  exchange(2);
  assert.deepEqual(
    own.table.nodes().map((node) => node.nodeId),
    [2],
  );
  peer.send(A, encodePingPong("ping", nodeId(7), NodeState.up), 3 as Millis);
  exchange(3);
  assert.deepEqual(
    own.table.nodes().map((node) => node.nodeId),
    [2],
  );
  assert.equal(own.counters.get("session-id-changed"), 1);
});

/** Forwards one record through the member tables that the simulation filled. */
function forwardBetween(from: SimulatedNode, to: SimulatedNode): string {
  const [router, owner] = [from, to].map((node) => {
    const made = new RecordRouter({ nodeId: nodeId(node.id), cidSizeBytes: 6, mac: true, hashSeed: 1 });
    for (const id of node.members.ids()) {
      const member = node.members.member(id);
      if (member !== undefined) made.members.set(id, member.endpoint, member.keys);
    }
    return made;
  }) as [RecordRouter, RecordRouter];
  const bytes = new Uint8Array(FORWARD_HEADER_SIZE_BYTES_MAX + 40);
  bytes.set([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, to.id, 0, 0, 0, 0, 0, 0, 21], FORWARD_HEADER_SIZE_BYTES_MAX);
  const datagram: DatagramView = { bytes, start: FORWARD_HEADER_SIZE_BYTES_MAX, end: bytes.length };
  const decision = router.routePublic(datagram, endpointOf("192.0.2.9:1000"), 0 as Millis);
  if (decision.kind !== "forward") return decision.cause ?? decision.kind;
  const received = owner.routeCluster(
    { bytes, start: decision.start, end: decision.end },
    endpointOf(from.address),
    0 as Millis,
  );
  return received.cause ?? received.kind;
}

test("in mode dtls-mac every pair ends with keys of one session, opposite roles, also after restarts", () => {
  for (const seed of [1, 2, 3, ...freshSeeds()]) {
    const network = new PacketNetwork({
      random: new SeededRandom(seed),
      lossRate: 0.05,
      delayMsMin: 0.2,
      delayMsMax: 30,
    });
    const cluster = new SimulatedCluster({ seed, network, mode: "dtls-mac", nodesExpected: 5 });
    for (let id = 1; id <= 5; id++) cluster.start(id, `10.0.0.${id}:5884`);
    assert.ok(
      cluster.runUntil(() => cluster.converged(), 20_000),
      `CORACLE_SIM_SEED=${seed}: no cluster`,
    );
    cluster.stop("10.0.0.3:5884");
    cluster.start(3, "10.0.0.3:5884");
    cluster.run(30_000);
    assert.ok(cluster.converged(), `CORACLE_SIM_SEED=${seed}: the restarted node is not back`);
    const nodes = [...cluster.nodes.values()];
    for (const from of nodes)
      for (const to of nodes)
        if (from !== to)
          assert.equal(forwardBetween(from, to), "local", `CORACLE_SIM_SEED=${seed}: ${from.id} to ${to.id}`);
  }
});
