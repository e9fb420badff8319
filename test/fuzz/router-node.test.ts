// Millions of hostile datagrams through a router node in process: no throw, no growth, no amplification, none uncounted.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import { formatEndpoint, FrameType, FORWARD_HEADER_SIZE_BYTES_MAX, type ManagementMode } from "@coracle/cluster";
import { cipherSuiteByName, type DtlsServerOptions, RandomCids } from "@coracle/dtls";
import { loadCredentials, trustVerifier } from "@coracle/dtls/io";
import { collectGarbage } from "@coracle/runtime";
import { makeTestPki, type TestPki } from "@coracle/sim";
import type { RouterOutput } from "../../packages/dtls-router/src/core/router-io.ts";
import { DatagramLedger } from "./datagram-ledger.ts";
import { type Delivery, FuzzCluster, type FuzzDevice, type FuzzNode, type PortName } from "./fuzz-cluster.ts";
import { fuzzDatagrams, fuzzSeed } from "./fuzz-settings.ts";
import { HostileSources } from "./hostile-sources.ts";
import { Mutator } from "./mutation.ts";

const MODES: readonly ManagementMode[] = ["plain", "dtls", "dtls-mac"];
const DATAGRAMS = Math.ceil(fuzzDatagrams(750_000) / MODES.length);
const BATCH = 4096;
/** What a batch takes on the clock: a flood of 20,000 a second. */
const BATCH_MS = 200;
const CORPUS_MAX = 400;
/** What garbage collection may leave between two looks. */
const HEAP_GROWTH_BYTES_MAX = 16 * 1024 * 1024;
const TARGET = 1;

let pki: TestPki;
before(async () => {
  pki = await makeTestPki();
});

function serverOptions(): Partial<DtlsServerOptions> {
  return { credentials: loadCredentials(pki.key, pki.cert), clientCertificate: "none" };
}

/** Devices with every kind of key exchange and connection ID, at the target and at its neighbours. */
function connectDevices(cluster: FuzzCluster): FuzzDevice[] {
  const suite = (name: string) => ({ suites: [cipherSuiteByName(name) ?? assert.fail(name)] });
  const verifyPeer = trustVerifier({ ca: [pki.ca], clock: new ManualClock({ wallMs: Date.now() }), usage: "server" });
  return [
    cluster.connect("198.51.100.1:4001", TARGET, { ...suite("PSK_WITH_AES_128_CCM_8"), cids: new RandomCids(0) }),
    cluster.connect("198.51.100.2:4002", TARGET, { ...suite("PSK_WITH_AES_128_GCM_SHA256"), cids: new RandomCids(4) }),
    cluster.connect("198.51.100.3:4003", TARGET, suite("ECDHE_PSK_WITH_AES_128_GCM_SHA256")),
    cluster.connect("[2001:db8::4]:4004", TARGET, {
      ...suite("ECDHE_ECDSA_WITH_AES_128_CCM_8"),
      cids: new RandomCids(0),
      psk: undefined,
      verifyPeer,
      serverName: "localhost",
    }),
    cluster.connect("198.51.100.5:4005", 2, { cids: new RandomCids(0) }),
    cluster.connect("198.51.100.6:4006", 3, { cids: new RandomCids(6) }),
  ];
}

/** What the target got while a cluster formed, devices connected, asked and moved: by port, each datagram once. */
function record(cluster: FuzzCluster, ledger: DatagramLedger): Record<PortName, Uint8Array[]> {
  const seen: Record<PortName, Map<string, Uint8Array>> = { public: new Map(), cluster: new Map() };
  cluster.onDelivery = ({ nodeId, port, bytes }: Delivery) => {
    if (nodeId !== TARGET) return;
    ledger.given++;
    const key = Buffer.from(bytes).toString("latin1");
    if (seen[port].size < CORPUS_MAX) seen[port].set(key, bytes);
  };
  cluster.advance(5000);
  assert.ok(cluster.isFormed(), "the cluster did not form");
  const devices = connectDevices(cluster);
  assert.ok(
    devices.every(({ isEstablished }) => isEstablished),
    "not every device connected",
  );
  for (let round = 0; round < 6; round++) {
    for (const [index, device] of devices.entries()) {
      if (device.roams) device.nodeId = 1 + ((index + round) % 3);
      assert.ok(cluster.request(device, new Uint8Array(20 + round * 40)), "a request was not answered");
    }
    cluster.advance(1000);
  }
  return { public: [...seen.public.values()], cluster: [...seen.cluster.values()] };
}

/** One mode's run: a target among its neighbours, with what hostile datagrams are made from. */
class Flood {
  readonly cluster: FuzzCluster;
  readonly target: FuzzNode;
  readonly ledger: DatagramLedger;
  readonly context: string;
  /** Without sessions between the nodes an address is all they know each other by: forged pings do change their tables. */
  forgesPings: boolean;
  readonly #sources: HostileSources;
  readonly #mutators: Readonly<Record<PortName, Mutator>>;
  readonly #random: SeededRandom;
  #sent = 0;
  /** Who sent the datagram at hand, and what it was answered with, by whichever node. */
  #asker = "";
  #answeredBytes = 0;

  constructor(mode: ManagementMode, seed: number) {
    this.context = `mode ${mode}, CORACLE_FUZZ_SEED=${seed}`;
    this.cluster = new FuzzCluster({ seed, mode, dtls: serverOptions() });
    this.target = this.cluster.node(TARGET);
    this.ledger = new DatagramLedger(this.target);
    const corpus = record(this.cluster, this.ledger);
    this.#random = new SeededRandom(seed ^ 0x5bd1e995);
    this.#sources = new HostileSources(this.cluster, this.#random);
    const all = [...corpus.public, ...corpus.cluster];
    this.#mutators = {
      public: new Mutator([...corpus.public, ...corpus.public, ...all], this.#random),
      cluster: new Mutator([...corpus.cluster, ...corpus.cluster, ...all], this.#random),
    };
    this.forgesPings = mode !== "plain";
    this.cluster.onStray = (to, sizeBytes) => {
      assert.equal(formatEndpoint(to), this.#asker, `${this.#where()}: ${sizeBytes} bytes to who did not ask`);
      this.#answeredBytes += sizeBytes;
    };
  }

  /** `count` hostile datagrams, the books checked behind them. */
  batch(count: number): void {
    for (let index = 0; index < count; index++) this.#inject(this.#random.next() < 0.6 ? "public" : "cluster");
    this.cluster.advance(BATCH_MS);
    this.ledger.check(this.#where());
  }

  /** Devices at addresses of their own, so that their cookies are right, whose later datagrams are broken, or their key. */
  connectHostile(count: number): void {
    for (let index = 0; index < count; index++) {
      const address = `203.0.113.${this.#random.uint32() % 250}:${5000 + (this.#random.uint32() % 4)}`;
      let sent = 0;
      const breaksAfter = this.#random.uint32() % 8;
      const onSend = (bytes: Uint8Array): Uint8Array => {
        const isBroken = sent++ >= breaksAfter || this.#random.next() < 0.2;
        return isBroken ? this.#mutators.public.changed(bytes) : bytes;
      };
      const key = this.#random.next() < 0.5 ? this.#random.bytes(16) : undefined;
      const psk = key && { psk: { identity: Uint8Array.of(1), key } };
      const cids = { cids: new RandomCids(this.#random.uint32() % 3) };
      const device = this.cluster.connectHostile(address, 1 + (this.#random.uint32() % 3), { ...cids, ...psk }, onSend);
      if (device.isEstablished) this.cluster.request(device, new Uint8Array(30));
    }
  }

  /** Each device asks once, through one node after the other. */
  serve(round: number): void {
    for (const [index, device] of this.cluster.devices.entries()) {
      if (device.roams) device.nodeId = 1 + ((index + round) % 3);
      assert.ok(this.cluster.request(device, new Uint8Array(40)), `${this.#where()}: device ${index} was not answered`);
    }
    assert.ok(this.cluster.isFormed(), `${this.#where()}: the cluster fell apart`);
  }

  #inject(port: PortName): void {
    const mutator = this.#mutators[port];
    mutator.next();
    this.#sent++;
    // What is no frame goes to the management plane.
    const isFrame = mutator.end > mutator.start && ((mutator.bytes[mutator.start] ?? 0) & 0xfe) === FrameType.backward;
    const source =
      port === "public" ? this.#sources.forPublic() : this.#sources.forCluster(isFrame || this.forgesPings);
    const part = port === "public" || isFrame ? "packets" : "packets-and-management";
    const before = this.ledger.traces(part);
    const { node } = this.target;
    this.ledger.given++;
    node.handle(
      { kind: port, datagram: { bytes: mutator.bytes, start: mutator.start, end: mutator.end }, source },
      this.cluster.now,
    );
    this.#asker = formatEndpoint(source);
    this.#answeredBytes = 0;
    const { relayedBytes, astray } = this.#look(port);
    this.cluster.settle();
    this.#asker = "";
    const size = mutator.end - mutator.start;
    if (this.#answeredBytes > size || relayedBytes > size + FORWARD_HEADER_SIZE_BYTES_MAX || astray !== "") {
      const sums = `${this.#answeredBytes} bytes back, ${relayedBytes} on, astray ${astray}`;
      assert.fail(`${this.#where()}: ${sums} for ${size} bytes: ${this.#hex(mutator)}`);
    }
    if (this.ledger.traces(part) === before) {
      assert.fail(`${this.#where()}: no trace of a datagram on the ${port} port: ${this.#hex(mutator)}`);
    }
  }

  /** What the target sends because of one datagram: on to another node, back to a stranger, to anyone else. */
  #look(port: PortName): { relayedBytes: number; astray: string } {
    let relayedBytes = 0;
    let astray = "";
    this.cluster.drain(this.target, (output: RouterOutput) => {
      if (output.kind !== "cluster") return;
      const size = output.end - output.start;
      const to = formatEndpoint(output.to);
      const isNode = this.cluster.nodes.some(({ clusterAddress }) => formatEndpoint(clusterAddress) === to);
      if (isNode) relayedBytes += port === "public" ? size : 0;
      else if (port === "cluster" && to === this.#asker) this.#answeredBytes += size;
      else astray = to;
    });
    return { relayedBytes, astray };
  }

  #where(): string {
    return `${this.context}, datagram ${this.#sent}`;
  }

  #hex(mutator: Mutator): string {
    return Buffer.from(mutator.copy()).toString("hex").slice(0, 4000);
  }
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

for (const mode of MODES) {
  describe(`hostile datagrams in mode ${mode}`, () => {
    it("break, grow and amplify nothing, leave a trace each, and devices are served on", () => {
      const flood = new Flood(mode, fuzzSeed());
      const batches = Math.ceil(DATAGRAMS / BATCH);
      let heapBefore = 0;
      for (let index = 0; index < batches; index++) {
        flood.connectHostile(4);
        flood.batch(BATCH);
        flood.serve(index);
        if (index === Math.floor(batches / 4)) heapBefore = heapBytes();
      }
      const grown = heapBytes() - heapBefore;
      assert.ok(grown < HEAP_GROWTH_BYTES_MAX, `${flood.context}: the heap grew by ${grown} bytes`);
      assert.ok(flood.ledger.causes().length >= 20, `${flood.context}: only ${flood.ledger.causes().join(", ")}`);
      // What was begun ends by itself.
      flood.cluster.advance(400_000, 500);
      assert.equal(flood.target.node.server.handshakeCount, 0);
      flood.ledger.check(flood.context);
    });
  });
}

describe("pings that forge a node's address in mode plain", () => {
  it("can disturb the tables, but nothing else, and when they end the nodes find each other", () => {
    const flood = new Flood("plain", fuzzSeed());
    flood.forgesPings = true;
    for (let index = 0; index < 5; index++) flood.batch(BATCH);
    const { cluster, context } = flood;
    for (let waitedMs = 0; waitedMs < 60_000 && !cluster.isFormed(); waitedMs += 500) cluster.advance(500);
    assert.ok(cluster.isFormed(), `${context}: the cluster did not form again`);
    flood.serve(0);
  });
});
