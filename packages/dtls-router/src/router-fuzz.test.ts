// Bad input on both ports: random, mutated, cut, replayed, padded and spoofed datagrams. Nothing throws, grows, amplifies or goes uncounted.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Millis, millis, SeededRandom } from "@coracle/base";
import { type Endpoint, formatEndpoint, type ManagementMode, nodeId } from "@coracle/cluster";
import { DtlsChannel } from "@coracle/cluster/io";
import { DtlsClient, RandomCids } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { QuicLbLayout } from "./core/quic-lb-layout.ts";
import type { RouterOutput } from "./core/router-io.ts";
import { RouterNode } from "./core/router-node.ts";
import { endpointOf } from "./testing/simulated-service.ts";

const KEY = new TextEncoder().encode("sixteen byte key");
const IDENTITY = new TextEncoder().encode("device");
const CLUSTER = ["10.0.0.1:5884", "10.0.0.2:5884", "10.0.0.3:5884"].map(endpointOf);
const MEMBER = endpointOf("10.0.0.2:5884");
const STRANGER = endpointOf("10.0.0.66:5884");
/** Few: they are for both runtimes; `test/fuzz` sends hundreds of thousands. */
const DATAGRAMS = 2000;
const FLOWS_MAX = 64;

/** A node and, in the secure modes, its management sessions. */
interface Target {
  readonly node: RouterNode;
  readonly channel: DtlsChannel | undefined;
}

/** A node's layout of connection IDs, encrypted with two configurations. */
function hiddenLayout(node: number): QuicLbLayout {
  const configurations = [2, 4].map((id) => ({ id, key: new Uint8Array(16).fill(id) }));
  return new QuicLbLayout({
    serverIdSizeBytes: 1,
    nonceSizeBytes: 4,
    crypto: systemCrypto,
    nodeId: nodeId(node),
    worker: 0,
    workers: 1,
    keys: { active: 4, configurations },
    hashSeed: 1,
  });
}

function makeTarget(mode: ManagementMode, random: SeededRandom, layout: QuicLbLayout | undefined): Target {
  const credentials = { identity: IDENTITY, secret: KEY };
  const channel =
    mode === "plain" || mode === "static"
      ? undefined
      : new DtlsChannel({ crypto: systemCrypto, random, credentials, mac: mode === "dtls-mac" });
  const table = {
    nodeId: nodeId(1),
    random,
    discovery: { kind: "static", addresses: CLUSTER },
    selfAddresses: [endpointOf("10.0.0.1:5884")],
  } as const;
  const node = new RouterNode({
    nodeId: nodeId(1),
    cidSizeBytes: 6,
    layout,
    crypto: systemCrypto,
    random,
    dtls: { psk: () => KEY, limits: { handshakesMax: 50, sessionsMax: 100 } },
    cluster: { flowsMax: FLOWS_MAX, management: { mode, ...(channel === undefined ? {} : { channel }), table } },
  });
  node.handle({ kind: "management", input: { kind: "start" } }, millis(0));
  const keyed = (data: Uint8Array): Uint8Array => systemCrypto.hmac("sha256", KEY, data);
  const keys = mode === "dtls-mac" ? { sign: keyed, verify: keyed } : undefined;
  node.router.members.set(nodeId(2), MEMBER, keys);
  return { node, channel };
}

function drain(node: RouterNode): RouterOutput[] {
  const outputs: RouterOutput[] = [];
  for (let output = node.poll(); output !== undefined; output = node.poll()) outputs.push(output);
  return outputs;
}

/** Everything a real handshake and a session put on the wire towards the node. */
function recordedFlight(node: RouterNode, source: Endpoint, now: Millis): Uint8Array[] {
  const client = new DtlsClient({
    crypto: systemCrypto,
    random: new SeededRandom(99),
    psk: { identity: IDENTITY, key: KEY },
    cids: new RandomCids(0),
  });
  const sent: Uint8Array[] = [];
  const pump = (): void => {
    for (let output = client.poll(); output !== undefined; output = client.poll()) {
      if (output.kind !== "send") continue;
      sent.push(output.bytes);
      receive(node, "public", output.bytes, { source, now });
      for (const answer of drain(node)) {
        if (answer.kind !== "public") continue;
        const bytes = answer.bytes.slice(answer.start, answer.end);
        client.handle({ kind: "datagram", peer: "router", bytes }, now);
      }
    }
  };
  client.handle({ kind: "connect", peer: "router" }, now);
  pump();
  client.handle({ kind: "send", bytes: new Uint8Array(30) }, now);
  pump();
  assert.equal(node.server.sessionCount, 1);
  return sent;
}

function receive(
  node: RouterNode,
  kind: "public" | "cluster",
  bytes: Uint8Array,
  { source, now }: { source: Endpoint; now: Millis },
): void {
  const memory = new Uint8Array(64 + bytes.length);
  memory.set(bytes, 64);
  node.handle({ kind, datagram: { bytes: memory, start: 64, end: memory.length }, source }, now);
}

/** Cuts, flips, pads or joins a template, or makes noise. */
function mutate(templates: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  const template = templates[Math.floor(random.next() * templates.length)] ?? new Uint8Array(0);
  const bytes = template.slice();
  switch (Math.floor(random.next() * 7)) {
    case 0:
      return random.bytes(Math.floor(random.next() * 200));
    case 1:
      return bytes.slice(0, Math.floor(random.next() * bytes.length));
    case 2:
      return Uint8Array.from([...bytes, ...random.bytes(Math.floor(random.next() * 60))]);
    case 3:
      return Uint8Array.from([...bytes, ...(templates[0] ?? [])]);
    case 4:
      return bytes;
    default:
      for (let flips = 1 + Math.floor(random.next() * 4); flips > 0; flips--) {
        bytes[Math.floor(random.next() * bytes.length)] = random.uint32() & 0xff;
      }
      return bytes;
  }
}

/** The sum of everything counted anywhere: a datagram that changes none was lost without a trace. */
function counted({ node, channel }: Target): number {
  const { drops, counters } = node.router;
  const { datagramsReceived: _, ...server } = node.server.counters;
  const management = node.management;
  const all = [
    ...drops.snapshot(),
    ...counters
      .snapshot()
      .filter(([name]) => name !== "local" && name !== "management" && name !== "processed-forward"),
    ...Object.entries(server),
    ...Object.entries(channel?.counters() ?? {}).filter(([name]) => name !== "datagramsReceived"),
    ...(management?.counters.snapshot() ?? []),
    ...(management?.table.counters.snapshot() ?? []),
  ];
  return all.reduce((sum, [, count]) => sum + count, 0);
}

/** The source address of spoofed datagrams: many, as a flood has. */
function clientAddress(random: SeededRandom): Endpoint {
  return { address: Uint8Array.of(198, 51, 100, random.uint32() & 0xff), port: 1024 + (random.uint32() & 0x3fff) };
}

/** The record with an ID of another node. */
function withIdOf(record: Uint8Array, node: number): Uint8Array {
  const copy = record.slice();
  copy[11] = node;
  return copy;
}

/** The same where IDs are encrypted. */
function withHiddenIdOf(record: Uint8Array, node: number, random: SeededRandom): Uint8Array {
  const copy = record.slice();
  copy.set(hiddenLayout(node).generator.generate(random), 11);
  return copy;
}

const kinds = [
  ["plain", false],
  ["dtls", false],
  ["dtls-mac", false],
  ["static", false],
  ["plain", true],
  ["dtls-mac", true],
] as const;

for (const [mode, isHidden] of kinds) {
  for (const seed of [1, 2]) {
    describe(`bad input in mode ${mode}${isHidden ? " with encrypted IDs" : ""}, seed ${seed}`, () => {
      const random = new SeededRandom(seed);
      const now = millis(1000);
      const target = makeTarget(mode, random, isHidden ? hiddenLayout(1) : undefined);
      const { node } = target;
      const flight = recordedFlight(node, endpointOf("198.51.100.7:4444"), now);
      const cidRecord = flight.at(-1) ?? new Uint8Array(0);
      const foreign = isHidden ? withHiddenIdOf(cidRecord, 2, random) : withIdOf(cidRecord, 2);
      const nobody = isHidden ? withHiddenIdOf(cidRecord, 77, random) : withIdOf(cidRecord, 77);

      it("the public port answers with less than it got, keeps nothing, counts everything", () => {
        const templates = [...flight, foreign, nobody];
        let uncounted = 0;
        for (let index = 0; index < DATAGRAMS; index++) {
          const bytes = mutate(templates, random);
          const source = clientAddress(random);
          const before = counted(target);
          receive(node, "public", bytes, { source, now });
          let answered = 0;
          for (const output of drain(node)) {
            if (output.kind !== "public") continue;
            answered += output.end - output.start;
            if (output.to.port !== 4444) assert.equal(formatEndpoint(output.to), formatEndpoint(source));
          }
          assert.ok(answered <= bytes.length, `${answered} bytes for ${bytes.length}`);
          if (counted(target) === before) uncounted++;
        }
        assert.equal(uncounted, 0, `${uncounted} datagrams left no trace`);
        assert.ok(node.server.sessionCount <= 1);
        assert.equal(node.server.handshakeCount, 0);
        assert.ok(node.router.flows.size <= FLOWS_MAX);
      });

      it("the cluster port relays nothing that it does not know, keeps nothing, counts everything", () => {
        const frame = (type: number, payload: Uint8Array): Uint8Array =>
          Uint8Array.from([
            type,
            0x5c,
            0x11,
            4,
            198,
            51,
            100,
            7,
            ...(mode === "dtls-mac" ? random.bytes(8) : []),
            ...payload,
          ]);
        const templates = [
          frame(63, cidRecord),
          frame(63, foreign),
          frame(62, cidRecord),
          Uint8Array.of(61, 2, 0, 0, 0, 1),
          Uint8Array.of(60, 3, 0, 0, 0, 2),
          Uint8Array.of(61, 1, 0, 0, 0, 1),
          ...flight,
        ];
        let uncounted = 0;
        for (let index = 0; index < DATAGRAMS; index++) {
          const bytes = mutate(templates, random);
          const source = random.next() < 0.5 ? MEMBER : STRANGER;
          const before = counted(target);
          receive(node, "cluster", bytes, { source, now });
          const outputs = drain(node);
          const toClients = outputs.filter((output) => output.kind === "public");
          assert.equal(toClients.length, 0, "only clients with a flow are answered, and there is none");
          const relayed = outputs.flatMap((output) => (output.kind === "cluster" ? [output.end - output.start] : []));
          const largest = Math.max(0, ...relayed);
          assert.ok(largest <= Math.max(bytes.length, 600), `${largest} bytes for ${bytes.length}`);
          if (counted(target) === before) uncounted++;
        }
        assert.equal(uncounted, 0, `${uncounted} datagrams left no trace`);
        assert.ok(node.server.sessionCount <= 1);
        assert.ok(node.router.members.size <= 2);
      });

      it("time passes over it", () => {
        for (let at = 2000; at < 400_000; at += 500) {
          node.handle({ kind: "timeout" }, millis(at));
          drain(node);
        }
        assert.equal(node.server.handshakeCount, 0);
      });
    });
  }
}
