// One node of the router without I/O: which datagram is for whom, the sessions that end here, the cluster around it.
import { assert, type Machine, type Millis, type Random, unreachable } from "@coracle/base";
import {
  CLUSTER_MAC_SIZE_BYTES,
  type DatagramView,
  type Endpoint,
  FORWARD_HEADER_SIZE_BYTES_MAX,
  ManagementPlane,
  type ManagementPlaneOptions,
  type NodeId,
  RecordRouter,
  type RouteDecision,
} from "@coracle/cluster";
import {
  type CryptoProvider,
  DATAGRAM_SIZE_MAX_DEFAULT,
  type DtlsOutput,
  DtlsServer,
  type DtlsServerOptions,
  NodeCids,
  type PeerAddress,
} from "@coracle/dtls";
import { AnswerRoom } from "./answer-room.ts";
import { HandshakePaths } from "./handshake-paths.ts";
import { PathBook } from "./path-book.ts";
import { directPath, isSameClient, readPath } from "./peer-path.ts";
import type { QuicLbLayout } from "./quic-lb-layout.ts";
import type { RouterInput, RouterOutput } from "./router-io.ts";

/** Settings of a {@link RouterNode}. */
export interface RouterNodeOptions {
  readonly nodeId: NodeId;
  /** The size of all nodes' connection IDs. */
  readonly cidSizeBytes: number;
  /** The layout of connection IDs; absent: byte 0 is the node id, as in Californium's clusters. */
  readonly layout?: QuicLbLayout | undefined;
  readonly crypto: CryptoProvider;
  /** Fit for keys. */
  readonly random: Random;
  /** Credentials, suites and limits of the public port. */
  readonly dtls: Omit<DtlsServerOptions, "crypto" | "random" | "cids" | "datagramSizeMax" | "needsPathCheck">;
  /** Where several workers are one node: the octet behind the node's in their connection IDs. A layout has its own. */
  readonly worker?: number | undefined;
  /** Absent: this node is alone. */
  readonly cluster?: RouterClusterOptions | undefined;
}

/** How a node takes part in a cluster. */
export interface RouterClusterOptions {
  /** Absent: the plane is elsewhere; its datagrams are passed up, and members are set from there. */
  readonly management?: ManagementPlaneOptions;
  /** Frames carry a MAC; default as the management plane's mode says. */
  readonly mac?: boolean;
  readonly backward?: boolean;
  readonly flowsMax?: number;
}

/** Datagrams from strangers on the cluster port hurry a ping to them, but not more often than this. */
const STRANGER_HINT_MS = 100;
/** Members that forward what is not this node's are told of once in this time. */
const MISROUTED_TELL_MS = 60_000;
/** Of an undecoded protected record nothing is kept; anything else may be, so it is copied first. */
const CID_RECORD = 25;
const PASS_UP: RouterOutput = { kind: "pass-up" };

/** DTLS server, record router and management plane behind one `handle` and `poll`. */
export class RouterNode implements Machine<RouterInput, RouterOutput> {
  readonly server: DtlsServer;
  readonly router: RecordRouter;
  readonly management: ManagementPlane | undefined;
  readonly cidSizeBytes: number;
  /** Absent: Californium's. */
  readonly layout: QuicLbLayout | undefined;
  /** Of the MAC in frames between nodes; 0 if they have none. */
  readonly macSizeBytes: number;
  readonly #paths: PathBook = new PathBook();
  readonly #handshakePaths: HandshakePaths = new HandshakePaths();
  readonly #scratch: DatagramView = { bytes: new Uint8Array(FORWARD_HEADER_SIZE_BYTES_MAX + 65_536), start: 0, end: 0 };
  readonly #answers: AnswerRoom = new AnswerRoom();
  readonly #client: { address: Uint8Array; port: number } = { address: new Uint8Array(4), port: 0 };
  readonly #outputs: RouterOutput[] = [];
  #next = 0;
  #strangerHintAt = Number.NEGATIVE_INFINITY;
  #misroutedToldAt = Number.NEGATIVE_INFINITY;

  constructor(options: RouterNodeOptions) {
    const { nodeId, cidSizeBytes, layout, crypto, random, cluster } = options;
    assert(layout === undefined || layout.sizeBytes === cidSizeBytes, `Cannot use IDs of ${cidSizeBytes} bytes`);
    this.cidSizeBytes = cidSizeBytes;
    this.layout = layout;
    this.server = new DtlsServer({
      ...options.dtls,
      crypto,
      random,
      cids: layout?.generator ?? new NodeCids({ nodeId, sizeBytes: cidSizeBytes, worker: options.worker }),
      // Answers through another node are longer by a header.
      datagramSizeMax: DATAGRAM_SIZE_MAX_DEFAULT - (cluster === undefined ? 0 : FORWARD_HEADER_SIZE_BYTES_MAX),
      needsPathCheck: (from, to) => !isSameClient(from, to),
    });
    const mac = cluster?.mac ?? cluster?.management?.mode === "dtls-mac";
    this.macSizeBytes = mac ? CLUSTER_MAC_SIZE_BYTES : 0;
    this.router = new RecordRouter({
      nodeId,
      cidSizeBytes,
      cidOwners: layout,
      mac,
      backward: cluster?.backward ?? true,
      flowsMax: cluster === undefined ? 4 : (cluster.flowsMax ?? 65_536),
      hashSeed: random.uint32(),
    });
    this.management = cluster?.management && new ManagementPlane(cluster.management);
  }

  handle(input: RouterInput, now: Millis): void {
    switch (input.kind) {
      case "public":
        this.#receivePublic(input.datagram, input.source, now);
        return;
      case "cluster":
        this.#receiveCluster(input.datagram, input.source, now);
        return;
      case "send":
      case "close":
        this.server.handle(input, now);
        this.#drainServer();
        return;
      case "management":
        this.management?.handle(input.input, now);
        this.#drainManagement();
        return;
      case "timeout":
        this.#onTimeout(now);
        return;
      default:
        unreachable(input);
    }
  }

  poll(): RouterOutput | undefined {
    const output = this.#outputs[this.#next++];
    if (output !== undefined) return output;
    this.#outputs.length = 0;
    this.#next = 0;
    this.#answers.clear();
    return undefined;
  }

  nextTimeout(): Millis | undefined {
    const server = this.server.nextTimeout();
    const management = this.management?.nextTimeout();
    if (server === undefined || management === undefined) return server ?? management;
    return server < management ? server : management;
  }

  /** True while this node belongs to a formed cluster, or needs none. */
  get isReady(): boolean {
    return this.management?.table.ready ?? true;
  }

  #receivePublic(datagram: DatagramView, source: Endpoint, now: Millis): void {
    const roomy = datagram.start < FORWARD_HEADER_SIZE_BYTES_MAX ? this.#copyToScratch(datagram) : datagram;
    const decision = this.router.routePublic(roomy, source, now);
    if (decision.kind === "forward") {
      this.#sendToMember(roomy, decision);
    } else if (decision.kind === "local") {
      const path = this.#paths.direct(source);
      this.#handshakePaths.forget(path);
      this.#open(roomy, decision, path, now);
    }
  }

  #receiveCluster(datagram: DatagramView, source: Endpoint, now: Millis): void {
    const decision = this.router.routeCluster(datagram, source, now);
    switch (decision.kind) {
      case "local":
        this.#openForwarded(datagram, decision, now);
        return;
      case "send-client": {
        const { start, end } = decision;
        this.#outputs.push({
          kind: "public",
          to: this.#clientIn(datagram, decision),
          bytes: datagram.bytes,
          start,
          end,
        });
        return;
      }
      case "management":
        if (this.management === undefined) this.#outputs.push(PASS_UP);
        else this.#manage(datagram.bytes.slice(decision.start, decision.end), source, now);
        return;
      case "drop":
        if (decision.cause === "forward-unknown-sender" || decision.cause === "backward-unknown-sender") {
          this.#hurryStranger(source, now);
        } else if (decision.cause === "misrouted" || decision.cause === "unknown-cid-config") {
          this.#tellMisrouted(source, now);
        }
        return;
      default:
        return;
    }
  }

  /** The client that a frame names; always the same object. */
  #clientIn({ bytes }: DatagramView, { frame }: RouteDecision): Endpoint {
    const { addressOffset, addressSizeBytes, port } = frame;
    const client = this.#client;
    if (client.address.length !== addressSizeBytes) client.address = new Uint8Array(addressSizeBytes);
    for (let index = 0; index < addressSizeBytes; index++)
      client.address[index] = bytes[addressOffset + index] as number;
    client.port = port;
    return client;
  }

  /** A client's datagram that another node forwarded: answers go back through it. */
  #openForwarded(datagram: DatagramView, decision: RouteDecision, now: Millis): void {
    const { router } = decision;
    if (router === undefined) return;
    const path = this.#paths.routed(datagram.bytes, decision.frame, router);
    const cid = this.server.handshakeCount === 0 ? undefined : this.#firstCid(datagram, decision);
    if (cid !== undefined && this.server.stageOf(cid) === "handshake") {
      const client = directPath(readPath(path).client);
      this.#handshakePaths.note(client, router);
      this.#open(datagram, decision, client, now);
      return;
    }
    this.#open(datagram, decision, path, now);
  }

  #firstCid(datagram: DatagramView, { start, end }: RouteDecision): Uint8Array | undefined {
    const view = { bytes: datagram.bytes, start, end };
    const at = this.router.cidOffset(view);
    return at < 0 ? undefined : datagram.bytes.subarray(at, at + this.cidSizeBytes);
  }

  #open(datagram: DatagramView, { start, end }: RouteDecision, peer: PeerAddress, now: Millis): void {
    const isProtected = datagram.bytes[start] === CID_RECORD;
    const bytes = isProtected ? datagram.bytes.subarray(start, end) : datagram.bytes.slice(start, end);
    this.server.handle({ kind: "datagram", peer, bytes }, now);
    this.#drainServer();
  }

  #manage(bytes: Uint8Array, from: Endpoint, now: Millis): void {
    this.management?.handle({ kind: "datagram", from, bytes }, now);
    this.#drainManagement();
  }

  #hurryStranger(from: Endpoint, now: Millis): void {
    if (now - this.#strangerHintAt < STRANGER_HINT_MS) return;
    this.#strangerHintAt = now;
    if (this.management === undefined) {
      this.#outputs.push({ kind: "stranger", from });
      return;
    }
    this.management.handle({ kind: "unknown-sender", from }, now);
    this.#drainManagement();
  }

  #tellMisrouted({ address, port }: Endpoint, now: Millis): void {
    if (now - this.#misroutedToldAt < MISROUTED_TELL_MS) return;
    this.#misroutedToldAt = now;
    this.#outputs.push({ kind: "misrouted", from: { address: address.slice(), port } });
  }

  #onTimeout(now: Millis): void {
    if ((this.server.nextTimeout() ?? Number.POSITIVE_INFINITY) <= now) {
      this.server.handle({ kind: "timeout" }, now);
      this.#drainServer();
    }
    if ((this.management?.nextTimeout() ?? Number.POSITIVE_INFINITY) <= now) {
      this.management?.handle({ kind: "timeout" }, now);
      this.#drainManagement();
    }
  }

  #drainServer(): void {
    for (let output = this.server.poll(); output !== undefined; output = this.server.poll()) {
      this.#obeyServer(output);
    }
  }

  #obeyServer(output: DtlsOutput): void {
    switch (output.kind) {
      case "send":
        this.#answer(output.peer, output.bytes);
        return;
      case "established": {
        const { session, summary } = output;
        this.#outputs.push({ kind: "established", session, client: readPath(output.peer).client, summary });
        return;
      }
      case "data":
        this.#outputs.push(output);
        return;
      case "address":
        this.#handshakePaths.forget(output.from);
        this.#outputs.push({ kind: "moved", session: output.session, ...readPath(output.to) });
        return;
      case "closed":
        this.#outputs.push(output);
        return;
      case "handshake-failed": {
        const { cause, alert, reason } = output;
        this.#handshakePaths.forget(output.peer);
        this.#outputs.push({ kind: "handshake-failed", client: readPath(output.peer).client, cause, alert, reason });
        return;
      }
      case "refused":
        this.#outputs.push(output);
        return;
      default:
        unreachable(output);
    }
  }

  #answer(peer: PeerAddress, bytes: Uint8Array): void {
    const path = this.#paths.read(peer);
    const router = path.router ?? this.#handshakePaths.router(peer);
    const record = router === undefined ? { bytes, start: 0, end: bytes.length } : this.#answers.place(bytes);
    const decision = this.router.routeAnswer(record, path.client, router);
    if (decision.kind === "send-backward") this.#sendToMember(record, decision);
    else this.#outputs.push({ kind: "public", to: path.client, bytes, start: 0, end: bytes.length });
  }

  #sendToMember(datagram: DatagramView, { member, start, end }: RouteDecision): void {
    if (member === undefined) return;
    this.#outputs.push({ kind: "cluster", to: member.endpoint, bytes: datagram.bytes, start, end });
  }

  #drainManagement(): void {
    const { management } = this;
    if (management === undefined) return;
    for (let output = management.poll(); output !== undefined; output = management.poll()) {
      switch (output.kind) {
        case "transmit":
          this.#outputs.push({ ...output, kind: "cluster", start: 0, end: output.bytes.length });
          break;
        case "member-set":
          this.router.members.set(output.nodeId, output.endpoint, output.keys);
          break;
        case "member-removed":
          this.router.members.remove(output.nodeId);
          break;
        default:
          this.#outputs.push(output);
      }
    }
  }

  #copyToScratch({ bytes, start, end }: DatagramView): DatagramView {
    const scratch = this.#scratch;
    scratch.bytes.set(bytes.subarray(start, end), FORWARD_HEADER_SIZE_BYTES_MAX);
    scratch.start = FORWARD_HEADER_SIZE_BYTES_MAX;
    scratch.end = scratch.start + (end - start);
    return scratch;
  }
}
