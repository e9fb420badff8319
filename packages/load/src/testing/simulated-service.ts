// A CoAP server on DTLS behind the simulated NAT, and a fleet in front of it, on a virtual clock and a lossy network.
import { ManualClock, type Millis, SeededRandom } from "@coracle/base";
import { DtlsClient, type DtlsOutput, DtlsServer, RandomCids, SessionStore } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { PacketNetwork } from "@coracle/sim";
import { generate, parse } from "coap-packet";
import type { FleetOptions } from "../core/devices/device-types.ts";
import { Fleet, type FleetInput } from "../core/devices/fleet.ts";
import { type FleetResult, FleetTally } from "../core/devices/fleet-tally.ts";
import { FaultyPath, NO_FAULTS } from "../core/nat/faulty-path.ts";
import { NatTable } from "../core/nat/nat-table.ts";
import type { NatOptions, PathFaults } from "../core/nat/nat-types.ts";
import { CoapPacketCodec } from "../io/devices/coap-codec.ts";

/** What is simulated. */
export interface SimulationOptions {
  readonly seed: number;
  readonly fleet?: Partial<FleetOptions>;
  readonly nat?: Partial<NatOptions>;
  readonly lossRate?: number;
  /** Of the way between devices and the NAT, in both directions. */
  readonly faults?: Partial<PathFaults>;
  /** The server knows another key. */
  readonly isWrongKey?: boolean;
  /** The server answers in a message of its own, confirmable, after an empty acknowledgement. */
  readonly isSeparate?: boolean;
}

const FLEET: FleetOptions = {
  count: 10,
  handshakeRate: 100,
  handshakeTimeoutMs: 20_000,
  rate: 50,
  requests: 200,
  durationMs: undefined,
  sleepMs: 0,
  sleepAfter: 1,
  reconnectAfter: 0,
  resume: false,
  rebindEveryMs: undefined,
  coap: { confirmable: true, ackTimeoutMs: 2000, retransmissionsMax: 4, answerTimeoutMs: 10_000 },
};
const NAT: NatOptions = {
  backendCount: 1,
  natTimeoutMs: 30_000,
  balancerTimeoutMs: 15_000,
  lingerMs: 0,
  flowsMax: 1000,
  share: 1,
  rebindEveryMs: undefined,
  reshuffleEveryMs: undefined,
};
const KEY = new Uint8Array(16).fill(7);
const STEPS_MAX = 2_000_000;

/** A datagram with the addresses of the network. */
interface Parcel {
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** Addresses are texts: `c/DEVICE/GENERATION` of devices, `nat`, `p/PORT` of outside ports, `s` of the server. */
export class SimulatedService {
  readonly clock: ManualClock = new ManualClock();
  readonly nat: NatTable;
  readonly path: FaultyPath<Parcel>;
  readonly fleet: Fleet;
  readonly tally: FleetTally;
  readonly #options: SimulationOptions;
  readonly #network: PacketNetwork;
  readonly #server: DtlsServer;
  readonly #generations: number[];
  #isFinished = false;
  #messageId = 0;

  constructor(options: SimulationOptions) {
    const { seed, isWrongKey = false } = options;
    const fleet = { ...FLEET, ...options.fleet };
    this.#options = options;
    this.nat = new NatTable({ ...NAT, ...options.nat }, new SeededRandom(seed + 1));
    this.path = new FaultyPath({ random: new SeededRandom(seed + 5), underWayMax: 1000 });
    this.path.suffer({ ...NO_FAULTS, ...options.faults });
    this.#network = new PacketNetwork({
      random: new SeededRandom(seed + 2),
      lossRate: options.lossRate ?? 0,
      delayMsMin: 1,
      delayMsMax: 5,
    });
    this.#server = new DtlsServer({
      crypto: systemCrypto,
      random: new SeededRandom(seed + 3),
      psk: () => (isWrongKey ? new Uint8Array(16) : KEY),
      cids: new RandomCids(6),
      sessions: new SessionStore({ entriesMax: 1000 }),
    });
    const random = new SeededRandom(seed + 4);
    this.tally = new FleetTally(random);
    this.#generations = Array.from({ length: fleet.count }, () => 0);
    this.fleet = new Fleet(fleet, {
      random,
      codec: new CoapPacketCodec({
        method: "GET",
        path: "benchmark?rlen=10",
        payloadSizeBytes: 0,
        confirmable: fleet.coap.confirmable,
      }),
      makeClient: (device, resume) =>
        new DtlsClient({
          crypto: systemCrypto,
          random: new SeededRandom(random.uint32()),
          psk: { identity: Uint8Array.of(device), key: KEY },
          cids: new RandomCids(0),
          resume,
        }),
    });
  }

  /** What the server counted, drops and events together. */
  get serverCounts(): Readonly<Record<string, number>> {
    return { ...this.#server.counters };
  }

  /** Runs until the fleet has finished or this much time has passed. */
  run(durationMs: number): FleetResult {
    this.nat.start(this.clock.now());
    this.#tell({ kind: "start" });
    for (let steps = 0; !this.#isFinished && this.clock.now() < durationMs && steps < STEPS_MAX; steps++) this.#step();
    return this.tally.result();
  }

  #step(): void {
    const now = this.clock.now();
    const nexts = [
      this.fleet.nextTimeout(),
      this.nat.nextTimeout(),
      this.#server.nextTimeout(),
      this.#network.nextArrival(),
      this.path.nextTimeout(),
    ];
    const next = Math.min(...nexts.map((each) => each ?? Number.POSITIVE_INFINITY));
    this.clock.advance(next - now);
    const at = this.clock.now();
    for (const { from, to, bytes } of this.#network.arrivals(at)) this.#arrive(from, to, bytes);
    this.#passLate(at);
    this.nat.timeout(at);
    while (this.nat.poll() !== undefined) continue;
    this.#server.handle({ kind: "timeout" }, at);
    this.#drainServer(at);
    this.#tell({ kind: "timeout" });
  }

  #arrive(from: string, to: string, bytes: Uint8Array): void {
    const now = this.clock.now();
    const [kind, first = "", second = ""] = to.split("/");
    if (kind === "nat") {
      const [, device = "", generation = ""] = from.split("/");
      const client = {
        address: Uint8Array.of(Number(generation) >>> 8, Number(generation) & 0xff),
        port: Number(device),
      };
      const route = this.nat.fromClient(from, () => client, now);
      if (route !== undefined) this.#network.send(`p/${route.port}`, "s", bytes, now);
    } else if (kind === "p") {
      const client = this.nat.fromBackend(Number(first));
      const [high = 0, low = 0] = client?.address ?? [];
      if (client !== undefined) this.#suffer({ from: "nat", to: `c/${client.port}/${high * 256 + low}`, bytes });
    } else if (kind === "s") {
      this.#server.handle({ kind: "datagram", peer: from, bytes: bytes.slice() }, now);
      this.#drainServer(now);
    } else if (this.#generations[Number(first)] === Number(second)) {
      this.#tell({ kind: "datagram", device: Number(first), bytes: bytes.slice() });
    }
  }

  #tell(input: FleetInput): void {
    const now = this.clock.now();
    this.fleet.handle(input, now);
    for (let output = this.fleet.poll(); output !== undefined; output = this.fleet.poll()) {
      this.tally.add(output);
      if (output.kind === "send") {
        const from = `c/${output.device}/${this.#generations[output.device]}`;
        this.#suffer({ from, to: "nat", bytes: output.bytes });
      } else if (output.kind === "rebind") {
        this.#generations[output.device] = (this.#generations[output.device] ?? 0) + 1;
      } else if (output.kind === "finished") this.#isFinished = true;
    }
  }

  /** Between a device and the NAT: as often and as late as the way says. */
  #suffer(parcel: Parcel): void {
    const now = this.clock.now();
    const way = `${parcel.from} ${parcel.to}`;
    let copies = this.path.admit(way, () => parcel, now);
    for (; copies > 0; copies--) this.#network.send(parcel.from, parcel.to, parcel.bytes, now);
    this.#passLate(now);
  }

  #passLate(now: Millis): void {
    for (let late = this.path.take(now); late !== undefined; late = this.path.take(now))
      this.#network.send(late.from, late.to, late.bytes, now);
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  #drainServer(now: Millis): void {
    for (let output = this.#server.poll(); output !== undefined; output = this.#server.poll()) this.#serve(output, now);
  }

  #serve(output: DtlsOutput, now: Millis): void {
    if (output.kind === "send") this.#network.send("s", output.peer, output.bytes, now);
    if (output.kind !== "data") return;
    const request = parse(Buffer.from(output.bytes));
    if (request.code === "0.00") return;
    const { token, messageId, confirmable } = request;
    const reply = (packet: Parameters<typeof generate>[0]): void =>
      this.#server.handle({ kind: "send", session: output.session, bytes: new Uint8Array(generate(packet)) }, now);
    const isPiggybacked = confirmable && this.#options.isSeparate !== true;
    if (confirmable && !isPiggybacked) reply({ code: "0.00", ack: true, messageId });
    this.#messageId = (this.#messageId + 1) & 0xffff;
    const kind = isPiggybacked ? { ack: true } : { confirmable };
    reply({ code: "2.05", token, messageId: isPiggybacked ? messageId : this.#messageId, ...kind });
  }
}
