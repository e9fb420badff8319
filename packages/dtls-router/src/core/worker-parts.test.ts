// The parts of a worker: shares of limits, homes of datagrams, handshakes that wait, keys in shared memory, chores, paths, messages.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { type Endpoint, nodeId } from "@coracle/cluster";
import { endpointOf } from "../testing/simulated-service.ts";
import { ADOPTED_FLOWS_MAX, AdoptedFlows } from "./adopted-flows.ts";
import { Chores, CHORES_MAX } from "./chores.ts";
import { DatagramHomes, flowHome } from "./datagram-home.ts";
import { HandshakeQueue, WAITING_HANDSHAKES_MAX } from "./handshake-queue.ts";
import { PathBook, PATHS_MAX } from "./path-book.ts";
import { directPath, routedPath } from "./peer-path.ts";
import { layOutPskIndex, PskIndex } from "./psk-index.ts";
import { shareOf } from "./share.ts";
import {
  addSessionCounts,
  addWorkerCounts,
  decodeMessage,
  encodeMessage,
  type PostedMember,
  type WorkerCounts,
} from "./worker-messages.ts";

const CLIENT = endpointOf("198.51.100.7:40000");
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A record with an ID of a node and a worker. */
function record(owner: number, worker: number): Uint8Array {
  const bytes = new Uint8Array(39).fill(0xaa);
  bytes.set([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 2, owner, worker, 2, 3, 4, 5, 0, 20]);
  return bytes;
}

describe("shares of a limit", () => {
  it("add up to it, and differ by one at most", () => {
    for (const [total, workers] of [
      [150_000, 7],
      [5, 3],
      [2, 2],
      [64, 1],
    ] as const) {
      const shares = Array.from({ length: workers }, (_, worker) => shareOf(total, worker, workers));
      assert.equal(
        shares.reduce((sum, share) => sum + share, 0),
        total,
      );
      assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
    }
  });
});

describe("the home of a datagram", () => {
  const workers = 5;
  const homes = (macSizeBytes = 0): DatagramHomes =>
    new DatagramHomes({ nodeId: 1, cidSizeBytes: 6, macSizeBytes, worker: 2, workers });
  const view = (bytes: Uint8Array) => ({ bytes, start: 0, end: bytes.length });
  const flow = (client: Endpoint): number => homes().ofPublic(view(record(9, 0)), client);
  const plain = Uint8Array.from([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]);

  it("is the worker in an ID of this node, also behind plaintext records", () => {
    for (let worker = 0; worker < workers; worker++) {
      assert.equal(homes().ofPublic(view(record(1, worker)), CLIENT), worker);
      assert.equal(homes().ofPublic(view(Uint8Array.from([...plain, ...record(1, worker)])), CLIENT), worker);
    }
  });

  it("is where it is if the ID is of no worker, or broken", () => {
    assert.equal(homes().ofPublic(view(record(1, 5)), CLIENT), 2);
    assert.equal(homes().ofPublic(view(record(1, 0).subarray(0, 15)), CLIENT), 2);
  });

  it("is the same for all else of a client: its handshake, what is forwarded for it, and the answers to that", () => {
    const random = new SeededRandom(3);
    const seen = new Set<number>();
    for (let index = 0; index < 50; index++) {
      for (const size of [4, 16]) {
        const client = { address: random.bytes(size), port: 1024 + (random.uint32() & 0x7fff) };
        const home = homes().ofPublic(view(plain), client);
        seen.add(home);
        assert.equal(flow(client), home);
        const { address, port } = client;
        for (const macSizeBytes of [0, 8]) {
          const head = [62, port & 0xff, port >>> 8, size, ...address, ...new Uint8Array(macSizeBytes)];
          const frame = Uint8Array.from([...head, ...record(9, 9)]);
          assert.equal(homes(macSizeBytes).ofCluster(view(frame)), home);
        }
      }
    }
    assert.equal(seen.size, workers);
    assert.equal(flowHome(0x7f00_0001, 40_000, 1), 0);
  });

  it("of a forwarded record is the worker in its ID; management is at home anywhere", () => {
    const head = [63, 0x40, 0x9c, 4, 198, 51, 100, 7];
    assert.equal(homes().ofCluster(view(Uint8Array.from([...head, ...record(1, 4)]))), 4);
    assert.equal(homes().ofCluster(view(Uint8Array.from([...head, ...plain, ...record(1, 4)]))), 4);
    assert.equal(homes().ofCluster(view(Uint8Array.of(61, 2, 0, 0, 0, 1))), 2);
  });
});

describe("flows of other workers' handshakes", () => {
  it("are kept up to their number, the oldest forgotten first, and forgotten when told", () => {
    const flows = new AdoptedFlows();
    const client = (port: number): Endpoint => ({ address: Uint8Array.of(10, 0, 0, 1), port });
    for (let port = 1; port <= ADOPTED_FLOWS_MAX + 1; port++) flows.note(client(port), port % 3);
    assert.equal(flows.size, ADOPTED_FLOWS_MAX);
    assert.deepEqual([flows.worker(client(1)), flows.worker(client(2))], [undefined, 2]);
    flows.forget(client(2));
    assert.equal(flows.worker(client(2)), undefined);
  });
});

describe("handshakes that wait", () => {
  it("come out in their order, with room in front, and there are only so many", () => {
    const queue = new HandshakeQueue();
    const bytes = Uint8Array.of(0, 0, 22, 1, 0);
    for (let index = 0; index < WAITING_HANDSHAKES_MAX; index++) {
      bytes[4] = index & 0xff;
      assert.ok(queue.push(index & 1, { bytes, start: 2, end: 5 }, CLIENT));
    }
    assert.equal(queue.push(0, { bytes, start: 2, end: 5 }, CLIENT), false);
    for (let index = 0; index < WAITING_HANDSHAKES_MAX; index++) {
      const waiting = queue.shift();
      assert.ok(waiting !== undefined && waiting.datagram.start >= 28);
      const { start, end } = waiting.datagram;
      assert.deepEqual([...waiting.datagram.bytes.subarray(start, end)], [22, 1, index & 0xff]);
      assert.equal(waiting.port, index & 1);
      assert.deepEqual(waiting.source, CLIENT);
    }
    assert.equal(queue.shift(), undefined);
    assert.ok(queue.push(0, { bytes, start: 2, end: 5 }, CLIENT));
  });
});

describe("keys in shared memory", () => {
  it("are found by the bytes of their identity, and by nothing else", () => {
    const table = new Map<string, Uint8Array>();
    for (let index = 0; index < 3000; index++) table.set(`device-${index}`, Uint8Array.of(index >>> 8, index & 0xff));
    table.set("gerät", Uint8Array.of(7));
    const index = new PskIndex(layOutPskIndex(table));
    for (const [identity, key] of table) assert.deepEqual(index.find(utf8(identity)), key);
    for (const other of ["device-3000", "device", "", "gerat"]) assert.equal(index.find(utf8(other)), undefined);
    assert.equal(new PskIndex(layOutPskIndex(new Map())).find(utf8("device")), undefined);
  });
});

describe("chores", () => {
  it("are done one after the other, a step at a time, and only so many may wait", () => {
    const chores = new Chores();
    const done: string[] = [];
    const chore = function* (name: string): Generator<undefined> {
      done.push(`${name}1`);
      yield undefined;
      done.push(`${name}2`);
    };
    assert.equal(chores.step(), false);
    chores.add(chore("a"));
    chores.add(chore("b"));
    assert.deepEqual(
      Array.from({ length: 4 }, () => chores.step()),
      [true, true, true, false],
    );
    assert.deepEqual(done, ["a1", "a2", "b1", "b2"]);
    for (let index = 0; index < CHORES_MAX; index++) chores.add(chore("c"));
    assert.throws(() => chores.add(chore("d")), /wait/);
  });
});

describe("the book of paths", () => {
  it("knows the paths that are made without it, both ways", () => {
    const book = new PathBook();
    const [router, other] = [endpointOf("10.0.0.2:5884"), endpointOf("10.0.0.3:5884")];
    for (const client of [CLIENT, endpointOf("[2001:db8::7]:1"), endpointOf("255.255.255.255:65535")]) {
      const { address, port } = client;
      const frame = { addressOffset: 1, addressSizeBytes: address.length, port };
      const bytes = Uint8Array.of(0, ...address);
      for (let again = 0; again < 2; again++) {
        assert.equal(book.direct(client), directPath(client));
        for (const each of [router, other]) {
          const path = book.routed(bytes, frame, each);
          assert.equal(path, routedPath(bytes, frame, each));
          assert.deepEqual(book.read(path), { client, router: each });
        }
        assert.deepEqual(book.read(directPath(client)), { client, router: undefined });
      }
    }
  });

  it("keeps only so many", () => {
    const book = new PathBook();
    for (let index = 0; index < 3 * PATHS_MAX; index++) {
      const client = { address: Uint8Array.of(10, index >>> 16, (index >>> 8) & 0xff, index & 0xff), port: 1 };
      assert.equal(book.direct(client), directPath(client));
      book.read(directPath(client));
      assert.ok(book.size <= 2 * PATHS_MAX);
    }
  });
});

describe("messages between threads", () => {
  it("come out as they went in", () => {
    const keys = { hash: "sha256", sign: Uint8Array.of(1, 2), verify: Uint8Array.of(3) } as const;
    const member: PostedMember = { nodeId: nodeId(2), endpoint: CLIENT, keys };
    assert.deepEqual(decodeMessage(encodeMessage(member)), member);
  });

  it("of several workers are added up", () => {
    const none = { dtls: {}, routes: {}, drops: {}, handshakeFailures: {}, refusals: {}, upstream: {}, lookups: {} };
    const counts = (sessions: number): WorkerCounts => ({
      ...none,
      held: { sessions },
      drops: { [`only${sessions}`]: 1 },
    });
    const sum = addWorkerCounts([counts(1), counts(2)]);
    assert.deepEqual([sum.held, sum.drops], [{ sessions: 3 }, { only1: 1, only2: 1 }]);
    const sessions = {
      sessions: 2,
      handshakes: 1,
      throughOtherNodes: 0,
      withoutConnectionId: 1,
      upstream: { ports: 1 },
    };
    const each = { ...sessions, bySuite: { A: 2 }, byIdentity: { psk: 2 }, byCidConfiguration: { 3: 1 } };
    assert.deepEqual(addSessionCounts([each, each]), {
      sessions: 4,
      handshakes: 2,
      throughOtherNodes: 0,
      withoutConnectionId: 2,
      bySuite: { A: 4 },
      byIdentity: { psk: 4 },
      byCidConfiguration: { 3: 2 },
      upstream: { ports: 2 },
    });
  });
});
