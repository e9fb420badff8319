// Three router nodes and a few devices in one process: what real ones put on the wire, and a target for what others do.
import { assert, type Millis, millis, SeededRandom } from "@coracle/base";
import { type Endpoint, formatEndpoint, type ManagementMode, nodeId, parseEndpoint } from "@coracle/cluster";
import { DtlsChannel } from "@coracle/cluster/io";
import { DtlsClient, type DtlsClientOptions, type DtlsServerOptions } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import type { RouterOutput } from "../../packages/dtls-router/src/core/router-io.ts";
import { QuicLbLayout } from "../../packages/dtls-router/src/core/quic-lb-layout.ts";
import { RouterNode } from "../../packages/dtls-router/src/core/router-node.ts";

/** What the nodes may hold; small, so that a flood reaches every cap. */
export const CAPS = { sessions: 64, handshakes: 32, flows: 1024, nodes: 255, channels: 1024 } as const;

const IDENTITY = new TextEncoder().encode("device");
const KEY = new TextEncoder().encode("sixteen byte key");
const SECRET = new TextEncoder().encode("the secret of the cluster");
const NODES = 3;
const DELIVERIES_MAX = 100_000;

/** Which port of a node. */
export type PortName = "public" | "cluster";

/** A datagram on its way to a node. */
export interface Delivery {
  readonly nodeId: number;
  readonly port: PortName;
  readonly source: Endpoint;
  readonly bytes: Uint8Array;
}

/** A node with its addresses. */
export interface FuzzNode {
  readonly id: number;
  readonly node: RouterNode;
  readonly channel: DtlsChannel | undefined;
  readonly clusterAddress: Endpoint;
}

/** A device that behaves. */
export interface FuzzDevice {
  readonly client: DtlsClient;
  address: Endpoint;
  /** The node that its datagrams land on. */
  nodeId: number;
  /** Without a connection ID no other node finds the one that has its keys. */
  readonly roams: boolean;
  isEstablished: boolean;
  answers: number;
  /** What becomes of its datagrams on their way; a device that behaves lets them be. */
  readonly onSend: (bytes: Uint8Array) => Uint8Array;
}

/** Settings of a {@link FuzzCluster}. */
export interface FuzzClusterOptions {
  readonly seed: number;
  readonly mode: ManagementMode;
  readonly dtls?: Partial<Omit<DtlsServerOptions, "crypto" | "random" | "cids">>;
  /** Connection IDs say whose they are to the nodes alone. */
  readonly hidesNodes?: boolean;
}

/** The endpoint of a text that is one. */
export function endpointOf(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  assert(parsed.ok, `Cannot use "${text}" as an endpoint`);
  return parsed.value;
}

/** Nodes that answer data with itself; every datagram arrives at once. */
export class FuzzCluster {
  readonly nodes: readonly FuzzNode[];
  readonly devices: FuzzDevice[] = [];
  /** Told of every datagram before a node gets it. */
  onDelivery: (delivery: Delivery) => void = () => undefined;
  /** Told of what a node sends from its public port to nobody's device. */
  onStray: (to: Endpoint, sizeBytes: number) => void = () => undefined;
  nowMs = 1000;
  readonly #random: SeededRandom;
  readonly #byClusterAddress: Map<string, FuzzNode>;
  readonly #byAddress: Map<string, FuzzDevice> = new Map();
  #waiting: Delivery[] = [];

  constructor(options: FuzzClusterOptions) {
    this.#random = new SeededRandom(options.seed);
    this.nodes = Array.from({ length: NODES }, (_, index) => makeNode(index + 1, options));
    this.#byClusterAddress = new Map(this.nodes.map((each) => [formatEndpoint(each.clusterAddress), each]));
    for (const each of this.nodes) {
      each.node.handle({ kind: "management", input: { kind: "start" } }, this.now);
      this.drain(each);
    }
  }

  get now(): Millis {
    return millis(this.nowMs);
  }

  node(id: number): FuzzNode {
    const found = this.nodes[id - 1];
    assert(found !== undefined, `Cannot find node ${id}`);
    return found;
  }

  isFormed(): boolean {
    return this.nodes.every(({ node }) => node.isReady && node.router.members.size === NODES - 1);
  }

  /** Connects a device at `address` through a node. */
  connect(address: string, id: number, options: Partial<DtlsClientOptions> = {}): FuzzDevice {
    const device = this.#open(address, id, options, (bytes) => bytes);
    this.devices.push(device);
    return device;
  }

  /** The same for one that does not behave; a second one at its address takes its place. It is in no list. */
  connectHostile(
    address: string,
    id: number,
    options: Partial<DtlsClientOptions>,
    onSend: (bytes: Uint8Array) => Uint8Array,
  ): FuzzDevice {
    return this.#open(address, id, options, onSend);
  }

  #open(
    address: string,
    id: number,
    options: Partial<DtlsClientOptions>,
    onSend: (bytes: Uint8Array) => Uint8Array,
  ): FuzzDevice {
    const client = new DtlsClient({
      crypto: systemCrypto,
      random: new SeededRandom(this.#random.uint32()),
      psk: { identity: IDENTITY, key: KEY },
      ...options,
    });
    const endpoint = endpointOf(address);
    const device = {
      client,
      address: endpoint,
      nodeId: id,
      roams: options.cids !== undefined,
      isEstablished: false,
      answers: 0,
      onSend,
    };
    this.#byAddress.set(address, device);
    client.handle({ kind: "connect", peer: "service" }, this.now);
    this.#drainDevice(device);
    this.settle();
    return device;
  }

  isDevice(endpoint: Endpoint): boolean {
    return this.#byAddress.has(formatEndpoint(endpoint));
  }

  /** One request of a device; true if it was answered at once. */
  request(device: FuzzDevice, bytes: Uint8Array): boolean {
    const before = device.answers;
    device.client.handle({ kind: "send", bytes }, this.now);
    this.#drainDevice(device);
    this.settle();
    return device.answers > before;
  }

  /** Lets time pass and everything due happen. */
  advance(durationMs: number, stepMs = 50): void {
    const endMs = this.nowMs + durationMs;
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, this.nowMs + stepMs);
      for (const each of this.nodes) {
        if ((each.node.nextTimeout() ?? Number.POSITIVE_INFINITY) > this.nowMs) continue;
        each.node.handle({ kind: "timeout" }, this.now);
        this.drain(each);
      }
      for (const device of this.devices) {
        if ((device.client.nextTimeout() ?? Number.POSITIVE_INFINITY) > this.nowMs) continue;
        device.client.handle({ kind: "timeout" }, this.now);
        this.#drainDevice(device);
      }
      this.settle();
    }
  }

  /** Delivers until nothing is under way. */
  settle(): void {
    for (let count = 0; this.#waiting.length > 0;) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const delivery of batch) {
        assert(count++ < DELIVERIES_MAX, "Cannot settle: datagrams breed datagrams");
        this.#deliver(delivery);
      }
    }
  }

  /** Fetches what a node tells and passes it on; `look` sees each output first. */
  drain(from: FuzzNode, look?: (output: RouterOutput) => void): void {
    for (let output = from.node.poll(); output !== undefined; output = from.node.poll()) {
      look?.(output);
      if (output.kind === "public") this.#toClient(output);
      else if (output.kind === "cluster") this.#toNode(from, output);
      else if (output.kind === "discover") this.#giveTable(from);
      else if (output.kind === "data") {
        const { session, bytes } = output;
        from.node.handle({ kind: "send", session, bytes }, this.now);
      }
    }
  }

  /** In mode static; in the other modes nodes know from the start whom to ping. */
  #giveTable({ node }: FuzzNode): void {
    const nodes = this.nodes.map((each) => ({ nodeId: nodeId(each.id), addresses: [each.clusterAddress] }));
    node.handle({ kind: "management", input: { kind: "table", nodes } }, this.now);
  }

  #deliver(delivery: Delivery): void {
    this.onDelivery(delivery);
    const to = this.node(delivery.nodeId);
    const memory = new Uint8Array(64 + delivery.bytes.length);
    memory.set(delivery.bytes, 64);
    const datagram = { bytes: memory, start: 64, end: memory.length };
    to.node.handle({ kind: delivery.port, datagram, source: delivery.source }, this.now);
    this.drain(to);
  }

  #toClient({ to, bytes, start, end }: Extract<RouterOutput, { kind: "public" }>): void {
    const device = this.#byAddress.get(formatEndpoint(to));
    if (device === undefined) {
      this.onStray(to, end - start);
      return;
    }
    device.client.handle({ kind: "datagram", peer: "service", bytes: bytes.slice(start, end) }, this.now);
    this.#drainDevice(device);
  }

  #toNode(from: FuzzNode, { to, bytes, start, end }: Extract<RouterOutput, { kind: "cluster" }>): void {
    const member = this.#byClusterAddress.get(formatEndpoint(to));
    if (member === undefined) return;
    const delivery = { nodeId: member.id, source: from.clusterAddress, bytes: bytes.slice(start, end) };
    this.#waiting.push({ ...delivery, port: "cluster" });
  }

  #drainDevice(device: FuzzDevice): void {
    for (let output = device.client.poll(); output !== undefined; output = device.client.poll()) {
      if (output.kind === "established") device.isEstablished = true;
      else if (output.kind === "data") device.answers++;
      else if (output.kind === "send") {
        const bytes = device.onSend(output.bytes);
        this.#waiting.push({ nodeId: device.nodeId, port: "public", source: device.address, bytes });
      }
    }
  }
}

function makeNode(id: number, { seed, mode, dtls, hidesNodes = false }: FuzzClusterOptions): FuzzNode {
  const random = new SeededRandom(seed + id);
  const addresses = Array.from({ length: NODES }, (_, index) => endpointOf(`10.0.0.${index + 1}:5884`));
  const credentials = { identity: IDENTITY, secret: SECRET };
  const channel =
    mode === "plain" || mode === "static"
      ? undefined
      : new DtlsChannel({ crypto: systemCrypto, random, credentials, mac: mode === "dtls-mac" });
  const clusterAddress = endpointOf(`10.0.0.${id}:5884`);
  const node = new RouterNode({
    nodeId: nodeId(id),
    cidSizeBytes: 6,
    layout: hidesNodes ? hiddenLayout(id) : undefined,
    crypto: systemCrypto,
    random,
    dtls: { psk: () => KEY, limits: { handshakesMax: CAPS.handshakes, sessionsMax: CAPS.sessions }, ...dtls },
    cluster: {
      flowsMax: CAPS.flows,
      management: {
        mode,
        ...(channel === undefined ? {} : { channel }),
        table: {
          nodeId: nodeId(id),
          random,
          discovery: { kind: "static", addresses },
          selfAddresses: [clusterAddress],
        },
      },
    },
  });
  return { id, node, channel, clusterAddress };
}

/** Two of the seven configurations, and room for few of the IDs that are made up. */
function hiddenLayout(id: number): QuicLbLayout {
  const configurations = [2, 5].map((number) => ({ id: number, key: new Uint8Array(16).fill(number) }));
  return new QuicLbLayout({
    serverIdSizeBytes: 1,
    nonceSizeBytes: 4,
    crypto: systemCrypto,
    nodeId: nodeId(id),
    worker: 0,
    workers: 1,
    keys: { active: 5, configurations },
    hashSeed: id,
    routesMax: 64,
  });
}
