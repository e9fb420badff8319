// The management plane on the main thread: its datagrams, its timer, the discovery of nodes, and what it tells the workers.
import { type Millis, unreachable } from "@coracle/base";
import {
  type Endpoint,
  formatEndpoint,
  type ManagementInput,
  type ManagementOutput,
  ManagementPlane,
  type ManagementPlaneOptions,
  type NodeView,
  StaticTable,
} from "@coracle/cluster";
import type { Logger } from "@coracle/lifecycle";
import { startTimer, systemClock, type Timer, type UdpEndpoint } from "@coracle/runtime";
import type { MemberChange } from "./session-service.ts";

/** Who there is, as the management plane is told. */
export type FoundNodes = Extract<ManagementInput, { readonly kind: "discovered" | "table" }>;

/** What the control works with. */
export interface ClusterControlOptions {
  readonly management: ManagementPlaneOptions;
  readonly log: Logger;
  /** Asked for when the node table wants the addresses of the cluster, or the table where it is fixed. */
  readonly discover: () => Promise<FoundNodes>;
}

/** What it speaks to. */
export interface ClusterControlLines {
  /** The cluster port. */
  readonly port: UdpEndpoint;
  /** Told of members. */
  readonly onMember: (change: MemberChange) => void;
}

/** Timers are not armed for less: deadlines that are nearly due are served together. */
const TIMER_MS_MIN = 1;

/** Keeps this node in its cluster. */
export class ClusterControl {
  readonly plane: ManagementPlane;
  readonly #options: ClusterControlOptions;
  readonly #members: Map<number, Endpoint> = new Map();
  #lines: ClusterControlLines | undefined;
  #timer: Timer | undefined;
  #timerAt: Millis | undefined;

  constructor(options: ClusterControlOptions) {
    this.#options = options;
    this.plane = new ManagementPlane(options.management);
  }

  /** Begins to talk to the other nodes. */
  start(lines: ClusterControlLines): void {
    this.#lines = lines;
    this.tell({ kind: "start" });
  }

  /** Tells the plane. */
  tell(input: ManagementInput): void {
    if (this.#lines === undefined) return;
    const now = systemClock.now();
    this.plane.handle(input, now);
    for (let output = this.plane.poll(); output !== undefined; output = this.plane.poll()) this.#obey(output);
    this.#lines?.port.flush();
    this.#arm(now);
  }

  /** Looks the nodes up again. */
  async rediscover(): Promise<void> {
    try {
      this.tell(await this.#options.discover());
    } catch (error) {
      this.#options.log.warning("Nodes not found", { error });
    }
  }

  /** Other nodes, gone ones included. */
  nodes(): readonly NodeView[] {
    return this.plane.table.nodes();
  }

  get isReady(): boolean {
    return this.plane.table.ready;
  }

  /** Why this node is not ready, in words; `undefined` while it is. */
  get notReady(): string | undefined {
    const { table } = this.plane;
    if (table.ready) return undefined;
    if (!(table instanceof StaticTable)) return "the cluster has not formed";
    const { missing } = table;
    return missing.length === 0
      ? "the table of nodes is not there yet"
      : `no address is found for these nodes of the table: ${missing.join(", ")}`;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** The cluster address of a member. */
  clusterAddress(nodeId: number): string | undefined {
    const endpoint = this.#members.get(nodeId);
    return endpoint && formatEndpoint(endpoint);
  }

  close(): void {
    this.#lines = undefined;
    this.#timer?.cancel();
  }

  #obey(output: ManagementOutput): void {
    const { log } = this.#options;
    switch (output.kind) {
      case "transmit":
        this.#lines?.port.send(output.bytes, 0, output.bytes.length, output.to);
        return;
      case "member-set":
        this.#members.set(output.nodeId, output.endpoint);
        this.#lines?.onMember(output);
        return;
      case "member-removed":
        this.#members.delete(output.nodeId);
        this.#lines?.onMember(output);
        return;
      case "discover":
        void this.#discover();
        return;
      case "member":
        return log.info("Node changed", { node: output.node.nodeId, change: output.change });
      case "ready":
        return this.#logReady(output.ready);
      case "clash":
        return log.error("Two nodes use one id", { node: output.nodeId });
      default:
        unreachable(output);
    }
  }

  #logReady(isReady: boolean): void {
    const { log } = this.#options;
    if (!(this.plane.table instanceof StaticTable))
      return log.info(isReady ? "The cluster has formed" : "The cluster has lost its quorum", {});
    if (isReady) log.info("The table of nodes is complete", { nodes: this.plane.table.members });
    else log.warning("The table of nodes is not complete", { reason: this.notReady });
  }

  async #discover(): Promise<void> {
    try {
      this.tell(await this.#options.discover());
    } catch (error) {
      this.#options.log.warning("Nodes not found", { error });
      this.tell({ kind: "discovery-failed" });
    }
  }

  /** One timer for the earliest deadline; an earlier one that is armed already is left to fire and arm anew. */
  #arm(now: Millis): void {
    const next = this.plane.nextTimeout();
    if (next === undefined || this.#lines === undefined || (this.#timerAt !== undefined && this.#timerAt <= next))
      return;
    this.#timer?.cancel();
    this.#timerAt = next;
    this.#timer = startTimer(Math.max(TIMER_MS_MIN, next - now), () => {
      this.#timerAt = undefined;
      this.tell({ kind: "timeout" });
    });
  }
}
