// Drives a router node: datagrams from both ports in, everything it asks for out, one timer for its deadlines.
import { type Millis, unreachable } from "@coracle/base";
import type { Endpoint, ManagementInput, NodeView } from "@coracle/cluster";
import type { SessionId } from "@coracle/dtls";
import type { Logger } from "@coracle/lifecycle";
import { startTimer, systemClock, type Timer, type UdpBatch, type UdpEndpoint } from "@coracle/runtime";
import { readPath } from "../core/peer-path.ts";
import type { MemberUpdate } from "../core/packet-messages.ts";
import type { RouterInput, RouterOutput } from "../core/router-io.ts";
import type { RouterNode } from "../core/router-node.ts";
import type { Application, DeviceSession } from "./application.ts";

/** What an {@link Edge} connects. */
export interface EdgeOptions {
  readonly node: RouterNode;
  readonly log: Logger;
  /** Asked for when the node table wants the addresses of the cluster. */
  readonly discover: () => Promise<readonly Endpoint[]>;
  /** Told of members, for a packet thread. */
  readonly onMember: (change: MemberUpdate) => void;
}

/** What the edge hears from the management plane. */
type ManagementNews = Extract<
  RouterOutput,
  { kind: "discover" | "member" | "ready" | "clash" | "member-set" | "member-removed" }
>;

/** Timers are not armed for less: deadlines that are nearly due are served together. */
const TIMER_MS_MIN = 1;
/** Sessions that are told goodbye in one turn of the loop. */
const CLOSES_PER_TURN = 500;

/** Sockets, clock and application around one router node. All on one thread. */
export class Edge {
  readonly handshakeFailures: Map<string, number> = new Map();
  readonly refusals: Map<string, number> = new Map();
  readonly #options: EdgeOptions;
  readonly #node: RouterNode;
  #public: UdpEndpoint | undefined;
  #cluster: UdpEndpoint | undefined;
  #application: Application | undefined;
  #timer: Timer | undefined;
  #timerAt: Millis | undefined;
  #isClosed = false;

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.#node = options.node;
  }

  /** Connects sockets and application; the node table starts. */
  start(parts: {
    readonly public: UdpEndpoint;
    readonly cluster: UdpEndpoint | undefined;
    readonly application: Application;
  }): void {
    this.#public = parts.public;
    this.#cluster = parts.cluster;
    this.#application = parts.application;
    if (parts.cluster !== undefined) this.manage({ kind: "start" });
  }

  /** Takes a batch of the public port. */
  receivePublic(batch: UdpBatch): void {
    this.#receive("public", batch);
  }

  /** Takes a batch of the cluster port. */
  receiveCluster(batch: UdpBatch): void {
    this.#receive("cluster", batch);
  }

  /** Tells the node table. */
  manage(input: Exclude<ManagementInput, { readonly kind: "datagram" | "timeout" }>): void {
    this.#handle({ kind: "management", input });
    this.#flush();
  }

  /** Sends application data. */
  reply(session: SessionId, bytes: Uint8Array): void {
    this.#handle({ kind: "send", session, bytes });
  }

  /** Looks at a session. */
  describe(session: SessionId): DeviceSession | undefined {
    const found = this.#node.server.describe(session);
    return found && { ...found, ...readPath(found.peer) };
  }

  /** Other nodes, gone ones included. */
  nodes(): readonly NodeView[] {
    return this.#node.management?.table.nodes() ?? [];
  }

  /** Ends every session with a close_notify, a part of them in each turn, until done or aborted. Returns how many were told. */
  async closeSessions(signal: AbortSignal): Promise<number> {
    let told = 0;
    const { server } = this.#node;
    while (server.sessionCount > 0 && !signal.aborted) {
      for (const session of firstOf(server.sessionIds(), CLOSES_PER_TURN)) {
        this.#handle({ kind: "close", session });
        told++;
      }
      this.#flush();
      await new Promise<void>((resolve) => startTimer(TIMER_MS_MIN, resolve));
    }
    return told;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#application?.close();
  }

  #receive(kind: "public" | "cluster", batch: UdpBatch): void {
    if (this.#public === undefined) return;
    const now = systemClock.now();
    for (let index = 0; index < batch.count; index++) {
      const datagram = batch.datagrams[index];
      if (datagram === undefined) break;
      this.#node.handle({ kind, datagram, source: datagram.source }, now);
      this.#drain();
    }
    // What was sent leaves with the batch: a socket gathers until its turn is over.
    this.#arm(now);
  }

  #handle(input: RouterInput): void {
    if (this.#isClosed) return;
    const now = systemClock.now();
    this.#node.handle(input, now);
    this.#drain();
    this.#arm(now);
  }

  #drain(): void {
    for (let output = this.#node.poll(); output !== undefined; output = this.#node.poll()) this.#obey(output);
  }

  #obey(output: RouterOutput): void {
    switch (output.kind) {
      case "public":
        this.#public?.send(output.bytes, output.start, output.end, output.to);
        return;
      case "cluster":
        this.#cluster?.send(output.bytes, output.start, output.end, output.to);
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
        return count(this.handshakeFailures, output.alert ?? output.cause);
      case "refused":
        return count(this.refusals, output.cause);
      default:
        this.#obeyManagement(output);
    }
  }

  #obeyManagement(output: ManagementNews): void {
    const { log } = this.#options;
    switch (output.kind) {
      case "member-set":
      case "member-removed":
        return this.#options.onMember(output);
      case "discover":
        void this.#discover();
        return;
      case "member":
        return log.info("Node changed", { node: output.node.nodeId, change: output.change });
      case "ready":
        return log.info(output.ready ? "The cluster has formed" : "The cluster has lost its quorum", {});
      case "clash":
        return log.error("Two nodes use one id", { node: output.nodeId });
      default:
        unreachable(output);
    }
  }

  async #discover(): Promise<void> {
    try {
      const addresses = await this.#options.discover();
      this.manage({ kind: "discovered", addresses });
    } catch (error) {
      this.#options.log.warning("Nodes not found", { error });
      this.manage({ kind: "discovery-failed" });
    }
  }

  #flush(): void {
    this.#public?.flush();
    this.#cluster?.flush();
  }

  /** One timer for the earliest deadline; an earlier one that is armed already is left to fire and arm anew. */
  #arm(now: Millis): void {
    const next = this.#node.nextTimeout();
    if (next === undefined || this.#isClosed || (this.#timerAt !== undefined && this.#timerAt <= next)) return;
    this.#timer?.cancel();
    this.#timerAt = next;
    this.#timer = startTimer(Math.max(TIMER_MS_MIN, next - now), () => {
      this.#timerAt = undefined;
      this.#handle({ kind: "timeout" });
      this.#flush();
    });
  }
}

function firstOf<T>(items: Iterable<T>, countMax: number): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === countMax) break;
    first.push(item);
  }
  return first;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
