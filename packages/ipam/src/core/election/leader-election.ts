// Leader election by a Lease, sans-I/O, with client-go's numbers (tools/leaderelection/leaderelection.go).
import { type Clock, type Machine, type Millis, millis, type Random } from "@coracle/base";
import { type LeaseRecord, leaseTime } from "./lease-record.ts";

/** Times of an election. */
export interface ElectionTimes {
  /** A lease that was not renewed for this long may be taken; measured by the taker's own clock. */
  readonly leaseDurationMs: number;
  /** A leader that could not renew for this long stops leading. Less than the lease's duration. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  /** Waits of those who do not lead are up to this much longer, as a part. */
  readonly jitter: number;
}

/** What Kubernetes' own controllers use. */
export const ELECTION_TIMES: ElectionTimes = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2000,
  jitter: 1.2,
};

/** What comes in. `read` and `written` answer the last request. */
export type ElectionInput =
  | { readonly kind: "start" }
  | { readonly kind: "timeout" }
  | { readonly kind: "read"; readonly lease: ObservedLease | "none" | "failed" }
  | { readonly kind: "written"; /** "" when it failed. */ readonly resourceVersion: string }
  | { readonly kind: "stop" };

/** A lease with its version. */
export interface ObservedLease {
  readonly record: LeaseRecord;
  readonly resourceVersion: string;
}

/** What to do. One request at a time. */
export type ElectionOutput =
  | { readonly kind: "read" }
  /** Creates the lease, or updates it if it still has the version. */
  | { readonly kind: "write"; readonly record: LeaseRecord; readonly resourceVersion: string | undefined }
  | { readonly kind: "leading" }
  | { readonly kind: "lost" }
  /** Nothing more will come. */
  | { readonly kind: "stopped" };

/** Settings of a {@link LeaderElection}. */
export interface ElectionOptions {
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly times?: ElectionTimes;
}

/**
 * Nobody's wall clock matters: a lease counts as held for its duration after this process has last seen it change, by this process's
 * monotonic clock. So clocks may differ by any amount, as long as they run at about the same pace.
 */
export class LeaderElection implements Machine<ElectionInput, ElectionOutput> {
  readonly #options: ElectionOptions;
  readonly #times: ElectionTimes;
  readonly #outputs: ElectionOutput[] = [];
  #observed: ObservedLease | undefined;
  #observedAt: Millis = millis(0);
  #proposed: LeaseRecord | undefined;
  #isLeading = false;
  #renewedAt: Millis = millis(0);
  #attemptedAt: Millis = millis(0);
  #retryAt: Millis | undefined;
  #isBusy = false;
  #isStopping = false;
  #isReleasing = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#times = options.times ?? ELECTION_TIMES;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Who leads, as last seen; "" if nobody or not known. */
  get leader(): string {
    return this.#observed?.record.holder ?? "";
  }

  handle(input: ElectionInput, now: Millis): void {
    this.#checkDeadline(now);
    switch (input.kind) {
      case "start":
        this.#attempt(now);
        break;
      case "timeout":
        if (this.#retryAt !== undefined && now >= this.#retryAt) this.#attempt(now);
        break;
      case "read":
        this.#afterRead(input.lease, now);
        break;
      case "written":
        this.#afterWrite(input.resourceVersion, now);
        break;
      case "stop":
        this.#isStopping = true;
        this.#retryAt = undefined;
        if (!this.#isBusy) this.#release();
        break;
    }
  }

  poll(): ElectionOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    const deadline = this.#isLeading ? this.#renewedAt + this.#times.renewDeadlineMs : undefined;
    if (deadline === undefined) return this.#retryAt;
    return millis(Math.min(deadline, this.#retryAt ?? deadline));
  }

  #checkDeadline(now: Millis): void {
    if (this.#isLeading && now >= this.#renewedAt + this.#times.renewDeadlineMs) this.#lose();
  }

  #attempt(now: Millis): void {
    this.#retryAt = undefined;
    this.#isBusy = true;
    this.#attemptedAt = now;
    // A leader knows the lease it wrote: it renews with one request, and finds out if another has taken it.
    if (this.#isLeading && this.#observed !== undefined) this.#write(this.#renewal(this.#observed.record));
    else this.#outputs.push({ kind: "read" });
  }

  #afterRead(lease: ObservedLease | "none" | "failed", now: Millis): void {
    if (this.#isStopping) return this.#idle(now);
    if (lease === "failed") return this.#idle(now);
    if (lease === "none") {
      this.#observed = undefined;
      return this.#write(this.#claim(0));
    }
    this.#observe(lease, now);
    const { holder, durationSeconds, transitions } = lease.record;
    const isOurs = holder === this.#options.identity;
    const heldMs = Math.max(durationSeconds * 1000, 0);
    if (!isOurs && holder !== "" && now < this.#observedAt + heldMs) return this.#idle(now);
    this.#write(isOurs ? this.#renewal(lease.record) : this.#claim(transitions + 1));
  }

  #afterWrite(resourceVersion: string, now: Millis): void {
    const proposed = this.#proposed;
    this.#proposed = undefined;
    if (this.#isReleasing) return this.#end();
    if (resourceVersion === "" || proposed === undefined) {
      // What was known of the lease may be wrong; the next attempt reads it.
      if (this.#isLeading) this.#mustRead();
      return this.#idle(now);
    }
    this.#observed = { record: proposed, resourceVersion };
    this.#observedAt = now;
    // The server took it some time after it was asked to: the promise counts from the asking.
    this.#renewedAt = this.#attemptedAt;
    if (!this.#isLeading && !this.#isStopping) {
      this.#isLeading = true;
      this.#outputs.push({ kind: "leading" });
    }
    this.#idle(now);
  }

  #mustRead(): void {
    this.#observed = undefined;
  }

  #observe(lease: ObservedLease, now: Millis): void {
    const isSame = lease.resourceVersion === this.#observed?.resourceVersion;
    this.#observed = lease;
    if (!isSame) this.#observedAt = now;
    if (this.#isLeading && lease.record.holder !== this.#options.identity) this.#lose();
  }

  #lose(): void {
    if (!this.#isLeading) return;
    this.#isLeading = false;
    this.#outputs.push({ kind: "lost" });
  }

  #idle(now: Millis): void {
    this.#isBusy = false;
    if (this.#isStopping) return this.#release();
    const { retryPeriodMs, jitter } = this.#times;
    const spread = this.#isLeading ? 1 : 1 + jitter * this.#options.random.next();
    this.#retryAt = millis(now + retryPeriodMs * spread);
  }

  /** Gives the lease up so that another need not wait for it to expire. */
  #release(): void {
    const wasLeading = this.#isLeading;
    const observed = this.#observed;
    this.#lose();
    if (!wasLeading || observed?.record.holder !== this.#options.identity) return this.#end();
    this.#isReleasing = true;
    this.#isBusy = true;
    this.#write({ ...this.#renewal(observed.record), holder: "", durationSeconds: 1 });
  }

  #end(): void {
    this.#isReleasing = false;
    this.#isBusy = false;
    this.#outputs.push({ kind: "stopped" });
  }

  #write(record: LeaseRecord): void {
    this.#proposed = record;
    this.#outputs.push({ kind: "write", record, resourceVersion: this.#observed?.resourceVersion });
  }

  #claim(transitions: number): LeaseRecord {
    const time = leaseTime(this.#options.clock.wallMs());
    const { identity } = this.#options;
    const durationSeconds = this.#times.leaseDurationMs / 1000;
    return { holder: identity, durationSeconds, acquiredAt: time, renewedAt: time, transitions };
  }

  #renewal(record: LeaseRecord): LeaseRecord {
    return { ...this.#claim(record.transitions), acquiredAt: record.acquiredAt };
  }
}
