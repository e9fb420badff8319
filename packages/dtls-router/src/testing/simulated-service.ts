// Routers behind a dumb UDP balancer on a virtual clock: a client's flow has one backend, and only that one's answers pass.
import { assert, ManualClock, type Millis, SeededRandom } from "@coracle/base";
import { type Endpoint, formatEndpoint, type ManagementMode, nodeId, parseEndpoint } from "@coracle/cluster";
import { DtlsChannel } from "@coracle/cluster/io";
import { DtlsClient, type DtlsClientOptions, NODE_CID_SIZE } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { PacketNetwork } from "@coracle/sim";
import type { RouterOutput } from "../core/router-io.ts";
import type { QuicLbLayout } from "../core/quic-lb-layout.ts";
import { RouterNode } from "../core/router-node.ts";

/** The one address that clients know. */
const SERVICE = "203.0.113.1:5684";
const IDENTITY = new TextEncoder().encode("device");
const KEY = new TextEncoder().encode("sixteen byte key");
const STEPS_MAX = 2_000_000;

/** A router with the addresses it has in the simulation. */
export interface SimulatedRouter {
  readonly id: number;
  readonly node: RouterNode;
  /** Absent: Californium's. */
  readonly layout: QuicLbLayout | undefined;
  readonly publicAddress: string;
  readonly clusterAddress: string;
  /** Everything told but datagrams and data. */
  readonly told: RouterOutput[];
}

/** A device: sends numbered requests and knows which were answered. */
export interface SimulatedDevice {
  readonly client: DtlsClient;
  address: string;
  established: boolean;
  failed: boolean;
  /** Answers by request number, with how often each came. */
  readonly answers: Map<number, number>;
}

/** Settings of a {@link SimulatedService}. */
export interface SimulatedServiceOptions {
  readonly seed: number;
  readonly mode: ManagementMode;
  readonly routers: number;
  readonly backward?: boolean;
  readonly lossRate?: number;
  readonly delayMsMax?: number;
  /** Makes a router's layout of connection IDs; absent: Californium's. */
  readonly layout?: (routerId: number) => QuicLbLayout;
}

/** The endpoint of a text that is one. */
export function endpointOf(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  assert(parsed.ok, `Cannot use "${text}" as an endpoint`);
  return parsed.value;
}

/** Routers that answer every request with its own bytes, a balancer, and devices. */
export class SimulatedService {
  readonly clock: ManualClock = new ManualClock();
  readonly random: SeededRandom;
  readonly network: PacketNetwork;
  readonly routers: SimulatedRouter[] = [];
  readonly devices: SimulatedDevice[] = [];
  /** Answers that the balancer threw away, as they came from a backend that is not the flow's. */
  strayAnswers = 0;
  readonly #options: SimulatedServiceOptions;
  /** The backend of each client address. */
  readonly #flows: Map<string, number> = new Map();
  #ports = 20_000;

  constructor(options: SimulatedServiceOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    this.network = new PacketNetwork({
      random: new SeededRandom(options.seed + 1),
      lossRate: options.lossRate ?? 0,
      delayMsMin: 1,
      delayMsMax: options.delayMsMax ?? 1,
    });
    for (let id = 1; id <= options.routers; id++) this.#startRouter(id);
  }

  get now(): Millis {
    return this.clock.now();
  }

  /** A device at a fresh address begins its handshake. */
  connect(options: Partial<DtlsClientOptions> = {}): SimulatedDevice {
    const client = new DtlsClient({
      crypto: systemCrypto,
      random: new SeededRandom(this.random.uint32()),
      psk: { identity: IDENTITY, key: KEY },
      ...options,
    });
    const device = { client, address: this.#freshAddress(), established: false, failed: false, answers: new Map() };
    this.devices.push(device);
    client.handle({ kind: "connect", peer: SERVICE }, this.now);
    this.#drainDevice(device);
    return device;
  }

  /** The device appears at another address; the balancer picks a backend anew. */
  rebind(device: SimulatedDevice): void {
    device.address = this.#freshAddress();
  }

  /** The balancer forgets every flow: same addresses, random backends. */
  reshuffle(): void {
    this.#flows.clear();
  }

  /** Sends a flow to this router from now on. */
  pin(device: SimulatedDevice, routerId: number): void {
    this.#flows.set(device.address, routerId);
  }

  /** One request of a device. */
  request(device: SimulatedDevice, number: number): void {
    const bytes = new Uint8Array(40);
    new DataView(bytes.buffer).setUint32(0, number);
    device.client.handle({ kind: "send", bytes }, this.now);
    this.#drainDevice(device);
  }

  /** The router that holds most about a moment is asked for a sum over all. */
  total(count: (router: SimulatedRouter) => number): number {
    return this.routers.reduce((sum, router) => sum + count(router), 0);
  }

  /** Lets everything happen until `nowMs + durationMs`. */
  run(durationMs: number): void {
    const endMs = this.now + durationMs;
    for (let steps = 0; ; steps++) {
      assert(steps < STEPS_MAX, `Cannot finish a run: ${steps} steps at ${this.now} ms`);
      const nextMs = this.#nextMs();
      if (nextMs > endMs) break;
      this.clock.advance(nextMs - this.now);
      this.#deliver();
      this.#serveTimers();
    }
    this.clock.advance(endMs - this.now);
  }

  /** Runs until `done`, at most `limitMs`; true if it was. */
  runUntil(done: () => boolean, limitMs: number): boolean {
    const endMs = this.now + limitMs;
    while (this.now < endMs && !done()) this.run(10);
    return done();
  }

  #startRouter(id: number): void {
    const { seed, mode, routers, backward = true } = this.#options;
    const random = new SeededRandom(seed * 100 + id);
    const clusterAddress = `10.0.0.${id}:5884`;
    const addresses = Array.from({ length: routers }, (_, index) => endpointOf(`10.0.0.${index + 1}:5884`));
    const credentials = { identity: IDENTITY, secret: KEY };
    const channel =
      mode === "plain" || mode === "static"
        ? {}
        : { channel: new DtlsChannel({ crypto: systemCrypto, random, credentials, mac: mode === "dtls-mac" }) };
    const layout = this.#options.layout?.(id);
    const node = new RouterNode({
      nodeId: nodeId(id),
      cidSizeBytes: layout?.sizeBytes ?? NODE_CID_SIZE,
      layout,
      crypto: systemCrypto,
      random,
      dtls: { psk: () => KEY },
      cluster: {
        backward,
        management: {
          mode,
          ...channel,
          table: {
            nodeId: nodeId(id),
            random,
            discovery: { kind: "static", addresses },
            selfAddresses: [endpointOf(clusterAddress)],
          },
        },
      },
    });
    const router = { id, node, layout, publicAddress: `192.0.2.${id}:5684`, clusterAddress, told: [] };
    this.routers.push(router);
    node.handle({ kind: "management", input: { kind: "start" } }, this.now);
    this.#drainRouter(router);
  }

  #freshAddress(): string {
    const port = this.#ports++;
    return `198.51.100.${(port % 250) + 1}:${port}`;
  }

  #nextMs(): number {
    let nextMs = this.network.nextArrival() ?? Number.POSITIVE_INFINITY;
    for (const machine of [...this.routers.map(({ node }) => node), ...this.devices.map(({ client }) => client)]) {
      nextMs = Math.min(nextMs, machine.nextTimeout() ?? Number.POSITIVE_INFINITY);
    }
    return Math.max(nextMs, this.now);
  }

  #serveTimers(): void {
    for (const router of this.routers) {
      if ((router.node.nextTimeout() ?? Number.POSITIVE_INFINITY) > this.now) continue;
      router.node.handle({ kind: "timeout" }, this.now);
      this.#drainRouter(router);
    }
    for (const device of this.devices) {
      if ((device.client.nextTimeout() ?? Number.POSITIVE_INFINITY) > this.now) continue;
      device.client.handle({ kind: "timeout" }, this.now);
      this.#drainDevice(device);
    }
  }

  #deliver(): void {
    for (const { from, to, bytes } of this.network.arrivals(this.now)) {
      if (to === SERVICE) this.#balance(from, bytes);
      else if (from.startsWith("192.0.2.")) this.#answer(from, to, bytes);
      else this.#deliverCluster(from, to, bytes);
    }
  }

  /** Clients keep their addresses on the way to a backend, as with `externalTrafficPolicy: Local`. */
  #balance(from: string, bytes: Uint8Array): void {
    const known = this.#flows.get(from);
    const id = known ?? 1 + Math.floor(this.random.next() * this.routers.length);
    this.#flows.set(from, id);
    const router = this.routers[id - 1];
    assert(router !== undefined, `Cannot balance to router ${id}`);
    const datagram = { bytes, start: 0, end: bytes.length };
    router.node.handle({ kind: "public", datagram, source: endpointOf(from) }, this.now);
    this.#drainRouter(router);
  }

  #answer(from: string, to: string, bytes: Uint8Array): void {
    const router = this.routers.find(({ publicAddress }) => publicAddress === from);
    if (router === undefined || this.#flows.get(to) !== router.id) {
      this.strayAnswers++;
      return;
    }
    const device = this.devices.find(({ address }) => address === to);
    if (device === undefined) return;
    device.client.handle({ kind: "datagram", peer: SERVICE, bytes }, this.now);
    this.#drainDevice(device);
  }

  #deliverCluster(from: string, to: string, bytes: Uint8Array): void {
    const router = this.routers.find(({ clusterAddress }) => clusterAddress === to);
    if (router === undefined) return;
    const datagram = { bytes, start: 0, end: bytes.length };
    router.node.handle({ kind: "cluster", datagram, source: endpointOf(from) }, this.now);
    this.#drainRouter(router);
  }

  #drainRouter(router: SimulatedRouter): void {
    const { node, publicAddress, clusterAddress, told } = router;
    const requests: Extract<RouterOutput, { kind: "data" }>[] = [];
    for (let output = node.poll(); output !== undefined; output = node.poll()) {
      if (output.kind === "public" || output.kind === "cluster") {
        const { to, bytes, start, end } = output;
        const from = output.kind === "public" ? publicAddress : clusterAddress;
        this.network.send(from, formatEndpoint(to), bytes.slice(start, end), this.now);
      } else if (output.kind === "discover") this.#answerDiscovery(router);
      else if (output.kind === "data") requests.push(output);
      else told.push(output);
    }
    for (const { session, bytes } of requests) {
      node.handle({ kind: "send", session, bytes }, this.now);
      this.#drainRouter(router);
    }
  }

  /** In mode static: the table of all. In the other modes nodes are told at the start whom to ping. */
  #answerDiscovery({ node }: SimulatedRouter): void {
    const nodes = Array.from({ length: this.#options.routers }, (_, index) => ({
      nodeId: nodeId(index + 1),
      addresses: [endpointOf(`10.0.0.${index + 1}:5884`)],
    }));
    node.handle({ kind: "management", input: { kind: "table", nodes } }, this.now);
  }

  #drainDevice(device: SimulatedDevice): void {
    for (let output = device.client.poll(); output !== undefined; output = device.client.poll()) {
      if (output.kind === "send") this.network.send(device.address, SERVICE, output.bytes, this.now);
      else if (output.kind === "established") device.established = true;
      else if (output.kind === "handshake-failed" || output.kind === "closed") device.failed = true;
      else if (output.kind === "data") {
        const number = new DataView(output.bytes.buffer, output.bytes.byteOffset).getUint32(0);
        device.answers.set(number, (device.answers.get(number) ?? 0) + 1);
      }
    }
  }
}
