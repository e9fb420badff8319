// Workers without threads: records do not wait for handshakes, and datagrams that reach the wrong worker are served by the right one.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import type { Endpoint } from "@coracle/cluster";
import { DtlsClient, type DtlsClientOptions, RandomCids, type ResumableSession } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { type ReceivedDatagram, systemClock, type UdpEndpoint } from "@coracle/runtime";
import { HANDSHAKES_PER_TURN, WAITING_HANDSHAKES_MAX } from "../core/handshake-queue.ts";
import { layOutPskIndex } from "../core/psk-index.ts";
import type { SessionCounts } from "../core/worker-messages.ts";
import { Port, type SessionHost } from "./session-host.ts";
import { makeSessionHost, type SessionSettings } from "./session-settings.ts";

const KEY = new TextEncoder().encode("sixteen byte key");
const IDENTITY = new TextEncoder().encode("device");
/** GET /benchmark, confirmable. */
const REQUEST = Uint8Array.from([0x40, 1, 0, 1, 0xb9, ...new TextEncoder().encode("benchmark")]);
const SETTINGS: SessionSettings = {
  nodeId: 1,
  cidSizeBytes: 6,
  suites: [],
  clientCertificate: "none",
  credentials: { psk: layOutPskIndex(new Map([["device", KEY]])), pair: undefined, ca: undefined },
  limits: { sessionsMax: 3000, handshakesMax: 3000, handshakesPerSecond: 100_000, staleAfterMs: 60_000 },
  cluster: undefined,
  cookieSecret: undefined,
  upstream: { kind: "coap", server: "test" },
};

/** The same with connection IDs and session ids that only the workers can read. */
const HIDDEN: SessionSettings = {
  ...SETTINGS,
  layout: {
    serverIdSizeBytes: 1,
    nonceSizeBytes: 4,
    keys: { active: 3, configurations: [{ id: 3, key: KEY }] },
    sessionIdKey: new Uint8Array(32).fill(9),
  },
};

interface Sent {
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}

/** Some workers of one node; `sent` is what left by the public port, in order. */
class Workers {
  readonly sent: Sent[] = [];
  readonly warnings: string[] = [];
  readonly hosts: readonly SessionHost[];
  #handedOver: { readonly worker: number; readonly datagram: ReceivedDatagram }[] = [];

  constructor(workers: number, settings: SessionSettings = SETTINGS) {
    const local = { address: Uint8Array.of(192, 0, 2, 1), port: 5684 };
    const send: UdpEndpoint["send"] = (bytes, start, end, { address, port }) =>
      this.sent.push({ to: { address: address.slice(), port }, bytes: bytes.slice(start, end) }) > 0;
    this.hosts = Array.from({ length: workers }, (_, worker) => {
      const { host } = makeSessionHost(settings, {
        worker,
        workers,
        public: { local, send } as UdpEndpoint,
        cluster: undefined,
        passUp: () => assert.fail("nothing is for the main thread"),
        stranger: () => assert.fail("there is no cluster"),
        handOver: (to, datagram) => this.#handedOver.push({ worker: to, datagram }) > 0,
        openPort: () => assert.fail("there is no upstream"),
        warn: (message, { message: reason }) => this.warnings.push(`${message}: ${reason}`),
        handshakeFailed: () => undefined,
      });
      return host;
    });
  }

  /** Gives one worker a batch, and the others what it hands over. */
  receive(worker: number, datagrams: readonly { readonly bytes: Uint8Array; readonly source: Endpoint }[]): void {
    const now = systemClock.now();
    const batch = { count: datagrams.length, datagrams: datagrams.map(inArena) };
    this.hosts[worker]?.receive(Port.public, batch, now);
    for (const { worker: to, datagram } of this.#handedOver.splice(0)) {
      this.hosts[to]?.handedOver(Port.public, datagram, now);
    }
  }

  /** Lets all do what they put off. */
  work(): void {
    for (const host of this.hosts) while (host.work(systemClock.now()));
  }

  sum(of: (host: SessionHost) => number): number {
    return this.hosts.reduce((sum, host) => sum + of(host), 0);
  }
}

function inArena({ bytes, source }: { readonly bytes: Uint8Array; readonly source: Endpoint }): ReceivedDatagram {
  const memory = new Uint8Array(64 + bytes.length);
  memory.set(bytes, 64);
  return { bytes: memory, start: 64, end: memory.length, source };
}

let nextPort = 20_000;

/** A client that talks to whichever worker `pick` says. */
class Client {
  readonly client: DtlsClient;
  source: Endpoint = freshAddress();
  isEstablished = false;
  isResumed = false;
  answers = 0;
  resumable: ResumableSession | undefined;
  readonly #workers: Workers;
  readonly #pick: () => number;

  constructor(workers: Workers, pick: () => number, options: Partial<DtlsClientOptions> = {}) {
    this.#workers = workers;
    this.#pick = pick;
    this.client = new DtlsClient({
      crypto: systemCrypto,
      random: new SeededRandom(nextPort),
      psk: { identity: IDENTITY, key: KEY },
      cids: new RandomCids(0),
      ...options,
    });
  }

  connect(): void {
    this.client.handle({ kind: "connect", peer: "router" }, systemClock.now());
    this.#exchange();
  }

  request(): void {
    this.client.handle({ kind: "send", bytes: REQUEST }, systemClock.now());
    this.#exchange();
  }

  /** What the client wants to send now. */
  take(): Uint8Array[] {
    const sent: Uint8Array[] = [];
    for (let output = this.client.poll(); output !== undefined; output = this.client.poll()) {
      if (output.kind === "send") sent.push(output.bytes);
      else if (output.kind === "data") this.answers++;
      else if (output.kind === "established") {
        this.isEstablished = true;
        this.isResumed = output.summary.isResumed;
        this.resumable = output.resumable;
      }
    }
    return sent;
  }

  #exchange(): void {
    for (let sent = this.take(); sent.length > 0; sent = this.take()) {
      for (const bytes of sent) this.#workers.receive(this.#pick(), [{ bytes, source: this.source }]);
      this.#workers.work();
      for (const { to, bytes } of this.#workers.sent.splice(0)) {
        assert.equal(to.port, this.source.port);
        this.client.handle({ kind: "datagram", peer: "router", bytes }, systemClock.now());
      }
    }
  }
}

function freshAddress(): Endpoint {
  return { address: Uint8Array.of(198, 51, 100, 1 + (nextPort % 200)), port: nextPort++ };
}

/** A first hello as any client sends it. */
function hello(): Uint8Array {
  const client = new Client(new Workers(1), () => 0);
  client.client.handle({ kind: "connect", peer: "router" }, systemClock.now());
  return client.take()[0] ?? assert.fail("no hello");
}

describe("a worker under many hellos", () => {
  it("answers a record before most of the hellos that came before it", () => {
    const workers = new Workers(1);
    const client = new Client(workers, () => 0);
    client.connect();
    client.client.handle({ kind: "send", bytes: REQUEST }, systemClock.now());
    const [record] = client.take();
    assert.ok(client.isEstablished && record !== undefined);
    const flood = Array.from({ length: 60 }, () => ({ bytes: hello(), source: freshAddress() }));
    workers.receive(0, [...flood, { bytes: record, source: client.source }]);
    const [at] = workers.sent.flatMap(({ to }, index) => (to.port === client.source.port ? [index] : []));
    assert.equal(at, HANDSHAKES_PER_TURN);
    assert.equal(workers.sent.length, HANDSHAKES_PER_TURN + 1);
    // The others follow, a few between two batches.
    for (let turn = 2; workers.hosts[0]?.work(systemClock.now()) === true; turn++) {
      assert.equal(workers.sent.length, turn * HANDSHAKES_PER_TURN + 1);
    }
    assert.equal(workers.sent.length, 61);
  });

  it("finishes a handshake that waits among them, in its order", () => {
    const workers = new Workers(1);
    const client = new Client(workers, () => 0);
    client.client.handle({ kind: "connect", peer: "router" }, systemClock.now());
    for (let step = 0; step < 6 && !client.isEstablished; step++) {
      const flood = Array.from({ length: 20 }, () => ({ bytes: hello(), source: freshAddress() }));
      workers.receive(0, [...flood, ...client.take().map((bytes) => ({ bytes, source: client.source }))]);
      workers.work();
      for (const { to, bytes } of workers.sent.splice(0)) {
        if (to.port !== client.source.port) continue;
        client.client.handle({ kind: "datagram", peer: "router", bytes }, systemClock.now());
      }
      client.take().forEach((bytes) => workers.receive(0, [...flood, { bytes, source: client.source }]));
      workers.work();
      for (const { to, bytes } of workers.sent.splice(0)) {
        if (to.port !== client.source.port) continue;
        client.client.handle({ kind: "datagram", peer: "router", bytes }, systemClock.now());
      }
    }
    assert.ok(client.isEstablished);
  });

  it("drops and counts what is too much to wait", () => {
    const workers = new Workers(1);
    const bytes = hello();
    const count = WAITING_HANDSHAKES_MAX + 2 * HANDSHAKES_PER_TURN + 5;
    workers.receive(
      0,
      Array.from({ length: count }, () => ({ bytes, source: freshAddress() })),
    );
    const counts = workers.hosts[0]?.counts();
    assert.equal(counts?.drops["handshakes-waiting-full"], HANDSHAKES_PER_TURN + 5);
    assert.equal(counts?.held["handshakesWaiting"], WAITING_HANDSHAKES_MAX);
  });
});

describe("a cookie for a hello", () => {
  /** Behind the headers of record and message, the version and the size: the key's number, then the hint. */
  const HINT_AT = 13 + 12 + 2 + 1 + 1;
  for (const [name, settings, hint] of [
    ["names the node", SETTINGS, 1],
    ["does not, where connection IDs do not", HIDDEN, 0],
  ] as const) {
    it(name, () => {
      const workers = new Workers(1, { ...settings, cookieSecret: KEY });
      workers.receive(0, [{ bytes: hello(), source: freshAddress() }]);
      const [answer] = workers.sent;
      assert.equal(answer?.bytes[13], 3, "a HelloVerifyRequest");
      assert.equal(answer.bytes[HINT_AT], hint);
    });
  }
});

describe("a worker that has no connection IDs left", () => {
  it("says so once, serves on, and has some again with another key", () => {
    const workers = new Workers(1, HIDDEN);
    const [host] = workers.hosts;
    const { layout } = host?.node ?? assert.fail("no host");
    assert.ok(host !== undefined && layout !== undefined);
    const first = new Client(workers, () => 0);
    first.connect();
    // Counting through all nonces would take hours.
    Object.defineProperty(layout.generator, "isUsedUp", { get: () => layout.generator.rotation === 3 });
    const generate = layout.generator.generate.bind(layout.generator);
    layout.generator.generate = (random) => (layout.generator.isUsedUp ? new Uint8Array(0) : generate(random));
    for (let tick = 0; tick < 3; tick++) host.tick(systemClock.now());
    assert.deepEqual(workers.warnings, ["No connection IDs are left: make another configuration the active one"]);
    const second = new Client(workers, () => 0);
    second.connect();
    for (const client of [first, second]) client.request();
    assert.deepEqual([first.answers, second.answers], [1, 1]);
    const other = { id: 5, key: new Uint8Array(16) };
    layout.replace({ active: 5, configurations: [other, { id: 3, key: KEY }] });
    const third = new Client(workers, () => 0);
    third.connect();
    host.tick(systemClock.now());
    let counted: SessionCounts | undefined;
    host.countSessions((counts) => {
      counted = counts;
    });
    workers.work();
    assert.deepEqual([counted?.byCidConfiguration, counted?.withoutConnectionId], [{ 3: 1, 5: 1 }, 1]);
    assert.equal(workers.warnings.length, 1);
  });
});

describe("three workers that get each other's datagrams", () => {
  const kinds = [
    ["with connection IDs", new RandomCids(0), SETTINGS],
    ["with encrypted connection IDs", new RandomCids(0), HIDDEN],
    ["without", undefined, SETTINGS],
  ] as const;
  for (const [name, cids, settings] of kinds) {
    it(`serve every client ${name}`, () => {
      const workers = new Workers(3, settings);
      const random = new SeededRandom(1);
      const clients = Array.from({ length: 24 }, () => {
        return new Client(workers, () => random.uint32() % 3, cids === undefined ? { cids: undefined } : { cids });
      });
      for (const client of clients) client.connect();
      assert.ok(clients.every(({ isEstablished }) => isEstablished));
      for (let round = 0; round < 5; round++) {
        for (const client of clients) {
          if (cids !== undefined) client.source = freshAddress();
          client.request();
        }
      }
      assert.deepEqual(new Set(clients.map(({ answers }) => answers)), new Set([5]));
      assert.equal(
        workers.sum(({ node }) => node.server.sessionCount),
        24,
      );
      assert.ok(workers.hosts.every(({ node }) => node.server.sessionCount > 0));
      const handedOver = workers.sum((host) => host.counts().routes["handed-over"] ?? 0);
      assert.ok(handedOver > 100, `${handedOver} were handed over`);
    });
  }

  for (const [name, settings] of [
    ["", SETTINGS],
    [", with session ids that only they can read", HIDDEN],
  ] as const) {
    it(`resume a session from another address at the worker that has it${name}`, () => {
      const workers = new Workers(3, settings);
      const random = new SeededRandom(2);
      const pick = (): number => random.uint32() % 3;
      const nodes = new Set<number | undefined>();
      let resumed = 0;
      for (let index = 0; index < 12; index++) {
        const first = new Client(workers, pick);
        first.connect();
        assert.ok(first.resumable !== undefined);
        nodes.add(first.resumable.sessionId[0]);
        const second = new Client(workers, pick, { resume: first.resumable });
        second.connect();
        second.request();
        assert.equal(second.answers, 1);
        if (second.isResumed) resumed++;
      }
      assert.equal(resumed, 12);
      if (settings === SETTINGS) assert.deepEqual(nodes, new Set([1]));
      else assert.ok(nodes.size > 6, "their first bytes say nothing");
    });
  }

  it("count their sessions by kind, and tell every device that they end", () => {
    const workers = new Workers(3);
    const random = new SeededRandom(4);
    const clients = Array.from({ length: 300 }, () => new Client(workers, () => random.uint32() % 3));
    for (const client of clients) client.connect();
    const counted: SessionCounts[] = [];
    for (const host of workers.hosts) host.countSessions((counts) => counted.push(counts));
    workers.work();
    assert.equal(
      counted.reduce((sum, { byIdentity }) => sum + (byIdentity["psk"] ?? 0), 0),
      300,
    );
    let told = 0;
    for (const host of workers.hosts) host.farewell(true, (count) => (told += count));
    workers.work();
    assert.equal(told, 300);
    assert.equal(workers.sent.length, 300);
    assert.equal(
      workers.sum(({ node }) => node.server.sessionCount),
      0,
    );
  });
});
