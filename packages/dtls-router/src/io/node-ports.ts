// The two ports of a node: on a packet thread where the system allows it, on the main thread elsewhere.
import type { Endpoint } from "@coracle/cluster";
import type { Logger } from "@coracle/lifecycle";
import {
  describeUdpPath,
  openPacketThreads,
  openUdpEndpoint,
  type PacketThreads,
  resolveHost,
  type UdpBatch,
  type UdpEndpoint,
  UdpError,
  type UdpPath,
  type UdpSocketOptions,
} from "@coracle/runtime";
import {
  decodeMessage,
  encodeMessage,
  type MemberUpdate,
  PacketMessage,
  type PostedCounts,
} from "../core/packet-messages.ts";
import { Port } from "../core/packet-path.ts";
import type { DtlsRouterConfig } from "../config.ts";
import type { Edge } from "./edge.ts";
import type { PacketThreadData } from "./packet-handler.ts";

/** Messages that wait for a flush at the two ports of a node. */
const SEND_QUEUE_MAX = 4096;
/** How often the packet thread tells its counts. */
const TICK_MS = 50;
const NO_COUNTS: PostedCounts = { routes: [], drops: [], flows: 0, flowsConfirmed: 0 };

/** The open ports. */
export interface NodePorts {
  readonly public: UdpEndpoint;
  readonly cluster: UdpEndpoint | undefined;
  readonly path: UdpPath;
  /** What a packet thread counted; nothing where there is none. */
  readonly counts: () => PostedCounts;
  /** Datagrams that did not fit between the threads. */
  readonly ringDrops: () => { readonly toMain: number; readonly toThreads: number };
  readonly onMember: (change: MemberUpdate) => void;
  readonly close: () => Promise<void>;
}

/** What opening needs. */
export interface NodePortsOptions {
  readonly config: DtlsRouterConfig;
  readonly edge: Edge;
  readonly log: Logger;
  /** The module of the packet thread. */
  readonly worker: URL;
  readonly thread: PacketThreadData;
}

/** Opens the ports; throws `UdpError` if they cannot be bound. */
export async function openNodePorts(options: NodePortsOptions): Promise<NodePorts> {
  const { config, log } = options;
  const sockets = await socketsOf(config);
  const ports =
    (config.packetThread ? await openOnThread(options, sockets) : undefined) ?? (await openHere(options, sockets));
  const { local } = ports.public;
  log.info("Listening", { port: "listen", at: local.port, packetPath: describeUdpPath(ports.path) });
  return ports;
}

async function socketsOf({ listen, clusterListen }: DtlsRouterConfig): Promise<readonly UdpSocketOptions[]> {
  const sockets: UdpSocketOptions[] = [];
  for (const address of [listen, clusterListen]) {
    if (address === undefined) continue;
    const [host = address.host] = await resolveHost(address.host);
    sockets.push({ host, port: address.port, sendQueueMax: SEND_QUEUE_MAX, segment: address === clusterListen });
  }
  return sockets;
}

/** `undefined` where a packet thread would not be faster. */
async function openOnThread(
  options: NodePortsOptions,
  sockets: readonly UdpSocketOptions[],
): Promise<NodePorts | undefined> {
  const { edge, log, worker, thread } = options;
  let counts = NO_COUNTS;
  let threads: PacketThreads;
  try {
    threads = await openPacketThreads({
      worker,
      sockets,
      threads: 1,
      tickMs: TICK_MS,
      data: thread,
      onDatagram: (datagram, socket) => {
        const batch: UdpBatch = { count: 1, datagrams: [datagram] };
        if (socket === Port.public) edge.receivePublic(batch);
        else edge.receiveCluster(batch);
      },
      onMessage: (kind, bytes) => {
        if (kind === PacketMessage.counts) counts = decodeMessage(bytes) as PostedCounts;
        else if (kind === PacketMessage.stranger) {
          edge.manage({ kind: "unknown-sender", from: decodeMessage(bytes) as Endpoint });
        }
      },
      onFailure: (error) => log.error("The packet thread has ended", { error }),
    });
  } catch (error) {
    if (!(error instanceof UdpError) || (error.code !== "UNSUPPORTED" && error.code !== "WORKER")) throw error;
    log.warning("No packet thread here", { error });
    return undefined;
  }
  if (!threads.path.implementation.startsWith("native")) {
    await threads.close();
    return undefined;
  }
  const [publicPort, clusterPort] = threads.sockets;
  if (publicPort === undefined) return undefined;
  return {
    public: publicPort,
    cluster: clusterPort,
    path: threads.path,
    counts: () => counts,
    ringDrops: () => threads.ringDrops(),
    onMember: (change) => postMember(threads, change),
    close: () => threads.close(),
  };
}

function postMember(threads: PacketThreads, change: MemberUpdate): void {
  if (change.kind === "member-removed") {
    threads.post(0, PacketMessage.memberRemoved, encodeMessage({ nodeId: change.nodeId }));
    return;
  }
  const { nodeId, endpoint, keys } = change;
  threads.post(0, PacketMessage.memberSet, encodeMessage({ nodeId, endpoint, keys: keys?.material }));
}

async function openHere({ edge }: NodePortsOptions, sockets: readonly UdpSocketOptions[]): Promise<NodePorts> {
  const [listen, clusterListen] = sockets;
  const cluster =
    clusterListen && (await openUdpEndpoint({ ...clusterListen, onBatch: (batch) => edge.receiveCluster(batch) }));
  const opened = await openUdpEndpoint({
    host: "127.0.0.1",
    port: 0,
    ...listen,
    onBatch: (batch) => edge.receivePublic(batch),
  });
  return {
    public: opened.endpoint,
    cluster: cluster?.endpoint,
    path: opened.path,
    counts: () => NO_COUNTS,
    ringDrops: () => ({ toMain: 0, toThreads: 0 }),
    onMember: () => undefined,
    close: async () => {
      opened.endpoint.close();
      cluster?.endpoint.close();
      await Promise.resolve();
    },
  };
}
