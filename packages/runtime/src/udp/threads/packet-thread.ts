// One packet thread as the main thread sees it: its worker, its rings, its counters.
import { startTimer, type Timer } from "../../clock.ts";
import type { UdpAddress } from "../address.ts";
import { COUNTER_SLOTS, COUNTERS_SIZE_BYTES, UdpCounters, type UdpStats } from "../counters.ts";
import type { ReceivedDatagram } from "../endpoint.ts";
import { openLibc } from "../native/libc.ts";
import { wakePoller } from "../native/poller.ts";
import { UdpError } from "../udp-error.ts";
import { type Part, type Posted, postAddressed, postBytes, readAddressed } from "./addressed-message.ts";
import {
  ControlWord,
  KIND_DATAGRAM,
  KIND_SEND,
  MESSAGES_PER_TURN,
  type ThreadMail,
  type ThreadPlan,
  type ThreadReport,
} from "./thread-plan.ts";
import { ThreadRing } from "./thread-ring.ts";

/** A thread that does not end by itself is ended. */
const CLOSE_TIMEOUT_MS = 2000;

/** Who hears what a thread posts. */
export interface ThreadListener {
  onMessage(kind: number, bytes: Uint8Array, thread: number): void;
  onDatagram(datagram: ReceivedDatagram, socket: number, thread: number): void;
  onFailure(error: UdpError, thread: number): void;
}

type Ready = Extract<ThreadReport, { kind: "ready" }>;

/** A running packet thread. */
export class PacketThread {
  readonly plan: ThreadPlan;
  readonly #worker: Worker;
  readonly #listener: ThreadListener;
  readonly #toThread: ThreadRing;
  readonly #fromThread: ThreadRing;
  #wake: () => void = () => undefined;
  #started: { resolve(ready: Ready): void; reject(error: UdpError): void } | undefined;
  #closed: (() => void) | undefined;
  #isOver = false;
  #turn: Timer | undefined;

  constructor(plan: ThreadPlan, module: URL, listener: ThreadListener) {
    this.plan = plan;
    this.#listener = listener;
    this.#toThread = new ThreadRing(plan.fromMain);
    this.#fromThread = new ThreadRing(plan.toMain);
    this.#fromThread.sleep();
    this.#worker = new Worker(module.href, { type: "module", name: `packets ${plan.thread}` });
    this.#worker.addEventListener("message", (event: MessageEvent) => this.#heard(event.data as ThreadReport));
    this.#worker.addEventListener("error", (event: ErrorEvent) => {
      event.preventDefault();
      this.#failed(new UdpError("WORKER", `Cannot go on with packet thread ${plan.thread}: ${event.message}`));
    });
  }

  /** Resolves when the thread is bound and serves. */
  async start(): Promise<Ready> {
    const ready = await new Promise<Ready>((resolve, reject) => {
      this.#started = { resolve, reject };
      this.#worker.postMessage(this.plan);
    });
    const libc = ready.wakeFd < 0 ? undefined : await openLibc();
    this.#wake =
      libc === undefined || "refusedAs" in libc
        ? () => this.#worker.postMessage("bell")
        : () => wakePoller(libc, ready.wakeFd);
    // Posted before the waker was known.
    this.#wake();
    return ready;
  }

  post(kind: number, part: Part): boolean {
    return this.#posted(postBytes(this.#toThread, kind, part));
  }

  send(socket: number, part: Part, peer: UdpAddress): boolean {
    return this.#posted(postAddressed(this.#toThread, KIND_SEND, part, { socket, peer }));
  }

  /** Hands the handler a structured clone of `value`; for what is too large for the ring or shares memory. */
  mail(value: unknown): void {
    this.#worker.postMessage({ kind: "coracle-mail", value } satisfies ThreadMail);
    Atomics.add(new Int32Array(this.plan.control), ControlWord.mailed, 1);
    this.#wake();
  }

  stats(socket: number): UdpStats {
    const at = socket * COUNTERS_SIZE_BYTES;
    return new UdpCounters(new Float64Array(this.plan.counters, at, COUNTER_SLOTS)).stats();
  }

  /** Messages that did not fit the rings, from and to the thread, and from it to the others. */
  ringDrops(): { readonly fromThread: number; readonly toThread: number; readonly toPeers: number } {
    const outboxes = this.plan.peers.outboxes.map((memory) => new ThreadRing(memory).refused());
    return {
      fromThread: this.#fromThread.refused(),
      toThread: this.#toThread.refused(),
      toPeers: outboxes.reduce((sum, refused) => sum + refused, 0),
    };
  }

  /** Lets the thread send what waits and ends it. */
  async close(): Promise<void> {
    if (!this.#isOver) {
      await new Promise<void>((resolve) => {
        const timer = startTimer(CLOSE_TIMEOUT_MS, resolve);
        this.#closed = () => {
          timer.cancel();
          resolve();
        };
        Atomics.store(new Int32Array(this.plan.control), ControlWord.stop, 1);
        this.#wake();
      });
      this.#isOver = true;
    }
    this.#turn?.cancel();
    this.#worker.terminate();
  }

  #posted(outcome: Posted): boolean {
    if (outcome === "wake") this.#wake();
    return outcome !== "full" && !this.#isOver;
  }

  #heard(report: ThreadReport): void {
    switch (report.kind) {
      case "ready":
        this.#started?.resolve(report);
        this.#started = undefined;
        return;
      case "failed":
        this.#failed(new UdpError(report.code, report.message));
        return;
      case "bell":
        this.#drain();
        return;
      case "closed":
        this.#drain();
        this.#isOver = true;
        this.#closed?.();
    }
  }

  /** Takes a bounded number of messages; the rest has to wait until timers and sockets of this thread had their turn. */
  #drain(): void {
    const taken = this.#fromThread.drain(MESSAGES_PER_TURN, (kind, bytes) => {
      if (kind !== KIND_DATAGRAM) {
        this.#listener.onMessage(kind, bytes, this.plan.thread);
        return;
      }
      const { socket, datagram } = readAddressed(bytes);
      this.#listener.onDatagram(datagram, socket, this.plan.thread);
    });
    if (taken < MESSAGES_PER_TURN && this.#fromThread.sleep()) return;
    this.#turn = startTimer(0, () => this.#drain());
  }

  #failed(error: UdpError): void {
    this.#isOver = true;
    const started = this.#started;
    this.#started = undefined;
    this.#closed?.();
    if (started === undefined) this.#listener.onFailure(error, this.plan.thread);
    else started.reject(error);
  }
}
