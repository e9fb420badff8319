// The workers of a node on packet threads, each with its own sockets on the shared ports.
import { assert } from "@coracle/base";
import { CLUSTER_MAC_SIZE_BYTES, type Endpoint } from "@coracle/cluster";
import {
  openPacketThreads,
  type PacketThreads,
  type PacketThreadsOptions,
  type UdpEndpoint,
  type UdpPath,
  type UdpSocketOptions,
} from "@coracle/runtime";
import type { ToldFailure } from "../core/handshake-failures.ts";
import {
  addSessionCounts,
  addWorkerCounts,
  type CidStage,
  decodeMessage,
  type PostedAnswer,
  type SessionCounts,
  type WorkerCounts,
  WorkerMessage,
} from "../core/worker-messages.ts";
import { quicLbPrefix } from "../core/quic-lb-layout.ts";
import { Port } from "./session-host.ts";
import type { MemberChange, RingDrops, SessionListener, SessionService, SessionStart } from "./session-service.ts";
import type { SessionSettings } from "./session-settings.ts";
import { clusterSteering, publicSteering, type SteeredIds } from "./steering-programs.ts";
import type { WorkerMail } from "./worker-mail.ts";
import { NoAnswerError, WorkerLine } from "./worker-line.ts";

/** Messages that wait for a flush at the two ports of a node. */
const SEND_QUEUE_MAX = 4096;
/** How often a worker looks at its deadlines. */
const TICK_MS = 50;

/** Sessions on packet threads. */
export class ThreadedSessions implements SessionService {
  readonly workers: number;
  readonly path: UdpPath;
  readonly public: UdpEndpoint;
  readonly cluster: UdpEndpoint | undefined;
  readonly upstreamPorts: Pick<UdpEndpoint, "stats"> | undefined;
  readonly #threads: PacketThreads;
  readonly #lines: readonly WorkerLine[];
  /** What a worker counted when it was asked last, for when it is too busy to say. */
  readonly #lastCounts: (WorkerCounts | undefined)[] = [];
  #countsUnderWay: Promise<WorkerCounts> | undefined;
  #sessionsUnderWay: Promise<SessionCounts> | undefined;

  private constructor(
    threads: PacketThreads,
    parts: { readonly publicPort: UdpEndpoint; readonly lines: readonly WorkerLine[]; readonly hasUpstream: boolean },
  ) {
    this.#threads = threads;
    this.#lines = parts.lines;
    this.path = threads.path;
    this.workers = threads.path.threads;
    this.public = parts.publicPort;
    this.cluster = threads.sockets[Port.cluster];
    this.upstreamPorts = parts.hasUpstream ? { stats: () => threads.openedStats() } : undefined;
  }

  /** Starts that many workers, or one where the kernel does not steer. Throws `UdpError`. */
  static async open(start: SessionStart, worker: URL, workers: number): Promise<ThreadedSessions> {
    const lines: WorkerLine[] = [];
    const broken = new Set<number>();
    const threads = await openPacketThreads({
      ...socketsOf(start, workers),
      ...listenersOf(start.listener, {
        onReply: (kind, message, thread) => {
          if (kind === WorkerMessage.answer) lines[thread]?.answered(message as PostedAnswer);
          else if (kind === WorkerMessage.farewellDone) lines[thread]?.farewellDone((message as { told: number }).told);
        },
        onBroken: (thread) => {
          broken.add(thread);
          lines[thread]?.broke();
        },
      }),
      worker,
      threads: workers,
      nativeOnly: true,
      tickMs: TICK_MS,
      data: start.settings,
    });
    const [publicPort] = threads.sockets;
    assert(publicPort !== undefined, "Cannot serve without a public port");
    for (let thread = 0; thread < threads.path.threads; thread++) {
      lines.push(new WorkerLine((kind, bytes) => threads.post(thread, kind, bytes)));
    }
    // One may have ended before there was a line to it.
    for (const thread of broken) lines[thread]?.broke();
    const hasUpstream = start.settings.upstream.kind === "udp";
    return new ThreadedSessions(threads, { publicPort, lines, hasUpstream });
  }

  setMember(change: MemberChange): void {
    const { nodeId } = change;
    if (change.kind === "member-removed") return this.#tellAll(WorkerMessage.memberRemoved, { nodeId });
    const { endpoint, keys } = change;
    this.#tellAll(WorkerMessage.memberSet, { nodeId, endpoint, keys: keys?.material });
  }

  mail(letter: WorkerMail): void {
    this.#threads.mail(letter);
  }

  async alive(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.ask({ kind: "alive" })));
  }

  counts(): Promise<WorkerCounts> {
    this.#countsUnderWay ??= this.#count().finally(() => {
      this.#countsUnderWay = undefined;
    });
    return this.#countsUnderWay;
  }

  sessions(): Promise<SessionCounts> {
    this.#sessionsUnderWay ??= Promise.all(this.#lines.map((line) => line.ask({ kind: "sessions" })))
      .then((all) => addSessionCounts(all as SessionCounts[]))
      .finally(() => {
        this.#sessionsUnderWay = undefined;
      });
    return this.#sessionsUnderWay;
  }

  async stage(cid: string, worker: number): Promise<CidStage> {
    const line = this.#lines[worker];
    return line === undefined ? "unknown" : ((await line.ask({ kind: "stage", cid })) as CidStage);
  }

  farewell(tellDevices: boolean, signal: AbortSignal): Promise<number> {
    let told = 0;
    const all = this.#lines.map(async (line) => {
      const count = await line.farewell(tellDevices);
      told += count;
    });
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return Promise.race([Promise.all(all), aborted]).then(() => told);
  }

  ringDrops(): RingDrops {
    return this.#threads.ringDrops();
  }

  async close(): Promise<void> {
    for (const line of this.#lines) line.close();
    await this.#threads.close();
  }

  async #count(): Promise<WorkerCounts> {
    const all = this.#lines.map(async (line, worker) => {
      try {
        this.#lastCounts[worker] = (await line.ask({ kind: "counts" })) as WorkerCounts;
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
      }
      return this.#lastCounts[worker];
    });
    const known = await Promise.all(all);
    return addWorkerCounts(known.filter((counts) => counts !== undefined));
  }

  #tellAll(kind: number, message: unknown): void {
    for (const line of this.#lines) line.tell(kind, message);
  }
}

function socketsOf({ settings, sockets }: SessionStart, workers: number): Pick<PacketThreadsOptions, "sockets"> {
  const { cluster } = settings;
  const macSizeBytes = cluster?.mac === true ? CLUSTER_MAC_SIZE_BYTES : 0;
  const listen: UdpSocketOptions = { ...sockets.listen, sendQueueMax: SEND_QUEUE_MAX };
  const between: UdpSocketOptions[] =
    sockets.cluster === undefined
      ? []
      : [{ ...sockets.cluster, sendQueueMax: SEND_QUEUE_MAX, segment: true, coalesce: true }];
  if (workers === 1) return { sockets: [listen, ...between] };
  const ids = steeredIds(settings);
  return {
    sockets: [
      { ...listen, steering: publicSteering(ids, workers) },
      ...between.map((socket) => ({ ...socket, steering: clusterSteering(ids, macSizeBytes, workers) })),
    ],
  };
}

/** What workers post besides news for the {@link SessionListener}, and that one has ended. */
interface WorkerListener {
  readonly onReply: (kind: number, message: unknown, thread: number) => void;
  readonly onBroken: (thread: number) => void;
}

/** What the kernel can read in connection IDs. */
function steeredIds({ nodeId, cidSizeBytes: sizeBytes, layout }: SessionSettings): SteeredIds {
  if (layout === undefined) return { kind: "node-first", nodeId };
  if (layout.sessionIdKey !== undefined) return { kind: "hidden" };
  return { kind: "quic-lb", prefix: quicLbPrefix(layout, layout.keys.active, nodeId), sizeBytes };
}

function listenersOf(
  listener: SessionListener,
  { onReply, onBroken }: WorkerListener,
): Pick<PacketThreadsOptions, "onDatagram" | "onMessage" | "onFailure"> {
  return {
    onDatagram: ({ bytes, start, end, source }) => listener.onManagement(source, bytes.subarray(start, end)),
    onMessage: (kind, bytes, thread) => {
      const message = decodeMessage(bytes);
      if (kind === WorkerMessage.stranger) listener.onStranger(message as Endpoint);
      else if (kind === WorkerMessage.handshakeFailed) listener.onHandshakeFailed(message as ToldFailure);
      else if (kind === WorkerMessage.warning) {
        const warning = message as { readonly message: string; readonly reason: string };
        listener.onWarning(warning.message, warning.reason);
      } else onReply(kind, message, thread);
    },
    onFailure: (error, thread) => {
      onBroken(thread);
      listener.onFailure(error);
    },
  };
}
