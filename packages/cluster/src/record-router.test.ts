// The packet path's decisions: every outcome, every cause of a drop, and that no bytes bring it out of step.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Millis } from "@coracle/base";
import { hmacBytes } from "@coracle/runtime";
import * as fc from "fast-check";
import {
  DATAGRAM_SIZE_BYTES_MAX,
  type DatagramView,
  DROP_CAUSES,
  type DropCause,
  type Endpoint,
  FORWARD_HEADER_SIZE_BYTES_MAX,
  formatEndpoint,
  nodeId,
  parseEndpoint,
  type RouteDecision,
  RecordRouter,
  UNKNOWN_CID_CONFIG,
} from "./mod.ts";

const ROOM = FORWARD_HEADER_SIZE_BYTES_MAX;
const NOW = 1000 as Millis;
const CLIENT = "198.51.100.7:40000";
const NODE_1 = "10.0.0.1:5884";
const NODE_2 = "10.0.0.2:5884";

function at(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function view(bytes: Uint8Array): DatagramView {
  const roomy = new Uint8Array(ROOM + bytes.length);
  roomy.set(bytes, ROOM);
  return { bytes: roomy, start: ROOM, end: roomy.length };
}

/** A record with a 6-byte connection ID of node `owner`. */
function cidRecord(owner: number, contentSize = 20): Uint8Array {
  const record = new Uint8Array(19 + contentSize).fill(0xaa);
  record.set([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 2, owner, 1, 2, 3, 4, 5, contentSize >>> 8, contentSize & 255]);
  return record;
}

/** An answer to a client that wants no connection ID. */
function plainRecord(contentSize = 20): Uint8Array {
  const record = new Uint8Array(13 + contentSize).fill(0xbb);
  record.set([23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 2, contentSize >>> 8, contentSize & 255]);
  return record;
}

function keys(sign: string, verify: string) {
  const keyed = (key: string) => (data: Uint8Array) => hmacBytes("sha256", new TextEncoder().encode(key), data);
  return { sign: keyed(sign), verify: keyed(verify) };
}

/** Two nodes that know each other: datagrams come in at 1, node 2 owns the connection. */
function pair(mac: boolean, options: { backward?: boolean } = {}) {
  const [one, two] = [1, 2].map(
    (id) => new RecordRouter({ nodeId: nodeId(id), cidSizeBytes: 6, mac, hashSeed: id, ...options }),
  ) as [RecordRouter, RecordRouter];
  one.members.set(nodeId(2), at(NODE_2), mac ? keys("a", "b") : undefined);
  two.members.set(nodeId(1), at(NODE_1), mac ? keys("b", "a") : undefined);
  return { one, two };
}

/** What would be sent, as the receiver's view of it. */
function sent(datagram: DatagramView, decision: RouteDecision): DatagramView {
  return view(datagram.bytes.slice(decision.start, decision.end));
}

function content(datagram: DatagramView, decision: RouteDecision): Uint8Array {
  return datagram.bytes.slice(decision.start, decision.end);
}

function frameClient(datagram: DatagramView, { frame }: RouteDecision): string {
  const { addressOffset, addressSizeBytes, port } = frame;
  return formatEndpoint({ address: datagram.bytes.slice(addressOffset, addressOffset + addressSizeBytes), port });
}

for (const mac of [false, true]) {
  for (const client of [CLIENT, "[2001:db8::99]:40000"]) {
    test(`a record reaches its owner and the answer goes back the way it came (${mac ? "MAC" : "no MAC"}, ${client})`, () => {
      const { one, two } = pair(mac);
      const record = cidRecord(2);
      const incoming = view(record);
      const forward = one.routePublic(incoming, at(client), NOW);
      assert.deepEqual([forward.kind, forward.member?.nodeId], ["forward", 2]);
      assert.deepEqual(incoming.bytes.slice(incoming.start), record, "the datagram itself is not touched");
      const between = sent(incoming, forward);

      const local = two.routeCluster(between, at(NODE_1), NOW);
      assert.equal(local.kind, "local");
      assert.deepEqual(content(between, local), record);
      assert.equal(frameClient(between, local), client);
      const router = local.router;
      assert.ok(router !== undefined);

      const answer = plainRecord();
      const outgoing = view(answer);
      const back = two.routeAnswer(outgoing, at(client), router);
      assert.deepEqual([back.kind, back.member?.nodeId], ["send-backward", 1]);
      const returned = sent(outgoing, back);
      const out = one.routeCluster(returned, at(NODE_2), NOW);
      assert.equal(out.kind, "send-client");
      assert.deepEqual(content(returned, out), answer);
      assert.equal(frameClient(returned, out), client);
      assert.equal(one.counters.get("backwarded"), 1);
      assert.equal(two.counters.get("processed-forward"), 1);
    });
  }
}

test("own connection IDs, handshakes and other protocols stay here", () => {
  const { one } = pair(false);
  for (const bytes of [cidRecord(1), Uint8Array.of(22, 0xfe, 0xff, 0, 0), Uint8Array.of(0x40, 1), new Uint8Array(0)]) {
    const decision = one.routePublic(view(bytes), at(CLIENT), NOW);
    assert.deepEqual([decision.kind, decision.router], ["local", undefined]);
  }
  assert.equal(one.counters.get("local"), 4);
});

test("a Finished behind plaintext records is forwarded to its owner", () => {
  const { one } = pair(false);
  const flight = Uint8Array.from([20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 1, ...cidRecord(2)]);
  assert.equal(one.routePublic(view(flight), at(CLIENT), NOW).kind, "forward");
});

test("when the router has left, is unknown or backward is off, the answer goes directly", () => {
  const { two } = pair(false);
  assert.equal(two.routeAnswer(view(plainRecord()), at(CLIENT), undefined).kind, "send-client");
  two.members.remove(nodeId(1));
  assert.equal(two.routeAnswer(view(plainRecord()), at(CLIENT), at(NODE_1)).kind, "send-client");
  assert.deepEqual([two.counters.get("answered-direct"), two.counters.get("router-left")], [1, 1]);
  const off = pair(false, { backward: false });
  assert.equal(off.two.routeAnswer(view(plainRecord()), at(CLIENT), at(NODE_1)).kind, "send-client");
});

test("a moved node is reached at its new address, its old one is a stranger's", () => {
  const { one } = pair(false);
  one.members.set(nodeId(2), at("10.0.0.9:5884"));
  const decision = one.routePublic(view(cidRecord(2)), at(CLIENT), NOW);
  assert.equal(decision.member === undefined ? "" : formatEndpoint(decision.member.endpoint), "10.0.0.9:5884");
  const frame = Uint8Array.from([63, 1, 1, 4, 1, 2, 3, 4, ...cidRecord(1)]);
  assert.equal(one.routeCluster(view(frame), at(NODE_2), NOW).cause, "forward-unknown-sender");
});

test("pings and records of management sessions are left to the management plane", () => {
  const { one } = pair(true);
  for (const first of [60, 61, 20, 22, 25, 0])
    assert.equal(one.routeCluster(view(Uint8Array.of(first, 0, 0, 0, 0, 0)), at(NODE_2), NOW).kind, "management");
});

/** Node 1, which is told by its layout whose every connection ID is; node 2 is a member. */
function hiddenPair(owner: number): RecordRouter {
  const router = new RecordRouter({
    nodeId: nodeId(1),
    cidSizeBytes: 6,
    cidOwners: { ownerAt: () => owner },
    mac: false,
    hashSeed: 1,
  });
  router.members.set(nodeId(2), at(NODE_2));
  return router;
}

const HEADER = [1, 1, 4, 1, 2, 3, 4];

test("a layout says whose a connection ID is, whatever its first byte", () => {
  assert.equal(hiddenPair(2).routePublic(view(cidRecord(1)), at(CLIENT), NOW).member?.nodeId, 2);
  assert.equal(hiddenPair(1).routePublic(view(cidRecord(2)), at(CLIENT), NOW).kind, "local");
  assert.equal(hiddenPair(256).routePublic(view(cidRecord(1)), at(CLIENT), NOW).cause, "unknown-node");
  const forwarded = (owner: number, named: number): RouteDecision =>
    hiddenPair(owner).routeCluster(view(Uint8Array.of(63, ...HEADER, ...cidRecord(named))), at(NODE_2), NOW);
  assert.equal(forwarded(1, 2).kind, "local");
  assert.equal(forwarded(2, 1).cause, "misrouted");
  assert.equal(forwarded(UNKNOWN_CID_CONFIG, 1).cause, "unknown-cid-config");
  const noRecord = Uint8Array.of(63, ...HEADER, ...plainRecord());
  assert.equal(hiddenPair(UNKNOWN_CID_CONFIG).routeCluster(view(noRecord), at(NODE_2), NOW).cause, "misrouted");
});

const causes: Record<DropCause, () => RouteDecision> = {
  "broken-record": () => pair(false).one.routePublic(view(cidRecord(2).subarray(0, 30)), at(CLIENT), NOW),
  "unknown-node": () => pair(false).one.routePublic(view(cidRecord(9)), at(CLIENT), NOW),
  "unknown-cid-config": () => hiddenPair(UNKNOWN_CID_CONFIG).routePublic(view(cidRecord(2)), at(CLIENT), NOW),
  oversize: () => {
    const large = new Uint8Array(DATAGRAM_SIZE_BYTES_MAX);
    large.set(cidRecord(2));
    return pair(false).one.routePublic(view(large), at(CLIENT), NOW);
  },
  "no-keys": () => {
    const { one } = pair(true);
    one.members.set(nodeId(2), at(NODE_2));
    return one.routePublic(view(cidRecord(2)), at(CLIENT), NOW);
  },
  "short-frame": () => pair(false).one.routeCluster(view(Uint8Array.of(63, ...HEADER, 25)), at(NODE_2), NOW),
  "bad-address-size": () =>
    pair(false).one.routeCluster(view(Uint8Array.of(63, 1, 1, 5, ...cidRecord(1))), at(NODE_2), NOW),
  "forward-unknown-sender": () =>
    pair(false).one.routeCluster(view(Uint8Array.of(63, ...HEADER, ...cidRecord(1))), at(CLIENT), NOW),
  "backward-unknown-sender": () =>
    pair(false).one.routeCluster(view(Uint8Array.of(62, ...HEADER, ...plainRecord())), at(CLIENT), NOW),
  "bad-forward": () =>
    pair(true).one.routeCluster(
      view(Uint8Array.of(63, ...HEADER, 0, 0, 0, 0, 0, 0, 0, 0, ...cidRecord(1))),
      at(NODE_2),
      NOW,
    ),
  "bad-backward": () =>
    pair(true).one.routeCluster(
      view(Uint8Array.of(62, ...HEADER, 0, 0, 0, 0, 0, 0, 0, 0, ...plainRecord())),
      at(NODE_2),
      NOW,
    ),
  misrouted: () => pair(false).one.routeCluster(view(Uint8Array.of(63, ...HEADER, ...cidRecord(2))), at(NODE_2), NOW),
  "backward-no-record": () =>
    pair(false).one.routeCluster(view(Uint8Array.of(62, ...HEADER, ...new Uint8Array(40))), at(NODE_2), NOW),
  "unknown-flow": () =>
    pair(false).one.routeCluster(view(Uint8Array.of(62, ...HEADER, ...plainRecord())), at(NODE_2), NOW),
  "backward-off": () =>
    pair(false, { backward: false }).one.routeCluster(
      view(Uint8Array.of(62, ...HEADER, ...plainRecord())),
      at(NODE_2),
      NOW,
    ),
  "bad-port": () =>
    pair(false).one.routeCluster(view(Uint8Array.of(63, 0, 0, 4, 1, 2, 3, 4, ...cidRecord(1))), at(NODE_2), NOW),
};

for (const cause of DROP_CAUSES) {
  test(`a datagram is dropped and counted: ${cause}`, () => {
    const decision = causes[cause]();
    assert.deepEqual([decision.kind, decision.cause], ["drop", cause]);
  });
}

test("an answer of a node that does not own the flow, or of an old flow, is not relayed", () => {
  const { one } = pair(false);
  one.members.set(nodeId(3), at("10.0.0.3:5884"));
  one.routePublic(view(cidRecord(2)), at("1.2.3.4:257"), NOW);
  const back = (): DatagramView => view(Uint8Array.of(62, ...HEADER, ...plainRecord()));
  assert.equal(one.routeCluster(back(), at("10.0.0.3:5884"), NOW).cause, "unknown-flow");
  assert.equal(one.routeCluster(back(), at(NODE_2), NOW).kind, "send-client");
  const late = (NOW + 15 * 60_000 + 1) as Millis;
  assert.equal(one.routeCluster(back(), at(NODE_2), late).cause, "unknown-flow");
  assert.equal(one.drops.get("unknown-flow"), 2);
  assert.deepEqual(
    one.drops.snapshot().find(([name]) => name === "unknown-flow"),
    ["unknown-flow", 2],
  );
});

test("a replayed or altered frame with a MAC is not taken for another client's", () => {
  const { one, two } = pair(true);
  const incoming = view(cidRecord(2));
  const between = sent(incoming, one.routePublic(incoming, at(CLIENT), NOW));
  for (let offset = between.start + 1; offset < between.end; offset++) {
    const altered = view(between.bytes.slice(between.start, between.end));
    altered.bytes[offset] = (altered.bytes[offset] ?? 0) ^ 0x10;
    assert.equal(two.routeCluster(altered, at(NODE_1), NOW).kind, "drop", `offset ${offset - between.start}`);
  }
});

test("no datagram makes the router throw, write outside the room in front, or lose count", () => {
  const { one } = pair(false);
  let seen = 0;
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 90 }),
      fc.constantFrom(25, 20, 62, 63, 61, 0x40),
      fc.constantFrom(NODE_2, CLIENT, "[2001:db8::1]:9"),
      fc.boolean(),
      (bytes, first, source, fromCluster) => {
        if (bytes.length > 0) bytes[0] = first;
        if (first < 60 && bytes.length > 2) bytes.set([0xfe, 0xfd], 1);
        if (first > 61 && bytes.length > 3) bytes[3] = 4;
        const datagram = view(bytes);
        const decision = fromCluster
          ? one.routeCluster(datagram, at(source), NOW)
          : one.routePublic(datagram, at(source), NOW);
        seen++;
        assert.deepEqual(datagram.bytes.slice(ROOM), bytes);
        assert.ok(decision.start >= 0 && decision.end <= datagram.bytes.length && decision.start <= decision.end);
      },
    ),
    { numRuns: 5000 },
  );
  const total = [...one.drops.snapshot(), ...one.counters.snapshot()].reduce((sum, [, count]) => sum + count, 0);
  assert.equal(total, seen, "each datagram is counted once");
});

test("a buffer without room for a header is a mistake of the caller", () => {
  const { one } = pair(false);
  const bytes = cidRecord(2);
  assert.throws(
    () => one.routePublic({ bytes, start: 0, end: bytes.length }, at(CLIENT), NOW),
    /Cannot write 28 bytes in front: room is 0/,
  );
});
