// Graceful termination as a sans-I/O machine: starting → ready → draining → closed → drained → exited (kube-api §4.2, §4.5).
import { type Machine, type Millis, TimerTable, assert, millis, unreachable } from "@coracle/base";
import type {
  Admission,
  DrainCounts,
  DrainInput,
  DrainOptions,
  DrainOutput,
  DrainState,
  RequestKind,
  TerminationEventName,
} from "./drain-types.ts";
import { WatchPace } from "./watch-pace.ts";

/** Once drained, connections still in use, and clients that come back after a GOAWAY, are answered 429 for at most this long: none is cut between two requests. */
export const TELL_CONNECTIONS_MS = 1000;
/** Listeners get this long to close once everything has drained (Kubernetes: 2 s). */
export const SERVER_CLOSE_MS = 2000;
/** Stores get this long to close; a hang there must not keep the process. */
export const STOP_HOOKS_MS = 10_000;
/** A watch that was asked to end gets this long beyond the grace time. */
const WATCH_END_MARGIN_MS = 2000;
/** A terminal and each wrapper process pass one Ctrl-C on: signals this close together are one. */
export const SAME_SIGNAL_MS = 100;
/** Requests in this last share of the delay are late: the load balancer is slower than the delay. */
const LATE_SHARE = 0.8;
const LATE_REPORTED_MAX = 10;
const REQUESTS_MAX_DEFAULT = 100_000;
/** Kubernetes' values: ordinary requests 5 s, watches 1 s. */
const RETRY_AFTER_SECONDS = { ordinary: 5, "long-running": 1 } as const;

const TIMER_NAMES = ["delay", "hard-stop", "watch-pace", "watch-deadline", "tell", "close", "stop-hooks"] as const;
type TimerName = (typeof TIMER_NAMES)[number];

interface Shutdown {
  readonly at: Millis;
  readonly signalledAt: Millis | undefined;
  readonly exitCode: number;
  readonly delayMs: number;
  isDelayOver: boolean;
  areHooksDone: boolean;
}

/**
 * The termination of one process. The driver asks {@link admit} for every request, feeds {@link handle}, carries out what
 * {@link poll} answers, and arms one timer for {@link nextTimeout}.
 */
export class Drain implements Machine<DrainInput, DrainOutput> {
  readonly #options: DrainOptions;
  readonly #timers: TimerTable<TimerName> = new TimerTable();
  readonly #outputs: DrainOutput[] = [];
  readonly #longRunning: Set<number> = new Set();
  readonly #ordinary: Set<number> = new Set();
  #state: DrainState = "starting";
  #shutdown: Shutdown | undefined;
  #pace: WatchPace | undefined;
  #toEnd: number[] = [];
  #areOrdinaryDrained: boolean = false;
  #areWatchesDrained: boolean = false;
  #areServersClosing: boolean = false;
  #areServersClosed: boolean = false;
  #nextId: number = 1;
  #refused: number = 0;
  #late: number = 0;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Where the process is. */
  get state(): DrainState {
    return this.#state;
  }

  /** True from the first signal on: the `shutdown` check of `/readyz` is red. */
  get isShuttingDown(): boolean {
    return this.#shutdown !== undefined;
  }

  /** Numbers for metrics. */
  counts(): DrainCounts {
    return {
      ordinary: this.#ordinary.size,
      longRunning: this.#longRunning.size,
      refused: this.#refused,
      late: this.#late,
    };
  }

  /** Decides on a new request and counts it. An admitted one must be reported with `request-ended`. */
  admit(kind: RequestKind, now: Millis): Admission {
    this.#noticeLate(now);
    const running = kind === "ordinary" ? this.#ordinary : this.#longRunning;
    const isOpen = this.#state === "starting" || this.#state === "ready" || this.#state === "draining";
    if (!isOpen) return this.#refuse(kind === "ordinary" ? 429 : 503, RETRY_AFTER_SECONDS[kind]);
    if (running.size >= (this.#options.requestsMax ?? REQUESTS_MAX_DEFAULT)) return this.#refuse(429, 1);
    const id = this.#nextId;
    this.#nextId += 1;
    running.add(id);
    return { kind: "admitted", id };
  }

  handle(input: DrainInput, now: Millis): void {
    if (this.#state === "exited") return;
    switch (input.kind) {
      case "started":
        if (this.#state === "starting") this.#state = "ready";
        return;
      case "signal":
        return this.#onSignal(input.name, input.number, now);
      case "stop":
        if (this.#shutdown === undefined) this.#initiate(now, input, { reason: input.reason });
        return;
      case "pre-shutdown-hooks-finished":
        return this.#onHooksFinished(now);
      case "request-ended":
        return this.#onRequestEnded(input.id, now);
      case "connections-told":
        return this.#closeServers(now, SERVER_CLOSE_MS);
      case "servers-closed":
        return this.#onServersClosed(now);
      case "stop-hooks-finished":
        return this.#finish(now);
      case "timeout":
        return this.#onTimeout(now);
      default:
        unreachable(input);
    }
  }

  poll(): DrainOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    return this.#timers.next();
  }

  #refuse(status: 429 | 503, retryAfterSeconds: number): Admission {
    this.#refused += 1;
    return { kind: "refused", status, retryAfterSeconds };
  }

  #noticeLate(now: Millis): void {
    const shutdown = this.#shutdown;
    if (shutdown === undefined || now - shutdown.at < shutdown.delayMs * LATE_SHARE) return;
    this.#late += 1;
    if (this.#late > LATE_REPORTED_MAX) return;
    this.#outputs.push({ kind: "late-request", afterMs: now - shutdown.at, countSoFar: this.#late });
  }

  #onSignal(name: string, signalNumber: number, now: Millis): void {
    const first = this.#shutdown?.signalledAt;
    if (this.#shutdown === undefined) {
      this.#initiate(now, { exitCode: 0 }, { signal: name }, now);
    } else if (first === undefined) {
      this.#shutdown = { ...this.#shutdown, signalledAt: now };
    } else if (now - first >= SAME_SIGNAL_MS) {
      this.#event(now, "ShutdownForced", { signal: name, ...this.#running() });
      this.#exit(128 + signalNumber);
    }
  }

  #initiate(
    now: Millis,
    { exitCode, atOnce = false }: { readonly exitCode: number; readonly atOnce?: boolean },
    cause: Readonly<Record<string, string>>,
    signalledAt?: Millis,
  ): void {
    // What was never ready has no traffic that a load balancer would have to move.
    const delayMs = this.#state === "starting" || atOnce ? 0 : this.#options.shutdownDelayMs;
    this.#shutdown = { at: now, signalledAt, exitCode, delayMs, isDelayOver: false, areHooksDone: false };
    this.#state = "draining";
    this.#event(now, "ShutdownInitiated", { ...cause, shutdownDelayMs: delayMs, ...this.#running() });
    this.#outputs.push({ kind: "run-pre-shutdown-hooks" });
    this.#timers.set("hard-stop", millis(now + delayMs + this.#options.shutdownTimeoutMs));
    if (delayMs > 0) this.#timers.set("delay", millis(now + delayMs));
    else this.#onDelayOver(now);
  }

  #onDelayOver(now: Millis): void {
    assert(this.#shutdown !== undefined, `Cannot end a delay that never began: state is ${this.#state}`);
    this.#shutdown.isDelayOver = true;
    this.#event(now, "AfterShutdownDelayDuration", {});
    this.#closeIfDue(now);
  }

  #onHooksFinished(now: Millis): void {
    if (this.#state !== "draining" || this.#shutdown === undefined || this.#shutdown.areHooksDone) return;
    this.#shutdown.areHooksDone = true;
    this.#event(now, "PreShutdownHooksStopped", {});
    this.#closeIfDue(now);
  }

  #closeIfDue(now: Millis): void {
    if (this.#state !== "draining" || this.#shutdown?.isDelayOver !== true || !this.#shutdown.areHooksDone) return;
    this.#state = "closed";
    this.#event(now, "NotAcceptingNewRequest", this.#running());
    this.#outputs.push({ kind: "go-away" });
    const graceMs = this.#options.watchGraceMs;
    this.#toEnd = [...this.#longRunning];
    this.#pace = new WatchPace({ now, count: this.#toEnd.length, graceMs });
    this.#timers.set("watch-deadline", millis(now + graceMs + WATCH_END_MARGIN_MS));
    this.#endWatches(now);
    this.#drainIfDue(now);
  }

  #endWatches(now: Millis): void {
    const ids = this.#toEnd.splice(0, this.#pace?.take(now) ?? 0).filter((id) => this.#longRunning.has(id));
    if (ids.length > 0) this.#outputs.push({ kind: "end-long-running", ids });
    const next = this.#pace?.next();
    if (next !== undefined) this.#timers.set("watch-pace", next);
  }

  #onRequestEnded(id: number, now: Millis): void {
    if (!this.#ordinary.delete(id)) this.#longRunning.delete(id);
    this.#drainIfDue(now);
  }

  #drainIfDue(now: Millis): void {
    if (this.#state !== "closed") return;
    if (!this.#areOrdinaryDrained && this.#ordinary.size === 0) {
      this.#areOrdinaryDrained = true;
      this.#event(now, "InFlightRequestsDrained", {});
    }
    if (!this.#areWatchesDrained && this.#longRunning.size === 0) this.#onWatchesDrained(now);
    if (this.#areOrdinaryDrained && this.#areWatchesDrained) this.#drained(now);
  }

  #onWatchesDrained(now: Millis): void {
    this.#areWatchesDrained = true;
    this.#timers.clear("watch-pace");
    this.#timers.clear("watch-deadline");
    this.#event(now, "ActiveWatchesDrained", { left: this.#longRunning.size });
  }

  #drained(now: Millis): void {
    this.#leaveService();
    this.#timers.set("tell", millis(now + TELL_CONNECTIONS_MS));
    this.#outputs.push({ kind: "tell-connections", withinMs: TELL_CONNECTIONS_MS });
  }

  #leaveService(): void {
    this.#state = "drained";
    for (const name of ["delay", "hard-stop", "watch-pace", "watch-deadline"] as const) this.#timers.clear(name);
  }

  #closeServers(now: Millis, graceMs: number): void {
    if (this.#state !== "drained" || this.#areServersClosing) return;
    this.#areServersClosing = true;
    this.#timers.clear("tell");
    // A server that hangs in its close must not keep the process either.
    this.#timers.set("close", millis(now + graceMs + SERVER_CLOSE_MS));
    this.#outputs.push({ kind: "close-servers", graceMs });
  }

  #onServersClosed(now: Millis): void {
    if (this.#state !== "drained" || this.#areServersClosed) return;
    this.#areServersClosed = true;
    this.#timers.clear("close");
    this.#event(now, "HTTPServerStoppedListening", {});
    this.#timers.set("stop-hooks", millis(now + STOP_HOOKS_MS));
    this.#outputs.push({ kind: "run-stop-hooks" });
  }

  #finish(now: Millis): void {
    if (this.#state !== "drained") return;
    this.#event(now, "GracefulTerminationFinished", { lateRequests: this.#late, refusedRequests: this.#refused });
    this.#exit(this.#shutdown?.exitCode ?? 0);
  }

  #onTimeout(now: Millis): void {
    for (let name = this.#timers.expire(now); name !== undefined; name = this.#timers.expire(now)) {
      this.#onTimer(name, now);
    }
  }

  #onTimer(name: TimerName, now: Millis): void {
    switch (name) {
      case "delay":
        return this.#onDelayOver(now);
      case "watch-pace":
        return this.#endWatches(now);
      case "watch-deadline":
        if (!this.#areWatchesDrained) this.#onWatchesDrained(now);
        if (this.#areOrdinaryDrained) this.#drained(now);
        return;
      case "hard-stop":
        this.#event(now, "ShutdownTimeoutReached", this.#running());
        this.#leaveService();
        return this.#closeServers(now, 0);
      case "tell":
        return this.#closeServers(now, SERVER_CLOSE_MS);
      case "close":
        return this.#onServersClosed(now);
      case "stop-hooks":
        this.#event(now, "StopHooksAbandoned", {});
        return this.#finish(now);
      default:
        unreachable(name);
    }
  }

  #exit(code: number): void {
    this.#state = "exited";
    for (const name of TIMER_NAMES) this.#timers.clear(name);
    this.#outputs.push({ kind: "exit", code });
  }

  #running(): Record<string, number> {
    return { requests: this.#ordinary.size, longRunningRequests: this.#longRunning.size };
  }

  #event(now: Millis, name: TerminationEventName, fields: Readonly<Record<string, string | number>>): void {
    this.#outputs.push({ kind: "event", name, afterMs: now - (this.#shutdown?.at ?? now), fields });
  }
}
