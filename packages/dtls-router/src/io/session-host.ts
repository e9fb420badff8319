// The whole data path of one worker: datagrams of both ports in, DTLS, the application, answers out. Never waits.
import { type Millis, unreachable } from "@coracle/base";
import { type DatagramView, type Endpoint, formatEndpoint } from "@coracle/cluster";
import type { SessionId } from "@coracle/dtls";
import type { ReceivedDatagram, UdpBatch, UdpEndpoint } from "@coracle/runtime";
import { Chores } from "../core/chores.ts";
import type { DatagramHomes } from "../core/datagram-home.ts";
import { type HandshakeFailure, HandshakeFailures, type ToldFailure } from "../core/handshake-failures.ts";
import { HANDSHAKES_PER_TURN, HandshakeQueue } from "../core/handshake-queue.ts";
import { readPath } from "../core/peer-path.ts";
import type { RouterOutput } from "../core/router-io.ts";
import type { RouterNode } from "../core/router-node.ts";
import type { CidStage, SessionCounts, WorkerCounts } from "../core/worker-messages.ts";
import type { Application, DeviceSession } from "./application.ts";
import { countSessions, sayFarewell } from "./session-chores.ts";

/** The two ports of a node, by the number of their socket. */
export const Port = { public: 0, cluster: 1 } as const;

/** What is around a {@link SessionHost}. */
export interface HostSurroundings {
  readonly public: UdpEndpoint;
  readonly cluster: UdpEndpoint | undefined;
  /** Absent where this is the only worker. */
  readonly homes: DatagramHomes | undefined;
  /** This worker's number. */
  readonly worker: number;
  /** Now, for what the application sends by itself. */
  now(): Millis;
  /** How often keys were looked up. */
  lookups(): Readonly<Record<string, number>>;
  /** The datagram is for the management plane. */
  passUp(datagram: ReceivedDatagram): void;
  /** A frame came from an address that is no member. */
  stranger(from: Endpoint): void;
  /** Something that a person should look at. */
  warn(message: string, error: Error): void;
  /** A handshake came to nothing; not told of each. */
  handshakeFailed(failure: ToldFailure): void;
  /** False if the other worker is too busy: then the datagram is lost, and that has been counted. */
  handOver(worker: number, datagram: ReceivedDatagram, port: number): boolean;
}

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE_RECORD = 22;
const CID_RECORD = 25;
const FORWARD_FRAME = 63;

/** One node's sessions, or a worker's part of them. */
export class SessionHost {
  readonly node: RouterNode;
  readonly #around: HostSurroundings;
  readonly #queue: HandshakeQueue = new HandshakeQueue();
  readonly #chores: Chores = new Chores();
  readonly #handshakeFailures: HandshakeFailures = new HandshakeFailures();
  readonly #refusals: Record<string, number> = {};
  #application: Application | undefined;
  #current: ReceivedDatagram | undefined;
  #handshakesLeft = HANDSHAKES_PER_TURN;
  #handedOver = 0;
  #queueDrops = 0;
  #isToldUsedUp = false;

  constructor(node: RouterNode, around: HostSurroundings) {
    this.node = node;
    this.#around = around;
  }

  /** Connects what stands behind it; before, nothing is received. */
  connect(application: Application): void {
    this.#application = application;
  }

  /** Takes a batch of a port. */
  receive(port: number, batch: UdpBatch, now: Millis): void {
    if (this.#application === undefined) return;
    this.#handshakesLeft = HANDSHAKES_PER_TURN;
    const { homes } = this.#around;
    for (let index = 0; index < batch.count; index++) {
      const datagram = batch.datagrams[index];
      if (datagram === undefined) break;
      if (homes === undefined || this.#isHome(homes, port, datagram)) this.#take(port, datagram, now);
    }
    this.#serveWaiting(now);
  }

  /** Takes a datagram that reached another worker. */
  handedOver(port: number, datagram: ReceivedDatagram, now: Millis): void {
    this.#take(port, datagram, now);
  }

  /** Does what was put off; true if there is more. */
  work(now: Millis): boolean {
    this.#handshakesLeft = HANDSHAKES_PER_TURN;
    this.#serveWaiting(now);
    const isMore = this.#chores.step();
    return isMore || this.#queue.size > 0;
  }

  /** Time passes. */
  tick(now: Millis): void {
    const due = this.node.nextTimeout();
    if (due !== undefined && due <= now) {
      this.node.handle({ kind: "timeout" }, now);
      this.#drain();
    }
    this.#application?.tick(now);
    this.#watchConnectionIds();
  }

  /** Sends application data. */
  reply(session: SessionId, bytes: Uint8Array): void {
    this.node.handle({ kind: "send", session, bytes }, this.#around.now());
    this.#drain();
  }

  /** Looks at a session. */
  describe(session: SessionId): DeviceSession | undefined {
    const found = this.node.server.describe(session);
    return found && { ...found, ...readPath(found.peer) };
  }

  /** What has a connection ID. */
  stageOf(cid: Uint8Array): CidStage {
    return this.node.server.stageOf(cid) ?? "unknown";
  }

  /** Everything counted so far. */
  counts(): WorkerCounts {
    const { node } = this;
    const { counters, drops, flows } = node.router;
    return {
      dtls: { ...node.server.counters },
      routes: { ...Object.fromEntries(counters.snapshot()), "handed-over": this.#handedOver },
      drops: { ...Object.fromEntries(drops.snapshot()), "handshakes-waiting-full": this.#queueDrops },
      handshakeFailures: { ...this.#handshakeFailures.counts },
      refusals: { ...this.#refusals },
      upstream: { ...this.#application?.counts() },
      lookups: { ...this.#around.lookups() },
      held: {
        sessions: node.server.sessionCount,
        handshakes: node.server.handshakeCount,
        handshakesWaiting: this.#queue.size,
        flows: flows.size,
        flowsConfirmed: flows.confirmed,
        ...this.#application?.levels(),
      },
    };
  }

  /** Counts the sessions by kind, a part of them between two batches. */
  countSessions(done: (counts: SessionCounts) => void): void {
    this.#chores.add(countSessions(this, this.#application?.levels() ?? {}, done));
  }

  /** Serves no hellos from now on, and ends every session, told or not; a part of them between two batches. */
  farewell(tellDevices: boolean, done: (told: number) => void): void {
    this.node.server.acceptHandshakes(false);
    if (tellDevices) this.#chores.add(sayFarewell(this, done));
    else done(0);
  }

  /** Ends a session with a close_notify. */
  close(session: SessionId): void {
    this.node.handle({ kind: "close", session }, this.#around.now());
    this.#drain();
  }

  /** Nothing is received or sent any more. */
  end(): void {
    this.#application?.close();
    this.#application = undefined;
  }

  /** Without IDs devices are served as long as they do not move, so that nobody would notice. */
  #watchConnectionIds(): void {
    const isUsedUp = this.node.layout?.generator.isUsedUp ?? false;
    if (isUsedUp && !this.#isToldUsedUp)
      this.#around.warn("No connection IDs are left", new Error("make another configuration the active one"));
    this.#isToldUsedUp = isUsedUp;
  }

  #isHome(homes: DatagramHomes, port: number, datagram: ReceivedDatagram): boolean {
    const home = port === Port.public ? homes.ofPublic(datagram, datagram.source) : homes.ofCluster(datagram);
    if (home === this.#around.worker) return true;
    if (this.#around.handOver(home, datagram, port)) this.#handedOver++;
    return false;
  }

  /** Works on a datagram now, or lets it wait if it is a handshake's and there were enough of those. */
  #take(port: number, datagram: ReceivedDatagram, now: Millis): void {
    if (this.#mayWait(port, datagram)) {
      if (this.#queue.size > 0 || this.#handshakesLeft === 0) {
        if (!this.#queue.push(port, datagram, datagram.source)) this.#queueDrops++;
        return;
      }
      this.#handshakesLeft--;
    }
    this.#handle(port, datagram, now);
  }

  /** Datagrams of handshakes wait. Records of one that is under way must not overtake what waits. */
  #mayWait(port: number, datagram: DatagramView): boolean {
    const { bytes } = datagram;
    let { start } = datagram;
    if (port === Port.cluster) {
      if (bytes[start] !== FORWARD_FRAME) return false;
      start += 4 + (bytes[start + 3] ?? 0) + this.node.macSizeBytes;
    }
    const type = bytes[start];
    if (type === HANDSHAKE_RECORD) return true;
    if (this.#queue.size === 0) return false;
    if (type !== CID_RECORD) return type === CHANGE_CIPHER_SPEC || type === ALERT;
    const cid = bytes.subarray(start + 11, start + 11 + this.node.cidSizeBytes);
    return this.node.server.stageOf(cid) === "handshake";
  }

  #serveWaiting(now: Millis): void {
    while (this.#handshakesLeft > 0) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      this.#handshakesLeft--;
      this.#handle(waiting.port, { ...waiting.datagram, source: waiting.source }, now);
    }
  }

  #handle(port: number, datagram: ReceivedDatagram, now: Millis): void {
    this.#current = datagram;
    const kind = port === Port.public ? "public" : "cluster";
    this.node.handle({ kind, datagram, source: datagram.source }, now);
    this.#drain();
  }

  #drain(): void {
    for (let output = this.node.poll(); output !== undefined; output = this.node.poll()) this.#obey(output);
  }

  #failed(failure: HandshakeFailure): void {
    const told = this.#handshakeFailures.add(failure, this.#around.now());
    if (told !== undefined) this.#around.handshakeFailed(told);
  }

  #obey(output: RouterOutput): void {
    const around = this.#around;
    switch (output.kind) {
      case "public":
        around.public.send(output.bytes, output.start, output.end, output.to);
        return;
      case "cluster":
        around.cluster?.send(output.bytes, output.start, output.end, output.to);
        return;
      case "data":
        this.#application?.receive(output.session, output.bytes);
        return;
      case "closed":
        this.#application?.ended(output.session);
        return;
      case "established":
      case "moved":
        // Sessions are asked for their state when it is needed.
        return;
      case "handshake-failed":
        return this.#failed(output);
      case "refused":
        return count(this.#refusals, output.cause);
      case "pass-up":
        return this.#passUp();
      case "stranger":
        return around.stranger(output.from);
      case "misrouted":
        return around.warn("A node forwards records that are not for this one", misrouted(output.from));
      case "discover":
      case "member":
      case "ready":
      case "clash":
        // The management plane is the main thread's.
        return;
      default:
        unreachable(output);
    }
  }

  #passUp(): void {
    if (this.#current !== undefined) this.#around.passUp(this.#current);
  }
}

function misrouted(from: Endpoint): Error {
  return new Error(`${formatEndpoint(from)} forwards them: have all nodes the same --cid-layout, sizes and keys?`);
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
