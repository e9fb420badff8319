// Hostile datagrams through the workers of one node, without threads: whichever worker one reaches, it is accounted for once.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { type Endpoint, formatEndpoint, nodeId } from "@coracle/cluster";
import { DtlsClient, RandomCids } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { type ReceivedDatagram, systemClock, type UdpEndpoint } from "@coracle/runtime";
import { layOutPskIndex } from "../../packages/dtls-router/src/core/psk-index.ts";
import { Port, type SessionHost } from "../../packages/dtls-router/src/io/session-host.ts";
import { makeSessionHost, type SessionSettings } from "../../packages/dtls-router/src/io/session-settings.ts";
import { type Corpus, CorpusSource } from "./datagram-corpus.ts";
import { endpointOf } from "./fuzz-cluster.ts";
import { fuzzDatagrams, fuzzSeed } from "./fuzz-settings.ts";
import { Mutator, ROOM_BYTES } from "./mutation.ts";

const WORKERS = 3;
const BATCH = 64;
/** Of each of two layouts. */
const BATCHES = Math.ceil(fuzzDatagrams(150_000) / BATCH / 2);
const STRANGERS = 2000;
const KEY = new TextEncoder().encode("sixteen byte key");
const DEVICE = endpointOf("198.51.100.200:4200");
const MEMBER = endpointOf("10.0.0.2:5884");
const ROUTES_IN = ["local", "forwarded", "processed-forward", "backwarded", "management"];
/** GET /benchmark, confirmable. */
const REQUEST = Uint8Array.from([0x40, 1, 0, 1, 0xb9, ...new TextEncoder().encode("benchmark")]);

const SETTINGS: SessionSettings = {
  nodeId: 1,
  cidSizeBytes: 6,
  suites: [],
  clientCertificate: "none",
  credentials: { psk: layOutPskIndex(new Map([["device", KEY]])), pair: undefined, ca: undefined },
  limits: { sessionsMax: 90, handshakesMax: 60, handshakesPerSecond: 10_000, staleAfterMs: 60_000 },
  cluster: { mac: false, backward: true },
  cookieSecret: undefined,
  upstream: { kind: "coap", server: "test" },
};

/** The same with encrypted connection IDs: every made-up one is decrypted, and names some node or nobody. */
const HIDDEN: SessionSettings = {
  ...SETTINGS,
  layout: {
    serverIdSizeBytes: 1,
    nonceSizeBytes: 4,
    keys: { active: 0, configurations: [0, 3, 6].map((id) => ({ id, key: new Uint8Array(16).fill(id) })) },
    sessionIdKey: new Uint8Array(32),
  },
};

interface Delivery {
  readonly worker: number;
  readonly port: number;
  readonly datagram: ReceivedDatagram;
}

/** The workers, a device that behaves, and the books of who sent and got how much. */
class Node {
  readonly hosts: readonly SessionHost[];
  readonly sentBytes: Map<string, number> = new Map();
  readonly receivedBytes: Map<string, number> = new Map();
  /** Datagrams of the device, for the corpus. */
  readonly captured: Uint8Array[] = [];
  given = 0;
  #handedOver: Delivery[] = [];
  #toDevice: Uint8Array[] = [];
  #answers = 0;
  readonly #random: SeededRandom;
  readonly #settings: SessionSettings;
  readonly #device: DtlsClient;

  constructor(random: SeededRandom, settings: SessionSettings) {
    this.#random = random;
    this.#settings = settings;
    this.#device = new DtlsClient({
      crypto: systemCrypto,
      random,
      psk: { identity: new TextEncoder().encode("device"), key: KEY },
      cids: new RandomCids(0),
    });
    this.hosts = Array.from({ length: WORKERS }, (_, worker) => this.#makeHost(worker));
    for (const host of this.hosts) host.node.router.members.set(nodeId(2), MEMBER);
    this.#device.handle({ kind: "connect", peer: "node" }, systemClock.now());
    this.#exchange();
  }

  /** Gives a batch to any worker, as the kernel does where it cannot tell. */
  receive(port: number, datagrams: readonly ReceivedDatagram[]): void {
    const now = systemClock.now();
    this.given += datagrams.length;
    this.hosts[this.#random.uint32() % WORKERS]?.receive(port, { count: datagrams.length, datagrams }, now);
    for (const { worker, port: to, datagram } of this.#handedOver.splice(0)) {
      this.hosts[worker]?.handedOver(to, datagram, now);
    }
  }

  /** One request of the device; true if it was answered. */
  request(): boolean {
    const before = this.#answers;
    this.#device.handle({ kind: "send", bytes: REQUEST }, systemClock.now());
    this.#exchange();
    return this.#answers > before;
  }

  /** Lets every worker do what it put off, and meet its deadlines. */
  work(): void {
    for (const host of this.hosts) {
      host.tick(systemClock.now());
      while (host.work(systemClock.now()));
    }
  }

  #exchange(): void {
    for (let rounds = 0; rounds < 20; rounds++) {
      for (let output = this.#device.poll(); output !== undefined; output = this.#device.poll()) {
        if (output.kind === "data") this.#answers++;
        if (output.kind !== "send") continue;
        this.captured.push(output.bytes);
        this.receive(Port.public, [inMemory(output.bytes, 0, output.bytes.length, DEVICE)]);
        this.work();
      }
      for (const bytes of this.#toDevice.splice(0)) {
        this.#device.handle({ kind: "datagram", peer: "node", bytes }, systemClock.now());
      }
    }
  }

  #makeHost(worker: number): SessionHost {
    const local = { address: Uint8Array.of(192, 0, 2, 1), port: 5684 };
    const sendPublic: UdpEndpoint["send"] = (bytes, start, end, to) => {
      const key = formatEndpoint(to);
      if (key === formatEndpoint(DEVICE)) this.#toDevice.push(bytes.slice(start, end));
      else this.receivedBytes.set(key, (this.receivedBytes.get(key) ?? 0) + end - start);
      return true;
    };
    const sendCluster: UdpEndpoint["send"] = (_bytes, _start, _end, to) => {
      assert.equal(formatEndpoint(to), formatEndpoint(MEMBER), "only members are forwarded to");
      return true;
    };
    return makeSessionHost(this.#settings, {
      worker,
      workers: WORKERS,
      public: { local, send: sendPublic } as UdpEndpoint,
      cluster: { local, send: sendCluster } as UdpEndpoint,
      passUp: () => undefined,
      stranger: () => undefined,
      handOver: (to, { bytes, start, end, source }, port) =>
        this.#handedOver.push({ worker: to, port, datagram: inMemory(bytes, start, end, source) }) > 0,
      openPort: () => assert.fail("there is no upstream"),
      // An invention that a member forwards may be no ID of this node.
      handshakeFailed: () => undefined,
      warn: (message) => assert.match(message, /forwards records that are not for this one/),
    }).host;
  }
}

/** A copy in memory of its own, with room in front. */
function inMemory(bytes: Uint8Array, start: number, end: number, source: Endpoint): ReceivedDatagram {
  const memory = new Uint8Array(ROOM_BYTES + end - start);
  memory.set(bytes.subarray(start, end), ROOM_BYTES);
  return { bytes: memory, start: ROOM_BYTES, end: memory.length, source };
}

function check(node: Node, context: string): void {
  const counts = node.hosts.map((host) => host.counts());
  const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
  const routed = sum(counts.flatMap(({ routes }) => ROUTES_IN.map((route) => routes[route] ?? 0)));
  const dropped = sum(counts.flatMap(({ drops }) => Object.values(drops)));
  const waiting = sum(counts.map(({ held }) => held["handshakesWaiting"] ?? 0));
  assert.equal(routed + dropped + waiting, node.given, `${context}: each datagram has one route, one cause, or waits`);
  for (const [name, limit] of Object.entries({ sessions: 90, handshakes: 60, flows: 65_536 })) {
    const count = sum(counts.map(({ held }) => held[name] ?? 0));
    assert.ok(count <= limit, `${context}: ${count} ${name}`);
  }
  for (const [address, received] of node.receivedBytes) {
    const sent = node.sentBytes.get(address) ?? 0;
    assert.ok(received <= sent, `${context}: ${address} got ${received} bytes for ${sent}`);
  }
}

let corpus: Corpus;
before(async () => {
  const corpora = await CorpusSource.open();
  corpus = corpora.record(corpora.cluster("plain", 1));
});

const kinds = [
  ["that read connection IDs as Californium does", SETTINGS],
  ["that decrypt them", HIDDEN],
] as const;

for (const [name, settings] of kinds) {
  describe(`hostile datagrams at the workers of a node ${name}`, () => {
    it("are accounted for once, amplified never, and a device is served by whichever worker has its session", () => {
      const seed = fuzzSeed();
      const random = new SeededRandom(seed);
      const node = new Node(random, settings);
      assert.ok(node.request(), "the device did not connect");
      const own = [...corpus.public, ...node.captured, ...node.captured];
      const mutators = [new Mutator([...own, ...own, ...corpus.cluster], random), new Mutator(corpus.cluster, random)];
      for (let batch = 0; batch < BATCHES; batch++) {
        const port = batch % 3 === 2 ? Port.cluster : Port.public;
        const mutator = mutators[port] as Mutator;
        const datagrams = Array.from({ length: BATCH }, () => {
          const stranger = random.uint32() % STRANGERS;
          const forged = { address: Uint8Array.of(198, 18, stranger >>> 8, stranger & 255), port: 5000 };
          const source = port === Port.cluster && random.next() < 0.5 ? MEMBER : forged;
          mutator.next();
          const key = formatEndpoint(source);
          node.sentBytes.set(key, (node.sentBytes.get(key) ?? 0) + mutator.end - mutator.start);
          return inMemory(mutator.bytes, mutator.start, mutator.end, source);
        });
        node.receive(port, datagrams);
        if (batch % 4 === 0) node.work();
        if (batch % 50 !== 0) continue;
        const context = `CORACLE_FUZZ_SEED=${seed}, batch ${batch}`;
        assert.ok(node.request(), `${context}: the device was not answered`);
        check(node, context);
      }
      node.work();
      check(node, `CORACLE_FUZZ_SEED=${seed}, at the end`);
    });
  });
}
