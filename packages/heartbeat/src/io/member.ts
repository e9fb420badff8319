// Drives a management plane: its socket, its deadlines, discovery; tells every change.
import { type Millis, unreachable } from "@coracle/base";
import {
  type Endpoint,
  formatEndpoint,
  ManagementPlane,
  type ManagementInput,
  type ManagementOutput,
  type ManagementPlaneOptions,
} from "@coracle/cluster";
import { nodeDocument, type PeerSource } from "@coracle/cluster/io";
import type { Logger } from "@coracle/lifecycle";
import { startTimer, systemClock, type Timer, type UdpBatch, type UdpEndpoint } from "@coracle/runtime";
import { ClashMemory } from "../core/clash-memory.ts";
import { notReadyReason } from "../core/cluster-health.ts";
import { Rivalry } from "../core/rivalry.ts";
import type { NodeChange, NodeEvent, NodesDocument } from "../core/node-change.ts";

/** What a {@link Member} works with. */
export interface MemberOptions {
  readonly management: ManagementPlaneOptions;
  readonly peers: PeerSource;
  readonly log: Logger;
  readonly onChange: (change: NodeChange) => void;
}

/** Deadlines that are nearly due are served together. */
const TIMER_MS_MIN = 1;

/** One node of the cluster, which only says that it lives. Frames for clients end here, counted as unknown datagrams. */
export class Member {
  readonly plane: ManagementPlane;
  readonly #options: MemberOptions;
  #port: UdpEndpoint | undefined;
  #timer: Timer | undefined;
  #timerAt: Millis | undefined;
  #changes = 0;
  #hasFormed = false;
  readonly #clashes: ClashMemory = new ClashMemory();
  readonly #rivalry: Rivalry = new Rivalry();

  constructor(options: MemberOptions) {
    this.#options = options;
    this.plane = new ManagementPlane(options.management);
  }

  /** Changes told so far. */
  get changes(): number {
    return this.#changes;
  }

  /** Begins to look for the others. */
  start(port: UdpEndpoint): void {
    this.#port = port;
    this.#tell({ kind: "start" });
  }

  /** Takes a batch of the cluster port. */
  receive(batch: UdpBatch): void {
    if (this.#port === undefined) return;
    for (let index = 0; index < batch.count; index++) {
      const datagram = batch.datagrams[index];
      if (datagram === undefined) break;
      const { bytes, start, end, source } = datagram;
      this.#handle({ kind: "datagram", from: source, bytes: bytes.slice(start, end) });
    }
    this.#settle();
  }

  /** The list of nodes has changed. */
  relist(): void {
    void this.#discover(false);
  }

  /** Everyone, as of now. */
  document(): NodesDocument {
    const now = systemClock.now();
    const { mode, table } = this.#options.management;
    const notReady = this.notReady() ?? null;
    return {
      self: { nodeId: table.nodeId, ready: notReady === null, mode, notReady },
      nodes: this.plane.table.nodes().map((node) => ({ ...nodeDocument(node, now) })),
    };
  }

  /** Why this node is not ready, in words; `undefined` while it is. */
  notReady(): string | undefined {
    const { table } = this.#options.management;
    const nodesExpected = table.nodesExpected ?? 1;
    return notReadyReason({
      ready: this.plane.table.ready,
      hasFormed: this.#hasFormed,
      nodes: this.plane.table.nodes(),
      nodesExpected,
      readyNodesMin: table.readyNodesMin ?? Math.floor(nodesExpected / 2) + 1,
      rival: this.#rivalry.winner(this.#pongs, systemClock.now()),
    });
  }

  close(): void {
    this.#timer?.cancel();
    this.#port?.close();
    this.#port = undefined;
  }

  #tell(input: ManagementInput): void {
    if (this.#port === undefined) return;
    this.#handle(input);
    this.#settle();
  }

  #handle(input: ManagementInput): void {
    this.plane.handle(input, systemClock.now());
    for (let output = this.plane.poll(); output !== undefined; output = this.plane.poll()) this.#obey(output);
  }

  #obey(output: ManagementOutput): void {
    switch (output.kind) {
      case "transmit":
        this.#port?.send(output.bytes, 0, output.bytes.length, output.to);
        return;
      case "discover":
        void this.#discover(true);
        return;
      case "member-set":
      case "member-removed":
        // For a packet path, which is not here.
        return;
      case "member":
        return this.#publish({ kind: output.change, node: { ...nodeDocument(output.node, systemClock.now()) } });
      case "ready":
        this.#hasFormed ||= output.ready;
        return this.#publish({ kind: output.ready ? "ready" : "not-ready" });
      case "clash":
        return this.#onClash(output);
      default:
        unreachable(output);
    }
  }

  /** Answers to this node's pings so far. */
  get #pongs(): number {
    return this.plane.table.counters.get("pong-received");
  }

  /** `kept` is absent if the id is this node's own. */
  #onClash({ nodeId, kept, refused }: Extract<ManagementOutput, { kind: "clash" }>): void {
    const now = systemClock.now();
    const at = formatEndpoint(refused);
    if (kept === undefined) this.#rivalry.heard(at, this.#pongs, now);
    if (!this.#clashes.isNews(nodeId, at, now)) return;
    this.#publish({ kind: "clash", nodeId, kept: kept === undefined ? null : formatEndpoint(kept), refused: at });
  }

  #publish(event: NodeEvent): void {
    const { log, onChange } = this.#options;
    if (event.kind === "clash") log.error("Two nodes use one id", { node: event.nodeId, refused: event.refused });
    else if ("node" in event) log.info("Node changed", { node: event.node["nodeId"], change: event.kind });
    else log.info(event.kind === "ready" ? "The cluster has formed" : "The cluster has lost its quorum");
    onChange({ number: ++this.#changes, event, current: this.document() });
  }

  /** `isAwaited`: the table asked, and is told of a failure too. */
  async #discover(isAwaited: boolean): Promise<void> {
    let addresses: readonly Endpoint[];
    try {
      addresses = await this.#options.peers.addresses();
    } catch (error) {
      this.#options.log.warning("Nodes not found", { error });
      if (isAwaited) this.#tell({ kind: "discovery-failed" });
      return;
    }
    this.#tell({ kind: "discovered", addresses });
  }

  #settle(): void {
    this.#port?.flush();
    const next = this.plane.nextTimeout();
    if (next === undefined || (this.#timerAt !== undefined && this.#timerAt <= next)) return;
    this.#timer?.cancel();
    this.#timerAt = next;
    this.#timer = startTimer(Math.max(TIMER_MS_MIN, next - systemClock.now()), () => {
      this.#timerAt = undefined;
      this.#tell({ kind: "timeout" });
    });
  }
}
