// The management plane of a node: a table learnt over plain UDP or protected sessions, or a fixed one; one machine for the driver.
import { assert, type Machine, type Millis, unreachable } from "@coracle/base";
import type { ClusterMacKeys } from "./cluster-mac.ts";
import { Counters } from "./drop-cause.ts";
import { copyEndpoint, type Endpoint, formatEndpoint } from "./endpoint.ts";
import { FrameType } from "./forward-header.ts";
import type { NodeId } from "./node-id.ts";
import { isMemberChange, SessionBook } from "./session-book.ts";
import { NodeTable } from "./node-table.ts";
import type { NodeTableInput, NodeTableOutput } from "./node-table-io.ts";
import type { NodeTableOptions } from "./node-table-options.ts";
import { parsePingPong } from "./ping-pong.ts";
import { type ChannelOutput, glareRule, type ProtectedChannel } from "./protected-channel.ts";
import { StaticTable, type StaticTableInput } from "./static-table.ts";

/** How nodes talk: `mgmt-udp`, `mgmt-dtls`, `mgmt-dtls-mac` in Californium's logs. In mode static they do not: the table is told. */
export type ManagementMode = "plain" | "dtls" | "dtls-mac" | "static";

/** Settings of a {@link ManagementPlane}. */
export interface ManagementPlaneOptions {
  readonly mode: ManagementMode;
  /** Of a static table only the id, the own addresses and the timers count. */
  readonly table: NodeTableOptions;
  /** Needed in the secure modes, refused in the others. */
  readonly channel?: ProtectedChannel;
  /** How long the node with the higher address waits for the other to start a handshake. Default 1 s. */
  readonly glareWaitMs?: number;
}

/** What the plane is told: datagrams of the cluster port that are no frames, and what the node table is told. */
export type ManagementInput =
  | { readonly kind: "datagram"; readonly from: Endpoint; readonly bytes: Uint8Array }
  | StaticTableInput
  | Exclude<NodeTableInput, { readonly kind: "message" | "reachable" }>;

/** What the plane asks for or tells. */
export type ManagementOutput =
  | { readonly kind: "transmit"; readonly to: Endpoint; readonly bytes: Uint8Array }
  /** For `MemberTable.set`: a node to forward to, new, moved or with new keys. */
  | {
      readonly kind: "member-set";
      readonly nodeId: NodeId;
      readonly endpoint: Endpoint;
      readonly keys: ClusterMacKeys | undefined;
    }
  /** For `MemberTable.remove`. */
  | { readonly kind: "member-removed"; readonly nodeId: NodeId }
  | Exclude<NodeTableOutput, { readonly kind: "send" }>;

/** What the plane counts beside the table's counters. */
export const MANAGEMENT_COUNTERS = [
  /** A ping or pong in the clear, in a secure mode. */
  "plain-in-secure-mode",
  /** A DTLS record in the plain mode. */
  "record-in-plain-mode",
  /** A ping, a pong or a DTLS record where nobody is pinged. */
  "management-in-static-mode",
  /** First byte of nothing known. */
  "unknown-datagram",
  /** Nothing sent: no session, and this node is not to start one (yet). */
  "no-session",
  "handshake-started",
  "established",
  "closed",
  /** A session whose peer changed its node id. */
  "session-id-changed",
  "sessions-full",
  /** A stranger's handshake, while so many are under way that the rest is kept for listed addresses. */
  "crowded",
] as const;

/** One of {@link MANAGEMENT_COUNTERS}. */
export type ManagementCounter = (typeof MANAGEMENT_COUNTERS)[number];

const RECORD_TYPE_FIRST = 20;
const RECORD_TYPE_LAST = 25;
const HANDSHAKE_RECORD = 22;

/** Node table and channel behind one `handle`/`poll`. Same calls in all modes. */
export class ManagementPlane implements Machine<ManagementInput, ManagementOutput> {
  readonly table: NodeTable | StaticTable;
  readonly counters: Counters<ManagementCounter> = new Counters(MANAGEMENT_COUNTERS);
  readonly #mode: ManagementMode;
  readonly #channel: ProtectedChannel | undefined;
  readonly #selfAddresses: readonly Endpoint[];
  readonly #book: SessionBook;
  #outputs: ManagementOutput[] = [];
  #next = 0;

  constructor(options: ManagementPlaneOptions) {
    const { mode, table, channel } = options;
    const isSecure = mode === "dtls" || mode === "dtls-mac";
    assert(isSecure === (channel !== undefined), `Cannot manage in mode ${mode}: channel does not fit`);
    this.#mode = mode;
    this.#channel = channel;
    this.#selfAddresses = table.selfAddresses ?? [];
    this.#book = new SessionBook(options.glareWaitMs ?? 1000);
    this.table =
      mode === "static"
        ? new StaticTable(table)
        : new NodeTable({ ...table, listedOnly: table.listedOnly ?? mode === "plain" });
  }

  handle(input: ManagementInput, now: Millis): void {
    if (input.kind === "datagram") this.#receive(input.from, input.bytes, now);
    else if (input.kind === "timeout") this.#channel?.timeout(now);
    this.#drainChannel(now);
    this.#feed(input.kind === "datagram" ? { kind: "timeout" } : input, now);
    // What the table sent may have made the channel speak.
    this.#drainChannel(now);
  }

  poll(): ManagementOutput | undefined {
    const output = this.#outputs[this.#next++];
    if (output !== undefined) return output;
    this.#outputs = [];
    this.#next = 0;
    return undefined;
  }

  nextTimeout(): Millis | undefined {
    const table = this.table.nextTimeout();
    const channel = this.#channel?.nextTimeout();
    if (table === undefined || channel === undefined) return table ?? channel;
    return table < channel ? table : channel;
  }

  #receive(from: Endpoint, bytes: Uint8Array, now: Millis): void {
    const type = bytes[0] ?? 0;
    const isPing = type === FrameType.ping || type === FrameType.pong;
    const isRecord = type >= RECORD_TYPE_FIRST && type <= RECORD_TYPE_LAST;
    if (!isPing && !isRecord) return this.counters.add("unknown-datagram");
    if (this.#mode === "static") return this.counters.add("management-in-static-mode");
    if (isPing) {
      if (this.#channel !== undefined) return this.counters.add("plain-in-secure-mode");
      return this.#feed({ kind: "message", from, bytes }, now);
    }
    if (this.#channel === undefined) return this.counters.add("record-in-plain-mode");
    // To bring a cookie back costs a stranger little; what he begins must not keep the cluster's own nodes out.
    if (this.#channel.isCrowded && type === HANDSHAKE_RECORD && !this.table.knows(formatEndpoint(from)))
      return this.counters.add("crowded");
    this.#channel.receive(from, bytes, now);
  }

  /** Hands the table an input and carries out what it answers. */
  #feed(input: NodeTableInput | StaticTableInput, now: Millis): void {
    if (this.table instanceof StaticTable) this.table.handle(input, now);
    else {
      assert(input.kind !== "table", `Cannot take a table of nodes in mode ${this.#mode}: it is learnt there`);
      this.table.handle(input, now);
    }
    for (let output = this.table.poll(); output !== undefined; output = this.table.poll()) {
      if (output.kind === "send") this.#send(output.to, output.bytes, output.connect, now);
      else {
        if (output.kind === "member") this.#noteMember(output);
        this.#outputs.push(output);
      }
    }
  }

  #send(to: Endpoint, bytes: Uint8Array, connect: boolean, now: Millis): void {
    if (this.#channel === undefined) {
      this.#outputs.push({ kind: "transmit", to, bytes });
      return;
    }
    const key = formatEndpoint(to);
    if (this.#channel.send(to, bytes, now)) {
      // The peer may have lost a session that stands here; a member keeps its until it is dead, others start over.
      if (connect && this.#book.memberAt(key) === undefined && this.#book.sentInVain(key)) this.#close(to);
      return;
    }
    this.counters.add("no-session");
    if (!connect || this.#channel.status(to) !== "none") return;
    const onGlare = glareRule(this.#selfAddresses, to);
    if (onGlare === "yield" && !this.#book.mayStart(key, now)) return;
    this.counters.add("handshake-started");
    this.#channel.connect(to, onGlare, now);
  }

  #drainChannel(now: Millis): void {
    if (this.#channel === undefined) return;
    for (let output = this.#channel.poll(); output !== undefined; output = this.#channel.poll())
      this.#obey(output, now);
  }

  #obey(output: ChannelOutput, now: Millis): void {
    switch (output.kind) {
      case "transmit":
        this.#outputs.push({ kind: "transmit", to: output.to, bytes: output.bytes });
        return;
      case "established":
        this.counters.add("established");
        if (!this.#book.established(formatEndpoint(output.peer), output.keys)) this.counters.add("sessions-full");
        this.#renewKeys(output.peer);
        return this.#feed({ kind: "reachable", at: copyEndpoint(output.peer) }, now);
      case "message": {
        const parsed = parsePingPong(output.bytes);
        if (parsed.ok && !this.#book.bind(formatEndpoint(output.peer), parsed.value.nodeId))
          return this.counters.add("session-id-changed");
        return this.#feed({ kind: "message", from: output.peer, bytes: output.bytes }, now);
      }
      case "closed":
        this.counters.add("closed");
        return this.#book.closed(formatEndpoint(output.peer));
      default:
        unreachable(output);
    }
  }

  #noteMember(output: Extract<NodeTableOutput, { kind: "member" }>): void {
    const { change, node } = output;
    if (change === "suspect" || change === "alive") return;
    const former = this.#book.memberEndpoint(node.nodeId);
    if (!isMemberChange(change)) {
      this.#book.setMember(node.nodeId, undefined);
      this.#outputs.push({ kind: "member-removed", nodeId: node.nodeId });
      return this.#close(node.endpoint);
    }
    this.#book.setMember(node.nodeId, node.endpoint);
    this.#pushMember(node.nodeId, node.endpoint);
    if (former !== undefined && formatEndpoint(former) !== formatEndpoint(node.endpoint)) this.#close(former);
  }

  #close(peer: Endpoint): void {
    this.#book.closed(formatEndpoint(peer));
    this.#channel?.close(peer);
  }

  #renewKeys(peer: Endpoint): void {
    const id = this.#book.memberAt(formatEndpoint(peer));
    if (id !== undefined) this.#pushMember(id, copyEndpoint(peer));
  }

  #pushMember(id: NodeId, endpoint: Endpoint): void {
    const keys = this.#mode === "dtls-mac" ? this.#book.keys(formatEndpoint(endpoint)) : undefined;
    this.#outputs.push({ kind: "member-set", nodeId: id, endpoint, keys });
  }
}
