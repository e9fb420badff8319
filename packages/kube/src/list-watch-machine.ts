// List and watch without a cache: which request to send when, and what its answer means (client-go reflector; KEP-3157).
import { assert, type Machine, type Millis, unreachable } from "@coracle/base";
import { ChangeDelivery } from "./change-delivery.ts";
import { judgeFailure, statusRetryAfterMs } from "./error-policy.ts";
import type { JsonStreamError } from "./json-stream-output.ts";
import { ListWatchOutbox } from "./list-watch-outbox.ts";
import { completeOptions, type OpenRequest, watchFrom } from "./list-watch-request.ts";
import { ListWatchTimers } from "./list-watch-timers.ts";
import {
  LIST_WATCH_TIMES,
  type ListWatchCounters,
  type ListWatchInput,
  type ListWatchOptions,
  type ListWatchOutput,
  type ListWatchParsed,
  type ListWatchTimes,
} from "./list-watch-types.ts";
import type { KubeObject } from "./object.ts";
import { formatQuery } from "./query.ts";
import { RetrySchedule } from "./retry-schedule.ts";
import { type KubeStatus, statusCode } from "./status.ts";
import { serviceUnavailableStatus as unavailable } from "./status-failures.ts";
import { PAGE_SIZE, SyncPlan } from "./sync-plan.ts";
import { cursorFits, isBehind, isResumable, type WatchCursor } from "./watch-cursor.ts";
import { WatchHealth } from "./watch-health.ts";
import type { GapCause } from "./watch-stream-event.ts";

/** An unmarked bookmark this late in a streaming list comes from a server that has never heard of the mark. */
const PLAIN_BOOKMARK_MS_MAX = 30_000;
/** Objects a machine remembers at most unless told otherwise. */
const TRACKED_KEYS_MAX = 200_000;

/**
 * Follows one collection. Ask `poll` until it answers `undefined` after each `handle`, and give a "timeout" at
 * `nextTimeout`. At most one request is open at any time. Uses monotonic time alone, so wall clock jumps are harmless.
 *
 * What it promises: every change between the state at `sync-end` and the next `gap` is told once and in order; a state
 * that breaks off is void, as its `sync-start` is followed by another one instead of `sync-end`; resource versions are
 * only ever compared as KEP-5504 allows. With `trackKeys` a new state is told as upserts and removes, closed by a
 * `bookmark`, and no change is ever told twice.
 */
export class ListWatchMachine<T extends KubeObject = KubeObject> implements Machine<
  ListWatchInput<T>,
  ListWatchOutput<T>
> {
  readonly #options: ListWatchOptions;
  readonly #times: ListWatchTimes;
  readonly #selector: string;
  readonly #plan: SyncPlan;
  readonly #retry: RetrySchedule;
  readonly #delivery: ChangeDelivery<T>;
  readonly #timers: ListWatchTimers;
  readonly #outbox = new ListWatchOutbox<T>();
  readonly #health = new WatchHealth();
  #phase: "idle" | "running" | "stopped" = "idle";
  #next: "sync" | "watch" = "sync";
  #request: OpenRequest | undefined;
  #requests = 0;
  /** The last version seen, "" when none. */
  #version = "";
  /** The version of the state that is arriving in pages. */
  #syncVersion = "";
  #syncs = 0;

  constructor(options: ListWatchOptions) {
    const { labelSelector = "", fieldSelector = "", shardSelector = "" } = options;
    this.#options = options;
    this.#times = { ...LIST_WATCH_TIMES, ...options.times };
    this.#timers = new ListWatchTimers(this.#times);
    this.#selector = formatQuery({ labelSelector, fieldSelector, shardSelector });
    this.#plan = new SyncPlan(options.streamingList ?? true, options.pageSize ?? PAGE_SIZE);
    this.#retry = new RetrySchedule(options.random, options.giveUpAfterMs ?? Number.POSITIVE_INFINITY);
    const trackedKeysMax = options.trackKeys === true ? (options.trackedKeysMax ?? TRACKED_KEYS_MAX) : 0;
    this.#delivery = new ChangeDelivery<T>((event, version) => this.#outbox.tell(event, version), trackedKeysMax);
  }

  /** Where a consumer that has taken every output polled so far can resume; `undefined` before and between states. */
  cursor(): WatchCursor | undefined {
    const resourceVersion = this.#outbox.cursorVersion;
    if (resourceVersion === undefined) return undefined;
    return { version: 1, resource: this.#options.resource, selector: this.#selector, resourceVersion };
  }

  /** Counters so far. */
  counters(): ListWatchCounters {
    return {
      reconnects: this.#health.reconnects(),
      syncs: this.#syncs,
      gaps: this.#outbox.gaps,
      replaysDropped: this.#delivery.replaysDropped,
      streamingFallbacks: this.#plan.fallbacks,
    };
  }

  handle(input: ListWatchInput<T>, now: Millis): void {
    if (this.#phase === "stopped") return;
    if (input.kind === "start") return this.#start(now);
    if (input.kind === "timeout") return this.#timeout(now);
    if (input.kind === "paused") return this.#timers.paused(input.durationMs);
    if (input.kind === "stop") return this.#end();
    const request = this.#request;
    if (request === undefined || request.id !== input.id) return;
    if (input.kind === "opened") this.#opened(request, now);
    else if (input.kind === "refused") this.#failed(request, input.status, now, input.retryAfterMs);
    else if (input.kind === "closed") this.#closed(request, now, input.error);
    else this.#output(request, input.output, now);
  }

  poll(): ListWatchOutput<T> | undefined {
    const output = this.#outbox.take();
    if (output !== undefined || !this.#delivery.sweep()) return output;
    return this.#outbox.take();
  }

  nextTimeout(): Millis | undefined {
    return this.#timers.next();
  }

  #start(now: Millis): void {
    assert(this.#phase === "idle", `Cannot start as the machine has been started: current value is ${this.#phase}`);
    this.#phase = "running";
    const cursor = this.#options.cursor;
    if (cursor !== undefined && cursorFits(cursor, this.#options.resource, this.#selector)) {
      this.#version = cursor.resourceVersion;
      this.#outbox.resumeFrom(cursor.resourceVersion);
      this.#next = "watch";
    } else if (cursor !== undefined) this.#outbox.gap("cursor-mismatch");
    this.#open(now);
  }

  #end(): void {
    this.#abandon();
    this.#phase = "stopped";
    this.#timers.clear();
    this.#outbox.ask({ kind: "stopped" });
  }

  /** Cancels the open request, if any. */
  #abandon(): void {
    const request = this.#request;
    this.#release();
    if (request !== undefined) this.#outbox.ask({ kind: "cancel", id: request.id });
  }

  /** Forgets the open request, which has ended by itself. */
  #release(): void {
    this.#request = undefined;
    this.#timers.requestOver();
  }

  #open(now: Millis): void {
    const { mode, options: planned } =
      this.#next === "sync" ? this.#plan.next(this.#version) : watchFrom(this.#version);
    const options = completeOptions(this.#options, mode, planned);
    const id = ++this.#requests;
    this.#request = {
      id,
      mode,
      options,
      openedAt: undefined,
      syncing: mode !== "watch",
      fromVersion: this.#version,
      newsCount: 0,
    };
    this.#timers.opening(now);
    this.#outbox.ask({ kind: "open", id, mode, options });
  }

  #opened(request: OpenRequest, now: Millis): void {
    request.openedAt = now;
    if (request.syncing && !this.#plan.paging) {
      this.#syncVersion = "";
      this.#delivery.beginSync();
    }
    this.#timers.heard(request, now, this.#health);
  }

  #output(request: OpenRequest, output: ListWatchParsed<T>, now: Millis): void {
    assert(request.openedAt !== undefined, `Cannot take output as request ${request.id} is not open`);
    if (output.kind !== "error" && output.kind !== "status") {
      this.#retry.worked();
      // Nor does a bookmark without the end mark show that a state is on its way.
      if (!request.syncing || output.kind !== "bookmark") this.#timers.heard(request, now, this.#health);
    }
    switch (output.kind) {
      case "error":
        return this.#unreadable(request, output, now);
      case "status":
        return this.#failed(request, output.status, now);
      case "item":
        return this.#delivery.item(output.object);
      case "list-end":
        return this.#pageEnd(request, output.metadata, now);
      case "bookmark":
        return this.#bookmark(request, output, now);
      case "change":
        return this.#change(request, output);
      default:
        return unreachable(output);
    }
  }

  #change(request: OpenRequest, output: Extract<ListWatchParsed<T>, { kind: "change" }>): void {
    if (request.syncing) {
      if (output.type === "DELETED") this.#delivery.itemGone(output.object);
      else this.#delivery.item(output.object);
      return;
    }
    if (!this.#delivery.change(output.type, output.object, request.fromVersion)) return;
    this.#advance(request, output.object.metadata.resourceVersion ?? "");
  }

  #bookmark(
    request: OpenRequest,
    bookmark: { readonly resourceVersion: string; readonly initialEventsEnd: boolean },
    now: Millis,
  ): void {
    this.#health.bookmarkSeen();
    const { resourceVersion, initialEventsEnd } = bookmark;
    if (request.syncing) {
      const openMs = now - (request.openedAt ?? now);
      if (initialEventsEnd) this.#synced(request, resourceVersion, now);
      else if (openMs > PLAIN_BOOKMARK_MS_MAX)
        this.#broken(request, "the server sends no end of its state", now, "stalled");
      return;
    }
    if (isBehind(resourceVersion, request.fromVersion)) {
      this.#abandon();
      return this.#resync("resource-version-reset", now);
    }
    if (isBehind(resourceVersion, this.#version) || resourceVersion === this.#version) return;
    this.#advance(request, resourceVersion);
    this.#outbox.tell({ kind: "bookmark", resourceVersion }, resourceVersion);
  }

  #advance(request: OpenRequest, version: string): void {
    request.newsCount++;
    this.#health.news();
    if (isResumable(version) && !isBehind(version, this.#version)) this.#version = version;
  }

  #pageEnd(request: OpenRequest, metadata: { resourceVersion?: string; continue?: string }, now: Millis): void {
    if (this.#syncVersion === "") this.#syncVersion = metadata.resourceVersion ?? "";
    const page = this.#plan.pageEnd(metadata.continue ?? "", request.options);
    if (page === "repeated") return this.#broken(request, "the server repeats a page", now);
    this.#release();
    if (page === "more") return this.#open(now);
    if (!isResumable(this.#syncVersion)) {
      this.#plan.restart();
      return this.#wait(unavailable("the list has no resource version"), now);
    }
    this.#synced(request, this.#syncVersion, now);
    this.#open(now);
  }

  /** A whole state has arrived; a streaming list goes on as a watch. */
  #synced(request: OpenRequest, version: string, now: Millis): void {
    if (isBehind(version, this.#version)) this.#outbox.gap("resource-version-reset");
    this.#plan.synced(request.mode);
    this.#version = version;
    this.#next = "watch";
    this.#syncs++;
    this.#outbox.gapClosed();
    this.#health.news();
    this.#delivery.endSync(version);
    if (request.mode !== "stream") return;
    request.syncing = false;
    request.fromVersion = version;
    request.newsCount++;
    this.#timers.heard(request, now, this.#health);
  }

  #failed(request: OpenRequest, status: KubeStatus, now: Millis, headerMs: number = 0): void {
    // An ERROR event leaves the stream open; a refused request is over, and cancelling it harms nothing.
    this.#abandon();
    const askedMs = Math.max(headerMs, statusRetryAfterMs(status) ?? 0);
    if (request.syncing) this.#syncFailed(request, status, now, askedMs);
    else this.#watchFailed(status, now, askedMs);
  }

  #syncFailed(request: OpenRequest, status: KubeStatus, now: Millis, askedMs: number): void {
    const verdict = judgeFailure(status);
    if (verdict === "missing") this.#lost();
    const known = this.#version !== "" && !this.#plan.newest;
    if (known && verdict === "expired") this.#outbox.gap("expired");
    if (known && verdict === "too-large") this.#outbox.gap("resource-version-too-large");
    const attempt = this.#plan.failed(verdict, request.mode);
    if (attempt === "now") this.#open(now);
    else if (attempt === "later") this.#wait(status, now, askedMs);
    else this.#giveUp(status);
  }

  #watchFailed(status: KubeStatus, now: Millis, askedMs: number): void {
    const verdict = judgeFailure(status);
    if (verdict === "expired") return this.#resync("expired", now, askedMs);
    if (verdict === "too-large") return this.#resync("resource-version-too-large", now, askedMs);
    // A version the server cannot read is cured by a new state, a verb it does not have is not.
    if (verdict === "invalid" && statusCode(status) === 405) return this.#giveUp(status);
    if (verdict === "missing") this.#lost();
    else if (verdict === "invalid" || (verdict === "internal" && this.#health.internalError()))
      this.#takeNewState("errors");
    this.#health.reconnected(verdict === "throttled" ? "throttled" : "server-error");
    this.#wait(status, now, askedMs);
  }

  #closed(request: OpenRequest, now: Millis, error: string | undefined): void {
    this.#release();
    if (request.openedAt === undefined) {
      if (request.syncing) this.#plan.restart();
      return this.#wait(unavailable(error ?? "the connection was closed without an answer"), now);
    }
    if (request.syncing) {
      const what = error ?? "the stream ended before the state was complete";
      return this.#broken(request, what, now, error === undefined ? "stalled" : "trouble");
    }
    const lived = now - request.openedAt;
    if (lived < this.#times.shortWatchMs && request.newsCount === 0) {
      this.#health.reconnected("short");
      return this.#wait(unavailable(error ?? `the watch ended after ${Math.round(lived)} ms without an event`), now);
    }
    this.#retry.worked();
    this.#health.reconnected(error === undefined ? "closed" : "broken");
    this.#open(now);
  }

  /** A state broke off. What arrived of it is void. */
  #broken(request: OpenRequest, what: string, now: Millis, why: "stalled" | "trouble" = "trouble"): void {
    this.#abandon();
    if (request.mode === "stream") this.#plan.streamingFailed(why);
    this.#plan.restart();
    this.#wait(unavailable(what), now);
  }

  #unreadable(request: OpenRequest, error: JsonStreamError, now: Millis): void {
    if (request.syncing) return this.#broken(request, error.message, now);
    this.#abandon();
    this.#health.reconnected("broken");
    if (error.code !== "TRUNCATED" && this.#health.malformed()) this.#takeNewState("malformed");
    else if (error.code === "TRUNCATED" && request.newsCount > 0) return this.#open(now);
    this.#wait(unavailable(error.message), now);
  }

  /** The changes since our version cannot be had: take the newest state after a wait that spreads the herd. */
  #resync(cause: GapCause, now: Millis, askedMs: number = 0): void {
    this.#takeNewState(cause);
    this.#plan.useNewest();
    this.#timers.retryIn(now, this.#retry.spread(now, askedMs));
  }

  #takeNewState(cause: GapCause): void {
    this.#outbox.gap(cause);
    this.#next = "sync";
  }

  /** The resource is not served any more; should it come back, nothing of the old state need be true. */
  #lost(): void {
    if (this.#version !== "") this.#takeNewState("resource-not-found");
    this.#plan.useNewest();
  }

  #timeout(now: Millis): void {
    const due = this.#timers.expire(now);
    if (due === undefined) return;
    if (due === "retry") return this.#open(now);
    const request = this.#request;
    if (request === undefined) return;
    if (due === "open") {
      this.#abandon();
      if (request.syncing) this.#plan.restart();
      this.#wait(unavailable(`no answer in ${this.#times.openTimeoutMs} ms`), now);
    } else if (due === "stall") {
      this.#abandon();
      this.#plan.streamingFailed("stalled");
      this.#open(now);
    } else if (request.syncing) this.#broken(request, `the list stopped for ${this.#times.listInactivityMs} ms`, now);
    else this.#silent(now);
  }

  /** Nothing came for so long that the connection is taken for dead. */
  #silent(now: Millis): void {
    this.#abandon();
    this.#health.reconnected("inactive");
    if (this.#health.silence()) this.#takeNewState("errors");
    this.#open(now);
  }

  /** Reports a failure and arms the next attempt, or ends when patience is over. */
  #wait(status: KubeStatus, now: Millis, askedMs: number = 0): void {
    const retryInMs = this.#retry.failed(now, askedMs);
    if (retryInMs === undefined) return this.#giveUp(status);
    this.#outbox.tell({ kind: "error", status, retryInMs });
    this.#timers.retryIn(now, retryInMs);
  }

  #giveUp(status: KubeStatus): void {
    this.#outbox.tell({ kind: "error", status });
    this.#end();
  }
}
