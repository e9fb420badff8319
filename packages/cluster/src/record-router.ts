// Where a datagram goes: to this node, to the node that owns its connection ID, back to a client, or nowhere.
import { assert, type Millis } from "@coracle/base";
import { type CidOwners, UNKNOWN_CID_CONFIG } from "./cid-owners.ts";
import { ClusterMac } from "./cluster-mac.ts";
import { Counters, DROP_CAUSES, type DropCause, ROUTE_COUNTERS, type RouteCounter } from "./drop-cause.ts";
import type { Endpoint } from "./endpoint.ts";
import { FlowTable } from "./flow-table.ts";
import {
  CLUSTER_MAC_SIZE_BYTES,
  type DatagramView,
  emptyForwardFrame,
  FORWARD_HEADER_SIZE_BYTES_MAX,
  FORWARD_PAYLOAD_SIZE_BYTES_MIN,
  type ForwardFrame,
  FramePeek,
  FrameType,
  peekForwardFrame,
  writeForwardHeader,
} from "./forward-header.ts";
import { type Member, MemberTable } from "./member-table.ts";
import type { NodeId } from "./node-id.ts";
import { BROKEN_RECORD, NO_CID, isRecords, peekCid } from "./record-walk.ts";

/** Settings of a {@link RecordRouter}. */
export interface RecordRouterOptions {
  readonly nodeId: NodeId;
  /** The CID length of all nodes, 2 to 255. */
  readonly cidSizeBytes: number;
  /** Absent: byte 0 of a CID is the node id. */
  readonly cidOwners?: CidOwners | undefined;
  /** Mode mgmt-dtls-mac: every frame carries a MAC and members need keys. */
  readonly mac: boolean;
  /** Answer forwarded records through the node that forwarded them. Default true. */
  readonly backward?: boolean;
  /** Default 65,536; a multiple of 4. */
  readonly flowsMax?: number;
  /** Default 15 minutes. */
  readonly flowLifetimeMs?: number;
  /** Random: keeps hash collisions out of the hands of who chooses addresses. */
  readonly hashSeed: number;
}

/** The largest UDP payload over IPv4. */
export const DATAGRAM_SIZE_BYTES_MAX = 65_507;

/**
 * What to do with a datagram.
 * - `local`: hand `[start, end)` to the local DTLS endpoint. If `router` is set the client is in `frame`, and `router` is
 *   where an answer goes once the record is verified; otherwise the source is the client.
 * - `forward`: send `[start, end)` from the cluster port to `member`. It now starts with a header.
 * - `send-backward`: the same, of a record on its way back to the client.
 * - `send-client`: send `[start, end)` from the public port to the client: in `frame` if it came from a member, else the
 *   client given.
 * - `management`: ping, pong or a record of a management session, for the machine of the management plane.
 * - `drop`: nothing; `cause` says why and is counted.
 */
export interface RouteDecision {
  kind: "local" | "forward" | "send-backward" | "send-client" | "management" | "drop";
  start: number;
  end: number;
  member: Member | undefined;
  router: Endpoint | undefined;
  cause: DropCause | undefined;
  /** Where the parts of the frame lie, if there is one. */
  readonly frame: ForwardFrame;
}

/**
 * The decisions of the packet path, without sockets. One instance per packet thread. The answer of each method is one object,
 * good until the next call. Apart from the MAC nothing is allocated per datagram.
 */
export class RecordRouter {
  readonly members: MemberTable;
  readonly flows: FlowTable;
  readonly drops: Counters<DropCause> = new Counters(DROP_CAUSES);
  readonly counters: Counters<RouteCounter> = new Counters(ROUTE_COUNTERS);
  readonly #nodeId: NodeId;
  readonly #cidSizeBytes: number;
  readonly #cidOwners: CidOwners | undefined;
  readonly #macSizeBytes: number;
  readonly #backward: boolean;
  readonly #mac: ClusterMac = new ClusterMac();
  readonly #payload: DatagramView = { bytes: new Uint8Array(0), start: 0, end: 0 };
  readonly #forwardHeader: { readonly type: number; readonly macSizeBytes: number };
  readonly #backwardHeader: { readonly type: number; readonly macSizeBytes: number };
  readonly #decision: RouteDecision = {
    kind: "drop",
    start: 0,
    end: 0,
    member: undefined,
    router: undefined,
    cause: undefined,
    frame: emptyForwardFrame(),
  };

  constructor(options: RecordRouterOptions) {
    const { cidSizeBytes, hashSeed } = options;
    assert(
      Number.isInteger(cidSizeBytes) && cidSizeBytes >= 2 && cidSizeBytes <= 255,
      `Cannot route by connection IDs of 2 to 255 bytes: current value is ${cidSizeBytes}`,
    );
    this.#nodeId = options.nodeId;
    this.#cidSizeBytes = cidSizeBytes;
    this.#cidOwners = options.cidOwners;
    this.#macSizeBytes = options.mac ? CLUSTER_MAC_SIZE_BYTES : 0;
    this.#backward = options.backward ?? true;
    this.#forwardHeader = { type: FrameType.forward, macSizeBytes: this.#macSizeBytes };
    this.#backwardHeader = { type: FrameType.backward, macSizeBytes: this.#macSizeBytes };
    this.members = new MemberTable(hashSeed);
    this.flows = new FlowTable({
      flowsMax: options.flowsMax ?? 65_536,
      flowLifetimeMs: options.flowLifetimeMs ?? 15 * 60_000,
      hashSeed: hashSeed ^ 0x5bd1e995,
    });
  }

  /**
   * A datagram from the public port. In front of `start` the buffer needs {@link FORWARD_HEADER_SIZE_BYTES_MAX} bytes of
   * room; only they are written to.
   */
  routePublic(datagram: DatagramView, source: Endpoint, now: Millis): RouteDecision {
    const cid = peekCid(datagram, this.#cidSizeBytes);
    if (cid === BROKEN_RECORD) return this.#drop("broken-record");
    const owner = cid === NO_CID ? this.#nodeId : this.#ownerAt(datagram.bytes, cid);
    if (owner === this.#nodeId) return this.#local(datagram.start, datagram.end, undefined);
    const member = this.members.member(owner);
    if (member === undefined) return this.#drop(owner === UNKNOWN_CID_CONFIG ? "unknown-cid-config" : "unknown-node");
    if (this.#tooLarge(datagram)) return this.#drop("oversize");
    // A node accepts no smaller payload, so it would be sent in vain.
    if (datagram.end - datagram.start < FORWARD_PAYLOAD_SIZE_BYTES_MIN) return this.#drop("broken-record");
    if (!this.#wrap(datagram, source, this.#forwardHeader, member)) return this.#drop("no-keys");
    this.flows.touch(source, member.nodeId, now);
    this.counters.add("forwarded");
    return this.#send("forward", member, datagram.end);
  }

  /** A datagram from the cluster port. `source` is the UDP source, never taken from inside the datagram. */
  routeCluster(datagram: DatagramView, source: Endpoint, now: Millis): RouteDecision {
    const { frame } = this.#decision;
    switch (peekForwardFrame(datagram, this.#macSizeBytes, frame)) {
      case FramePeek.notAFrame:
        this.counters.add("management");
        return this.#answer("management", datagram.start, datagram.end);
      case FramePeek.short:
        return this.#drop("short-frame");
      case FramePeek.badAddressSize:
        return this.#drop("bad-address-size");
      case FramePeek.ok:
        break;
    }
    const forward = frame.type === FrameType.forward;
    const member = this.members.memberAt(source);
    if (member === undefined) return this.#drop(forward ? "forward-unknown-sender" : "backward-unknown-sender");
    if (this.#macSizeBytes > 0) {
      if (member.keys === undefined) return this.#drop("no-keys");
      if (!this.#mac.verify(datagram.bytes, frame, member.keys.verify))
        return this.#drop(forward ? "bad-forward" : "bad-backward");
    }
    if (frame.port === 0) return this.#drop("bad-port");
    this.#payload.bytes = datagram.bytes;
    this.#payload.start = frame.payloadOffset;
    this.#payload.end = frame.end;
    return forward ? this.#receiveForward(member) : this.#receiveBackward(member, now);
  }

  /**
   * A record of a local connection on its way to `client`. `router` is the member through which the client's newest record
   * came, as the connection keeps it. If that node has left, the record goes to the client directly: some balancers let it
   * pass, none forwards a record that was thrown away. Needs the same room in front as `routePublic`.
   */
  routeAnswer(record: DatagramView, client: Endpoint, router: Endpoint | undefined): RouteDecision {
    if (router === undefined || !this.#backward) return this.#direct(record, "answered-direct");
    const member = this.members.memberAt(router);
    if (member === undefined) return this.#direct(record, "router-left");
    const small = record.end - record.start < FORWARD_PAYLOAD_SIZE_BYTES_MIN;
    if (small || this.#tooLarge(record)) return this.#direct(record, "answered-direct");
    if (!this.#wrap(record, client, this.#backwardHeader, member)) return this.#direct(record, "router-left");
    this.counters.add("sent-backward");
    return this.#send("send-backward", member, record.end);
  }

  /** Where the first connection ID of a datagram lies in its buffer; negative if it has none. */
  cidOffset(datagram: DatagramView): number {
    return peekCid(datagram, this.#cidSizeBytes);
  }

  #ownerAt(bytes: Uint8Array, cid: number): number {
    return this.#cidOwners === undefined ? (bytes[cid] ?? 0) : this.#cidOwners.ownerAt(bytes, cid);
  }

  #receiveForward(member: Member): RouteDecision {
    const cid = peekCid(this.#payload, this.#cidSizeBytes);
    const owner = cid < 0 ? cid : this.#ownerAt(this.#payload.bytes, cid);
    if (owner !== this.#nodeId)
      return this.#drop(cid >= 0 && owner === UNKNOWN_CID_CONFIG ? "unknown-cid-config" : "misrouted");
    this.counters.add("processed-forward");
    return this.#local(this.#payload.start, this.#payload.end, member.endpoint);
  }

  #receiveBackward(member: Member, now: Millis): RouteDecision {
    const { frame } = this.#decision;
    if (!this.#backward) return this.#drop("backward-off");
    if (!isRecords(this.#payload)) return this.#drop("backward-no-record");
    if (!this.flows.confirm(this.#payload.bytes, frame, member.nodeId, now)) return this.#drop("unknown-flow");
    this.counters.add("backwarded");
    return this.#answer("send-client", this.#payload.start, this.#payload.end);
  }

  #tooLarge(datagram: DatagramView): boolean {
    return datagram.end - datagram.start > DATAGRAM_SIZE_BYTES_MAX - FORWARD_HEADER_SIZE_BYTES_MAX;
  }

  #wrap(
    datagram: DatagramView,
    client: Endpoint,
    header: { readonly type: number; readonly macSizeBytes: number },
    member: Member,
  ): boolean {
    // Checked first, so that the message is not put together for every datagram.
    if (datagram.start < FORWARD_HEADER_SIZE_BYTES_MAX)
      assert(false, `Cannot write ${FORWARD_HEADER_SIZE_BYTES_MAX} bytes in front: room is ${datagram.start}`);
    if (this.#macSizeBytes > 0 && member.keys === undefined) return false;
    const { frame } = this.#decision;
    writeForwardHeader(datagram, header, client, frame);
    if (this.#macSizeBytes > 0 && member.keys !== undefined) this.#mac.write(datagram.bytes, frame, member.keys.sign);
    return true;
  }

  #local(start: number, end: number, router: Endpoint | undefined): RouteDecision {
    if (router === undefined) this.counters.add("local");
    this.#answer("local", start, end);
    this.#decision.router = router;
    return this.#decision;
  }

  #send(kind: "forward" | "send-backward", member: Member, end: number): RouteDecision {
    this.#answer(kind, this.#decision.frame.start, end);
    this.#decision.member = member;
    return this.#decision;
  }

  #direct(record: DatagramView, counter: "answered-direct" | "router-left"): RouteDecision {
    this.counters.add(counter);
    return this.#answer("send-client", record.start, record.end);
  }

  #drop(cause: DropCause): RouteDecision {
    this.drops.add(cause);
    this.#answer("drop", 0, 0);
    this.#decision.cause = cause;
    return this.#decision;
  }

  #answer(kind: RouteDecision["kind"], start: number, end: number): RouteDecision {
    const decision = this.#decision;
    decision.kind = kind;
    decision.start = start;
    decision.end = end;
    decision.member = undefined;
    decision.router = undefined;
    decision.cause = undefined;
    return decision;
  }
}
