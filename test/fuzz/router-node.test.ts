// Millions of hostile datagrams through a router node in process: no throw, no growth, no amplification, none uncounted.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { formatEndpoint, FrameType, FORWARD_HEADER_SIZE_BYTES_MAX, type ManagementMode } from "@coracle/cluster";
import { RandomCids } from "@coracle/dtls";
import { collectGarbage } from "@coracle/runtime";
import type { RouterOutput } from "../../packages/dtls-router/src/core/router-io.ts";
import { CorpusSource, TARGET } from "./datagram-corpus.ts";
import { DatagramLedger } from "./datagram-ledger.ts";
import type { FuzzCluster, FuzzNode, PortName } from "./fuzz-cluster.ts";
import { fuzzDatagrams, fuzzSeed } from "./fuzz-settings.ts";
import { HostileSources } from "./hostile-sources.ts";
import { Mutator } from "./mutation.ts";

/** Modes, and whether connection IDs are encrypted. */
const KINDS: readonly (readonly [mode: ManagementMode, hidesNodes: boolean])[] = [
  ["plain", false],
  ["dtls", false],
  ["dtls-mac", false],
  ["static", false],
  ["plain", true],
];
const DATAGRAMS = Math.ceil(fuzzDatagrams(750_000) / KINDS.length);
const BATCH = 4096;
/** What a batch takes on the clock: a flood of 20,000 a second. */
const BATCH_MS = 200;
/** What garbage collection may leave between two looks. */
const HEAP_GROWTH_BYTES_MAX = 16 * 1024 * 1024;

let corpora: CorpusSource;
before(async () => {
  corpora = await CorpusSource.open();
});

/** One mode's run: a target among its neighbours, with what hostile datagrams are made from. */
class Flood {
  readonly cluster: FuzzCluster;
  readonly target: FuzzNode;
  readonly ledger: DatagramLedger;
  readonly context: string;
  /** Where pings come in the clear an address is all that nodes know each other by: forged ones do change their tables. */
  forgesPings: boolean;
  readonly #sources: HostileSources;
  readonly #mutators: Readonly<Record<PortName, Mutator>>;
  readonly #random: SeededRandom;
  #sent = 0;
  /** Who sent the datagram at hand, and what it was answered with, by whichever node. */
  #asker = "";
  #answeredBytes = 0;

  constructor(mode: ManagementMode, seed: number, hidesNodes = false) {
    this.context = `mode ${mode}${hidesNodes ? ", IDs encrypted" : ""}, CORACLE_FUZZ_SEED=${seed}`;
    this.cluster = corpora.cluster(mode, seed, hidesNodes);
    this.target = this.cluster.node(TARGET);
    this.ledger = new DatagramLedger(this.target);
    const corpus = corpora.record(this.cluster, ({ nodeId }) => {
      if (nodeId === TARGET) this.ledger.given++;
    });
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

for (const [mode, hidesNodes] of KINDS) {
  describe(`hostile datagrams in mode ${mode}${hidesNodes ? ", where connection IDs are encrypted" : ""}`, () => {
    it("break, grow and amplify nothing, leave a trace each, and devices are served on", () => {
      const flood = new Flood(mode, fuzzSeed(), hidesNodes);
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
