// Clusters with a fixed table: our nodes beside models of Californium's, no word between them but clients' records.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Millis, SeededRandom } from "@coracle/base";
import { freshSeeds, PacketNetwork } from "@coracle/sim";
import {
  type Endpoint,
  encodePingPong,
  FORWARD_HEADER_SIZE_BYTES_MAX,
  formatEndpoint,
  ManagementPlane,
  NodeState,
  nodeId,
  RecordRouter,
} from "./mod.ts";
import { CaliforniumStaticNode, type SentDatagram } from "./testing/californium-static-node.ts";
import { FakeChannel } from "./testing/fake-channel.ts";
import { endpointOf } from "./testing/simulated-cluster.ts";

const IDS = [1, 2, 3, 4];
const SEEDS = [1, 2, 3, ...freshSeeds()];
const ROOM = FORWARD_HEADER_SIZE_BYTES_MAX;
const CONTENT_SIZE = 20;

/** A record with a connection ID of node `owner` and a number in it. */
function request(owner: number, number: number): Uint8Array {
  const record = new Uint8Array(19 + CONTENT_SIZE);
  record.set([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, number, owner, 1, 2, 3, 4, 5, 0, CONTENT_SIZE, number]);
  return record;
}

/** The answer to a client that wants no connection ID: the same number, and whose answer it is. */
function answerOf(id: number, record: Uint8Array): Uint8Array {
  const answer = new Uint8Array(13 + CONTENT_SIZE);
  answer.set([23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, record[10] ?? 0, 0, CONTENT_SIZE, record[19] ?? 0, id]);
  return answer;
}

/** Our node: the decisions of its packet path, and the plane that tells it who is in the table. */
class OurNode {
  readonly router: RecordRouter;
  readonly plane: ManagementPlane;
  readonly #id: number;

  constructor(id: number, table: ReadonlyMap<number, string>, random: SeededRandom) {
    this.#id = id;
    this.router = new RecordRouter({ nodeId: nodeId(id), cidSizeBytes: 6, mac: false, hashSeed: random.uint32() });
    const selfAddresses = [endpointOf(clusterAt(id))];
    this.plane = new ManagementPlane({
      mode: "static",
      table: { nodeId: nodeId(id), random, discovery: { kind: "dynamic" }, selfAddresses },
    });
    this.plane.handle({ kind: "start" }, 0 as Millis);
    this.retable(table);
  }

  retable(table: ReadonlyMap<number, string>): void {
    const nodes = [...table].map(([id, at]) => ({ nodeId: nodeId(id), addresses: [endpointOf(at)] }));
    this.plane.handle({ kind: "table", nodes }, 0 as Millis);
    for (let output = this.plane.poll(); output !== undefined; output = this.plane.poll()) {
      assert.notEqual(output.kind, "transmit", "it has nothing to say to other nodes");
      if (output.kind === "member-set") this.router.members.set(output.nodeId, output.endpoint, output.keys);
      else if (output.kind === "member-removed") this.router.members.remove(output.nodeId);
    }
  }

  receive(port: "public" | "cluster", from: string, bytes: Uint8Array): SentDatagram | undefined {
    const roomy = new Uint8Array(ROOM + bytes.length);
    roomy.set(bytes, ROOM);
    const datagram = { bytes: roomy, start: ROOM, end: roomy.length };
    const source = endpointOf(from);
    const decision =
      port === "public"
        ? this.router.routePublic(datagram, source, 0 as Millis)
        : this.router.routeCluster(datagram, source, 0 as Millis);
    const { kind, start, end, member, router, frame } = decision;
    const client = (): Endpoint =>
      frame.addressSizeBytes === 0 || port === "public"
        ? source
        : { address: roomy.slice(frame.addressOffset, frame.addressOffset + frame.addressSizeBytes), port: frame.port };
    if (kind === "forward" && member !== undefined)
      return { port: "cluster", to: formatEndpoint(member.endpoint), bytes: roomy.slice(start, end) };
    if (kind === "send-client") return { port: "public", to: formatEndpoint(client()), bytes: roomy.slice(start, end) };
    if (kind === "management") this.plane.handle({ kind: "datagram", from: source, bytes }, 0 as Millis);
    if (kind !== "local") return undefined;
    return this.#answer(roomy.slice(start, end), client(), router);
  }

  #answer(record: Uint8Array, client: Endpoint, router: Endpoint | undefined): SentDatagram {
    const answer = answerOf(this.#id, record);
    const roomy = new Uint8Array(ROOM + answer.length);
    roomy.set(answer, ROOM);
    const { kind, start, end, member } = this.router.routeAnswer(
      { bytes: roomy, start: ROOM, end: roomy.length },
      client,
      router && { address: router.address.slice(), port: router.port },
    );
    const bytes = roomy.slice(start, end);
    if (kind === "send-client" || member === undefined) return { port: "public", to: formatEndpoint(client), bytes };
    return { port: "cluster", to: formatEndpoint(member.endpoint), bytes };
  }
}

function clusterAt(id: number): string {
  return `10.0.0.${id}:5884`;
}

/** Nodes 1 and 3 are Californium's, 2 and 4 ours; each has the table of all. */
class StaticWorld {
  readonly random: SeededRandom;
  readonly network: PacketNetwork;
  readonly nodes: Map<number, CaliforniumStaticNode | OurNode> = new Map();
  /** First bytes of all that was sent between nodes. */
  readonly frameTypes: Set<number> = new Set();
  /** `client, node it came from, number, owner` of every answer. */
  readonly answers: Set<string> = new Set();
  #nowMs = 0;

  constructor(seed: number, lossRate: number) {
    this.random = new SeededRandom(seed);
    this.network = new PacketNetwork({ random: this.random, lossRate, delayMsMin: 0.2, delayMsMax: 5 });
    for (const id of IDS) this.start(id);
  }

  start(id: number): void {
    const table = new Map(IDS.filter((other) => other !== id).map((other) => [other, clusterAt(other)]));
    const ours = id % 2 === 0;
    this.nodes.set(
      id,
      ours
        ? new OurNode(id, table, this.random)
        : new CaliforniumStaticNode(id, table, (record) => answerOf(id, record)),
    );
  }

  ours(id: number): OurNode {
    const node = this.nodes.get(id);
    assert.ok(node instanceof OurNode);
    return node;
  }

  /** Sends one request and lets everything happen; true if it was answered by its owner through the node that it went to. */
  ask(client: string, { through, owner, number }: { through: number; owner: number; number: number }): boolean {
    this.network.send(client, `192.0.2.${through}:5684`, request(owner, number), this.#nowMs);
    this.run();
    return this.answers.has(`${client} 192.0.2.${through}:5684 ${number} ${owner}`);
  }

  run(): void {
    for (let steps = 0; ; steps++) {
      assert.ok(steps < 10_000, "it comes to rest");
      const nextMs = this.network.nextArrival();
      if (nextMs === undefined) return;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      for (const { from, to, bytes } of this.network.arrivals(this.#nowMs)) this.#deliver(from, to, bytes);
    }
  }

  #deliver(from: string, to: string, bytes: Uint8Array): void {
    const [, net, id] = /^(192\.0\.2|10\.0\.0)\.(\d+):/.exec(to) ?? [];
    if (net === undefined) {
      this.answers.add(`${to} ${from} ${bytes[13]} ${bytes[14]}`);
      return;
    }
    const port = net === "10.0.0" ? "cluster" : "public";
    const sent = this.nodes.get(Number(id))?.receive(port, from, bytes);
    if (sent === undefined) return;
    if (sent.port === "cluster") this.frameTypes.add(sent.bytes[0] ?? 0);
    const at = sent.port === "cluster" ? clusterAt(Number(id)) : `192.0.2.${id}:5684`;
    this.network.send(at, sent.to, sent.bytes, this.#nowMs);
  }
}

/** Every owner's client goes through every node, at IPv4 and IPv6; how many tries that took. */
function walk(world: StaticWorld, triesMax: number): number {
  let tries = 0;
  let number = 0;
  for (const owner of IDS) {
    for (const through of IDS) {
      for (const client of [`198.51.100.${owner}:4000${through}`, `[2001:db8::${owner}]:4000${through}`]) {
        number++;
        let isAnswered = false;
        for (let attempt = 0; attempt < triesMax && !isAnswered; attempt++) {
          tries++;
          isAnswered = world.ask(client, { through, owner, number });
        }
        assert.ok(isAnswered, `${client} of node ${owner} through node ${through}`);
      }
    }
  }
  return tries;
}

test("two of Californium's nodes and two of ours serve every client through every node with a fixed table and not one ping", () => {
  for (const seed of SEEDS) {
    const world = new StaticWorld(seed, 0);
    assert.equal(walk(world, 1), 32, `CORACLE_SIM_SEED=${seed}: no request is sent twice`);
    assert.deepEqual(
      [...world.frameTypes].toSorted((a, b) => a - b),
      [62, 63],
      `CORACLE_SIM_SEED=${seed}`,
    );
    for (const id of [2, 4]) {
      const { router, plane } = world.ours(id);
      assert.deepEqual(
        router.drops.snapshot().filter(([, count]) => count > 0),
        [],
      );
      assert.equal(plane.table.ready, true);
    }
  }
});

test("loss costs tries and nothing else: nobody is taken out of a fixed table", () => {
  for (const seed of SEEDS) {
    const world = new StaticWorld(seed, 0.2);
    const tries = walk(world, 50);
    assert.ok(tries > 32, `CORACLE_SIM_SEED=${seed}: something was lost`);
    assert.equal(world.ours(2).plane.table.members, 3);
  }
});

test("a node of either kind that was away is served the moment it is back, with nothing to learn", () => {
  const world = new StaticWorld(7, 0);
  for (const id of IDS) {
    world.nodes.delete(id);
    const other = id === 4 ? 1 : id + 1;
    assert.equal(world.ask("198.51.100.9:40000", { through: other, owner: id, number: 50 + id }), false);
    world.start(id);
    assert.equal(world.ask("198.51.100.9:40000", { through: other, owner: id, number: 60 + id }), true);
    assert.equal(world.ask("198.51.100.9:40000", { through: id, owner: other, number: 70 + id }), true);
  }
});

test("frames from outside the table are dropped, pings and management records counted, and none is answered", () => {
  const world = new StaticWorld(8, 0);
  const node = world.ours(2);
  const client = Uint8Array.of(0, 80, 4, 198, 51, 100, 1);
  for (const [type, cause] of [
    [63, "forward-unknown-sender"],
    [62, "backward-unknown-sender"],
  ] as const) {
    const bytes = Uint8Array.of(type, ...client, ...request(2, 1));
    assert.equal(node.receive("cluster", "10.0.0.9:5884", bytes), undefined);
    assert.equal(node.receive("cluster", "10.0.0.1:5885", bytes), undefined, "a member's address, another port");
    assert.equal(node.router.drops.get(cause), 2);
  }
  const ping = encodePingPong("ping", nodeId(1), NodeState.up);
  for (const bytes of [ping, Uint8Array.of(22, 0xfe, 0xfd, 0, 0, 0), Uint8Array.of(9)])
    assert.equal(node.receive("cluster", clusterAt(1), bytes), undefined);
  assert.deepEqual([node.plane.poll(), node.plane.table.members], [undefined, 3]);
  assert.deepEqual(
    node.plane.counters.snapshot().filter(([, count]) => count > 0),
    [
      ["management-in-static-mode", 2],
      ["unknown-datagram", 1],
    ],
  );
});

test("a member's backward frame reaches only clients that were forwarded to it", () => {
  const world = new StaticWorld(9, 0);
  const node = world.ours(2);
  const back = Uint8Array.of(62, 0, 80, 4, 198, 51, 100, 1, ...answerOf(1, request(1, 1)));
  assert.equal(node.receive("cluster", clusterAt(1), back), undefined);
  assert.equal(node.router.drops.get("unknown-flow"), 1);
});

test("a new table moves nodes, lets two change places, and takes them out of the packet path", () => {
  const world = new StaticWorld(10, 0);
  const node = world.ours(2);
  node.retable(
    new Map([
      [1, clusterAt(3)],
      [3, clusterAt(1)],
    ]),
  );
  const to = (owner: number): string | undefined => node.receive("public", "198.51.100.1:1", request(owner, 1))?.to;
  assert.deepEqual([to(1), to(3), to(4)], [clusterAt(3), clusterAt(1), undefined]);
  assert.equal(node.router.drops.get("unknown-node"), 1);
  assert.deepEqual(node.router.members.ids(), [1, 3]);
});

test("a fixed table is no business of the other modes, and a channel none of this one", () => {
  const table = {
    nodeId: nodeId(1),
    random: new SeededRandom(1),
    discovery: { kind: "dynamic" },
    nodesExpected: 2,
  } as const;
  const plain = new ManagementPlane({ mode: "plain", table });
  assert.throws(
    () => plain.handle({ kind: "table", nodes: [] }, 0 as Millis),
    /Cannot take a table of nodes in mode plain/,
  );
  const channel = new FakeChannel(new SeededRandom(1));
  assert.throws(() => new ManagementPlane({ mode: "static", table, channel }), /Cannot manage in mode static/);
});
