// The node table: who is in the cluster, learnt by ping and pong, judged by silence. One machine, no socket, no clock.
import { type Machine, type Millis, unreachable } from "@coracle/base";
import { CandidateList } from "./candidate-list.ts";
import { Counters } from "./drop-cause.ts";
import { copyEndpoint, type Endpoint, formatEndpoint } from "./endpoint.ts";
import { IdClaims } from "./id-claim.ts";
import type { NodeId } from "./node-id.ts";
import { NodeOutbox } from "./node-outbox.ts";
import {
  isMember,
  judgeSilence,
  makeNodeRecord,
  nextDueAt,
  type NodeRecord,
  type NodeView,
  noteRoundTrip,
  viewNode,
} from "./node-record.ts";
import {
  type MemberChange,
  NODE_TABLE_COUNTERS,
  type NodeTableCounter,
  type NodeTableInput,
  type NodeTableOutput,
} from "./node-table-io.ts";
import { type OwnIdVerdict, OwnIdWatch } from "./own-id.ts";
import { type NodeTableOptions, type NodeTableSettings, nodeTableSettings, STALL_MS } from "./node-table-options.ts";
import { encodePingPong, NodeState, parsePingPong, type PingPong } from "./ping-pong.ts";
import { countMembers, hasFormed, ownState, type ReadinessFacts } from "./readiness.ts";

/**
 * The membership machine of one node. It answers pings, finds nodes at listed addresses, pings the silent, and tells who
 * joined, moved, fell silent, died or left. `start` first; `timeout` at `nextTimeout()`, though any input does its work.
 */
export class NodeTable implements Machine<NodeTableInput, NodeTableOutput> {
  readonly counters: Counters<NodeTableCounter> = new Counters(NODE_TABLE_COUNTERS);
  readonly #settings: NodeTableSettings;
  readonly #outbox: NodeOutbox = new NodeOutbox();
  readonly #records: Map<NodeId, NodeRecord> = new Map();
  /** Members only, by address. */
  readonly #byKey: Map<string, NodeRecord> = new Map();
  readonly #candidates: CandidateList;
  readonly #claims: IdClaims;
  readonly #ownId: OwnIdWatch;
  #started = false;
  #discoverAt: Millis | undefined;
  #discoveredAt: Millis | undefined;
  #formed = false;
  #state: NodeState = NodeState.start;
  #due: Millis | undefined;

  constructor(options: NodeTableOptions) {
    this.#settings = nodeTableSettings(options);
    this.#candidates = new CandidateList(this.#settings);
    this.#claims = new IdClaims(this.#settings.timers.claimTimeoutMs);
    this.#ownId = new OwnIdWatch(this.#settings.selfKeys, this.#settings.timers.discoverIntervalMs);
  }

  /** True while the cluster has formed and enough of it lives. */
  get ready(): boolean {
    return this.#state === NodeState.initialized;
  }

  /** What this node says of itself on the wire. */
  get state(): NodeState {
    return this.#state;
  }

  /** Every other node known, gone ones included, by id. */
  nodes(): NodeView[] {
    return [...this.#records.values()].sort((a, b) => a.nodeId - b.nodeId).map(viewNode);
  }

  /** Nodes that are forwarded to. */
  get members(): number {
    return this.#byKey.size;
  }

  /** True for the text of an address that is listed or a member's. */
  knows(key: string): boolean {
    return this.#candidates.has(key) || this.#byKey.has(key);
  }

  handle(input: NodeTableInput, now: Millis): void {
    this.#forgiveStall(now);
    switch (input.kind) {
      case "start":
        this.#start(now);
        break;
      case "timeout":
        break;
      case "message":
        this.#receive(input.from, input.bytes, now);
        break;
      case "discovered":
        this.#relist(input.addresses, now);
        break;
      case "discovery-failed":
        this.counters.add("discovery-failed");
        this.#discoverSoon(this.#settings.timers.tickIntervalMs, now);
        break;
      case "unknown-sender":
        this.#candidates.hurry(formatEndpoint(input.from), now);
        break;
      case "reachable":
        this.#ping(input.at, now);
        break;
      case "node-left":
        this.#leave(input.nodeId);
        break;
      default:
        unreachable(input);
    }
    if (this.#started) this.#runTimers(now);
    this.#due = this.#earliest();
  }

  poll(): NodeTableOutput | undefined {
    return this.#outbox.shift();
  }

  nextTimeout(): Millis | undefined {
    return this.#due;
  }

  #earliest(): Millis | undefined {
    if (!this.#started) return undefined;
    let next = Math.min(
      this.#discoverAt ?? Number.POSITIVE_INFINITY,
      this.#claims.nextTimeout() ?? Number.POSITIVE_INFINITY,
      this.#candidates.nextTimeout(this.#byKey) ?? Number.POSITIVE_INFINITY,
    );
    for (const record of this.#records.values()) next = Math.min(next, nextDueAt(record, this.#settings.timers));
    return next === Number.POSITIVE_INFINITY ? undefined : (next as Millis);
  }

  #start(now: Millis): void {
    const { discovery } = this.#settings;
    this.#started = true;
    if (discovery.kind === "static") this.#candidates.replace(discovery.addresses, now);
    else this.#discoverAt = now;
    this.#updateState(now);
  }

  #relist(addresses: readonly Endpoint[], now: Millis): void {
    this.#candidates.replace(addresses, now);
    if (this.#candidates.leftOut > 0) this.counters.add("discovery-overflow");
    for (const record of this.#byKey.values()) {
      if (this.#candidates.has(record.key)) record.listing = "listed";
      else if (record.listing === "listed") record.listing = "delisted";
    }
  }

  #receive(from: Endpoint, bytes: Uint8Array, now: Millis): void {
    const parsed = parsePingPong(bytes);
    if (!parsed.ok) return this.counters.add(parsed.error);
    const message = parsed.value;
    this.counters.add(message.kind === "ping" ? "ping-received" : "pong-received");
    const key = formatEndpoint(from);
    const isKnown = !this.#settings.listedOnly || this.knows(key);
    if (message.nodeId === this.#settings.nodeId) return this.#receiveOwnId(from, this.#ownId.judge(key, isKnown, now));
    if (!isKnown) {
      this.counters.add("unlisted-sender");
      return this.#discoverSoon(0, now);
    }
    const record = this.#settle(message, from, key, now);
    if (record === undefined) return;
    this.#hear(record, message, now);
    this.#updateState(now);
    if (message.kind === "ping") this.#send("pong", record.endpoint, false);
  }

  #receiveOwnId(from: Endpoint, verdict: OwnIdVerdict): void {
    this.counters.add(verdict === "repeated-clash" ? "clash" : verdict);
    if (verdict !== "clash") return;
    this.#outbox.push({ kind: "clash", nodeId: this.#settings.nodeId, kept: undefined, refused: copyEndpoint(from) });
  }

  /** The entry that this message is of, made or moved if need be; `undefined` if it must not change the table (yet). */
  #settle(message: PingPong, from: Endpoint, key: string, now: Millis): NodeRecord | undefined {
    const record = this.#records.get(message.nodeId);
    if (record?.deafTo === key && now < record.deafUntil) return undefined;
    if (record?.liveness === "left" && record.key === key && !this.#candidates.has(key)) return undefined;
    const occupant = this.#byKey.get(key);
    if (occupant !== undefined && occupant.nodeId !== message.nodeId) {
      if (!this.#vacate(occupant, message, now)) return undefined;
    }
    if (record === undefined) return this.#join(message.nodeId, from, now);
    if (record.key === key) {
      this.#refuseClaim(record, now);
      return record;
    }
    // A suspect node, or one whose address has vanished from the list, need not be asked whether it moved.
    if (record.liveness === "alive" && record.listing !== "delisted") {
      this.counters.add(this.#claims.open(record.nodeId, copyEndpoint(from), key, now) ? "claim" : "claims-full");
      return undefined;
    }
    this.#move(record, copyEndpoint(from), now);
    return record;
  }

  /** A known address speaks with another id: believed when it says so in answer to a ping, not before. */
  #vacate(occupant: NodeRecord, message: PingPong, now: Millis): boolean {
    if (message.kind === "pong" && occupant.pingsUnanswered > 0) {
      this.#remove(occupant, "replaced");
      return true;
    }
    this.counters.add("address-claim");
    if (message.kind === "ping") this.#pingMember(occupant, now);
    return false;
  }

  #join(id: NodeId, from: Endpoint, now: Millis): NodeRecord | undefined {
    if (this.#records.size >= this.#settings.nodesMax && !this.#forgetOneGone()) {
      this.counters.add("table-full");
      return undefined;
    }
    const record = makeNodeRecord(id, copyEndpoint(from), now);
    this.#records.set(id, record);
    this.#byKey.set(record.key, record);
    this.#tell("joined", record);
    return record;
  }

  #forgetOneGone(): boolean {
    for (const record of this.#records.values()) if (!isMember(record)) return this.#records.delete(record.nodeId);
    return false;
  }

  #hear(record: NodeRecord, message: PingPong, now: Millis): void {
    const { timers, random } = this.#settings;
    if (message.kind === "pong") noteRoundTrip(record, now);
    record.pingSentAt = undefined;
    record.pingsUnanswered = 0;
    record.lastSeen = now;
    record.state = message.state;
    // A little early by chance: so two nodes do not ping each other at the same moment for ever.
    record.nextPingAt = (now + timers.refreshIntervalMs * (1 - 0.1 * random.next())) as Millis;
    if (record.liveness === "alive") return;
    const returned = !isMember(record);
    record.liveness = "alive";
    if (returned) {
      record.incarnation++;
      this.#byKey.set(record.key, record);
    }
    this.#tell(returned ? "returned" : "alive", record);
  }

  #refuseClaim(record: NodeRecord, now: Millis): void {
    const claim = this.#claims.get(record.nodeId);
    if (claim === undefined) return;
    this.#claims.close(record.nodeId);
    record.deafTo = claim.key;
    record.deafUntil = (now + this.#settings.timers.tickIntervalMs) as Millis;
    this.counters.add("clash");
    this.#outbox.push({ kind: "clash", nodeId: record.nodeId, kept: record.endpoint, refused: claim.endpoint });
  }

  /** Gives a node a new address everywhere; a gone one only gets it noted, `#hear` brings it back. */
  #move(record: NodeRecord, endpoint: Endpoint, now: Millis): void {
    const member = isMember(record);
    this.#claims.close(record.nodeId);
    if (member) this.#byKey.delete(record.key);
    this.#candidates.restart(record.key, now);
    record.listing = "unknown";
    record.deafTo = record.key;
    record.deafUntil = (now + this.#settings.timers.refreshIntervalMs) as Millis;
    record.endpoint = endpoint;
    record.key = formatEndpoint(endpoint);
    record.pingSentAt = undefined;
    record.rttMs = undefined;
    if (!member) return;
    record.liveness = "alive";
    record.lastSeen = now;
    record.incarnation++;
    this.#byKey.set(record.key, record);
    this.counters.add("moved");
    this.#tell("moved", record);
  }

  #leave(id: NodeId): void {
    const record = this.#records.get(id);
    if (record === undefined || record.liveness === "left") return;
    this.#candidates.remove(record.key);
    this.counters.add("left");
    if (isMember(record)) this.#remove(record, "left");
    else record.liveness = "left";
  }

  #remove(record: NodeRecord, change: "dead" | "left" | "replaced"): void {
    this.#byKey.delete(record.key);
    this.#claims.close(record.nodeId);
    record.liveness = change === "left" ? "left" : "dead";
    record.pingsUnanswered = 0;
    this.#tell(change, record);
  }

  #runTimers(now: Millis): void {
    for (let step = this.#claims.expire(now); step !== undefined; step = this.#claims.expire(now)) {
      const record = this.#records.get(step.kind === "move" ? step.claim.nodeId : step.nodeId);
      if (record === undefined) continue;
      if (step.kind === "probe") this.#pingMember(record, now);
      else this.#adopt(record, step.claim.endpoint, now);
    }
    for (const record of this.#records.values()) this.#judge(record, now);
    this.#updateState(now);
    const forming = !this.#formed || this.#byKey.size + 1 < this.#settings.nodesExpected;
    for (const endpoint of this.#candidates.due(now, this.#byKey, forming)) this.#send("ping", endpoint, true);
    if (this.#discoverAt !== undefined && this.#discoverAt <= now) {
      this.#discoverAt = (now + this.#settings.timers.discoverIntervalMs) as Millis;
      this.#discoveredAt = now;
      this.counters.add("discovery");
      this.#outbox.push({ kind: "discover" });
    }
  }

  /** The known holder of an id stayed silent when asked: the claim was right. */
  #adopt(record: NodeRecord, endpoint: Endpoint, now: Millis): void {
    const occupant = this.#byKey.get(formatEndpoint(endpoint));
    if (occupant !== undefined && occupant !== record) this.#remove(occupant, "replaced");
    this.#move(record, endpoint, now);
    this.#pingMember(record, now);
  }

  #judge(record: NodeRecord, now: Millis): void {
    const { timers } = this.#settings;
    if (!isMember(record)) {
      if (now >= record.lastSeen + timers.goneKeepMs) this.#records.delete(record.nodeId);
      return;
    }
    const verdict = judgeSilence(record, now, timers);
    if (verdict === "dead") {
      this.counters.add("expired");
      this.#remove(record, "dead");
      this.#candidates.restart(record.key, now);
      return this.#discoverSoon(0, now);
    }
    if (verdict === "suspect" && record.liveness === "alive") {
      record.liveness = "suspect";
      this.#tell("suspect", record);
    }
    if (record.nextPingAt <= now) this.#pingMember(record, now);
  }

  #forgiveStall(now: Millis): void {
    const lateMs = this.#due === undefined ? 0 : now - this.#due;
    if (lateMs < STALL_MS) return;
    this.counters.add("stall");
    for (const record of this.#byKey.values()) {
      record.lastSeen = Math.min(now, record.lastSeen + lateMs) as Millis;
      record.pingSentAt = undefined;
    }
  }

  #discoverSoon(waitMs: number, now: Millis): void {
    if (this.#discoverAt === undefined) return;
    const earliest = (this.#discoveredAt ?? now) + this.#settings.timers.discoverGapMs;
    this.#discoverAt = Math.min(this.#discoverAt, Math.max(now + waitMs, earliest)) as Millis;
  }

  /** Re-computes what this node says of itself; when that improves, all members are told at once. */
  #updateState(now: Millis): void {
    const before = this.#state;
    this.#formed = hasFormed(this.#facts());
    this.#state = ownState(this.#facts());
    if (this.#state === before) return;
    if (this.ready !== (before === NodeState.initialized)) this.#outbox.push({ kind: "ready", ready: this.ready });
    if (this.#state > before) for (const record of this.#byKey.values()) this.#pingMember(record, now);
  }

  #facts(): ReadinessFacts {
    const { nodesExpected, readyNodesMin } = this.#settings;
    return { ...countMembers(this.#byKey.values()), nodesExpected, readyNodesMin, formed: this.#formed };
  }

  #ping(at: Endpoint, now: Millis): void {
    const record = this.#byKey.get(formatEndpoint(at));
    if (record === undefined) this.#send("ping", copyEndpoint(at), false);
    else this.#pingMember(record, now);
  }

  #pingMember(record: NodeRecord, now: Millis): void {
    record.pingSentAt = record.pingsUnanswered === 0 ? now : undefined;
    record.pingsUnanswered++;
    record.nextPingAt = (now + this.#settings.timers.retryIntervalMs) as Millis;
    this.#send("ping", record.endpoint, true);
  }

  #send(kind: "ping" | "pong", to: Endpoint, connect: boolean): void {
    const bytes = encodePingPong(kind, this.#settings.nodeId, this.#state);
    const queued = this.#outbox.push({ kind: "send", to, bytes, connect });
    this.counters.add(queued ? (kind === "ping" ? "ping-sent" : "pong-sent") : "send-overflow");
  }

  #tell(change: MemberChange, record: NodeRecord): void {
    this.#outbox.push({ kind: "member", change, node: viewNode(record) });
  }
}
