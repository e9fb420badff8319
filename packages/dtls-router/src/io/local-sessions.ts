// The one worker of a node on the main thread: where there are no packet threads, or none are wanted.
import {
  type OpenedUdp,
  openUdpEndpoint,
  startInterval,
  startTimer,
  systemClock,
  type Timer,
  type UdpBatch,
  type UdpEndpoint,
  type UdpPath,
} from "@coracle/runtime";
import type { CidStage, SessionCounts, WorkerCounts, WorkerQuestion } from "../core/worker-messages.ts";
import { answerQuestion } from "./answer-question.ts";
import type { DevicePortRequest } from "./ports.ts";
import { Port, type SessionHost } from "./session-host.ts";
import type { MemberChange, RingDrops, SessionService, SessionStart } from "./session-service.ts";
import { type MadeHost, makeSessionHost, readMail } from "./session-settings.ts";
import type { WorkerMail } from "./worker-mail.ts";

/** Messages that wait for a flush at the two ports of a node. */
const SEND_QUEUE_MAX = 4096;
const TICK_MS = 50;
/** Batches of a device's own port are small: there are many of them. */
const DEVICE_PORT_SIZES = { batchMax: 4, datagramSizeBytesMax: 1500, headroomBytes: 0 } as const;

/** Sessions on this thread. */
export class LocalSessions implements SessionService {
  readonly workers = 1;
  readonly path: UdpPath;
  readonly public: UdpEndpoint;
  readonly cluster: UdpEndpoint | undefined;
  readonly upstreamPorts = undefined;
  readonly #host: SessionHost;
  readonly #made: MadeHost;
  readonly #ticks: Timer;
  #work: Timer | undefined;
  #sessionsUnderWay: Promise<SessionCounts> | undefined;

  private constructor(
    ports: { readonly public: UdpEndpoint; readonly cluster: UdpEndpoint | undefined; readonly path: UdpPath },
    start: SessionStart,
  ) {
    this.path = ports.path;
    this.public = ports.public;
    this.cluster = ports.cluster;
    const { listener } = start;
    this.#made = makeSessionHost(start.settings, {
      worker: 0,
      workers: 1,
      public: ports.public,
      cluster: ports.cluster,
      passUp: ({ bytes, start: from, end, source: { address, port } }) => {
        listener.onManagement({ address: address.slice(), port }, bytes.slice(from, end));
      },
      stranger: ({ address, port }) => listener.onStranger({ address: address.slice(), port }),
      handOver: () => false,
      openPort: (request) => void openDevicePort(request),
      warn: (message, error) => listener.onWarning(message, error.message),
      handshakeFailed: (failure) => listener.onHandshakeFailed(failure),
    });
    this.#host = this.#made.host;
    this.#ticks = startInterval(TICK_MS, () => this.#tick());
  }

  /** Opens the ports; throws `UdpError` if they cannot be bound. */
  static async open(start: SessionStart): Promise<LocalSessions> {
    const { listen, cluster } = start.sockets;
    let receive: (port: number, batch: UdpBatch) => void = () => undefined;
    const open = (address: typeof listen, port: number): Promise<OpenedUdp> =>
      openUdpEndpoint({
        ...address,
        sendQueueMax: SEND_QUEUE_MAX,
        segment: port === Port.cluster,
        onBatch: (batch) => receive(port, batch),
      });
    const between = cluster && (await open(cluster, Port.cluster));
    const { endpoint, path } = await open(listen, Port.public);
    const sessions = new LocalSessions({ public: endpoint, cluster: between?.endpoint, path }, start);
    receive = (port, batch) => sessions.#receive(port, batch);
    return sessions;
  }

  setMember(change: MemberChange): void {
    const { members } = this.#host.node.router;
    if (change.kind === "member-set") members.set(change.nodeId, change.endpoint, change.keys);
    else members.remove(change.nodeId);
  }

  mail(letter: WorkerMail): void {
    readMail(this.#made, letter);
  }

  async alive(): Promise<void> {
    await this.#ask({ kind: "alive" });
  }

  counts(): Promise<WorkerCounts> {
    return this.#ask({ kind: "counts" }) as Promise<WorkerCounts>;
  }

  sessions(): Promise<SessionCounts> {
    this.#sessionsUnderWay ??= (this.#ask({ kind: "sessions" }) as Promise<SessionCounts>).finally(() => {
      this.#sessionsUnderWay = undefined;
    });
    return this.#sessionsUnderWay;
  }

  stage(cid: string): Promise<CidStage> {
    return this.#ask({ kind: "stage", cid }) as Promise<CidStage>;
  }

  farewell(tellDevices: boolean, signal: AbortSignal): Promise<number> {
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(0), { once: true });
      this.#host.farewell(tellDevices, resolve);
      this.#workOn();
    });
  }

  ringDrops(): RingDrops {
    return { toMain: 0, toThreads: 0, between: 0 };
  }

  async close(): Promise<void> {
    this.#ticks.cancel();
    this.#work?.cancel();
    this.#host.end();
    this.public.close();
    this.cluster?.close();
    await Promise.resolve();
  }

  #ask(question: WorkerQuestion): Promise<unknown> {
    return new Promise((resolve) => {
      answerQuestion(this.#host, question, resolve);
      this.#workOn();
    });
  }

  #receive(port: number, batch: UdpBatch): void {
    this.#host.receive(port, batch, systemClock.now());
    this.#workOn();
  }

  #tick(): void {
    this.#host.tick(systemClock.now());
    this.public.flush();
    this.cluster?.flush();
  }

  /** Does what was put off, with turns of the event loop in between. */
  #workOn(): void {
    if (this.#work !== undefined) return;
    const isMore = this.#host.work(systemClock.now());
    this.public.flush();
    this.cluster?.flush();
    if (!isMore) return;
    this.#work = startTimer(0, () => {
      this.#work = undefined;
      this.#workOn();
    });
  }
}

async function openDevicePort({ host, onBatch, opened }: DevicePortRequest): Promise<void> {
  try {
    const { endpoint } = await openUdpEndpoint({ host, port: 0, onBatch, sizes: DEVICE_PORT_SIZES });
    opened(endpoint);
  } catch (error) {
    opened(error instanceof Error ? error : new Error("Cannot open a port", { cause: error }));
  }
}
