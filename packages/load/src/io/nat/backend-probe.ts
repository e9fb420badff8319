// Asks each back end over HTTP how it is, and has the table take it out of the rotation, or in again.
import type { Logger } from "@coracle/lifecycle";
import { type HttpClient, startTimer, type Timer } from "@coracle/runtime";
import { BackendHealth, type BackendState, type ProbeOutcome } from "../../core/nat/backend-health.ts";
import type { NatTable } from "../../core/nat/nat-table.ts";

/** What a {@link BackendProbe} works with. */
export interface BackendProbeOptions {
  readonly table: NatTable;
  readonly client: HttpClient;
  readonly log: Logger;
  /** One for each back end, in the order of the table. */
  readonly urls: readonly string[];
  /** Addresses, for the log. */
  readonly names: readonly string[];
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly failuresMax: number;
}

const BODY_SIZE_BYTES_MAX = 64 * 1024;
const REASON_LENGTH_MAX = 200;

/** Probes until it is closed, each back end once at a time. */
export class BackendProbe {
  readonly counts: { succeeded: number; failed: number } = { succeeded: 0, failed: 0 };
  readonly #options: BackendProbeOptions;
  readonly #health: BackendHealth;
  readonly #timers: Map<number, Timer> = new Map();
  #isClosed = false;

  constructor(options: BackendProbeOptions) {
    const { urls, failuresMax } = options;
    this.#options = options;
    this.#health = new BackendHealth({ count: urls.length, failuresMax });
  }

  start(): void {
    for (const index of this.#options.urls.keys()) void this.#probe(index);
  }

  state(index: number): BackendState {
    return this.#health.state(index);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#options.client.close();
  }

  async #probe(index: number): Promise<void> {
    const outcome = await this.#ask(this.#options.urls[index] ?? "");
    if (this.#isClosed) return;
    this.#report(index, outcome);
    this.#timers.set(
      index,
      startTimer(this.#options.everyMs, () => void this.#probe(index)),
    );
  }

  async #ask(url: string): Promise<ProbeOutcome> {
    const { client, timeoutMs } = this.#options;
    const abort = new AbortController();
    const timer = startTimer(timeoutMs, () => abort.abort());
    try {
      const response = await client.request({ method: "GET", url, signal: abort.signal });
      await response.bytes(BODY_SIZE_BYTES_MAX);
      return response.status === 200 ? { healthy: true } : { healthy: false, reason: `it answers ${response.status}` };
    } catch (error) {
      if (abort.signal.aborted) return { healthy: false, reason: `no answer within ${timeoutMs} ms` };
      const reason = error instanceof Error ? error.message : String(error);
      return { healthy: false, reason: reason.slice(0, REASON_LENGTH_MAX) };
    } finally {
      timer.cancel();
    }
  }

  #report(index: number, outcome: ProbeOutcome): void {
    const { table, log, names } = this.#options;
    if (outcome.healthy) this.counts.succeeded++;
    else this.counts.failed++;
    if (!this.#health.report(index, outcome)) return;
    const moved = table.setInRotation(index, outcome.healthy);
    const backend = names[index];
    if (outcome.healthy) log.info("Back end in the rotation again", { backend });
    else log.warning("Back end out of the rotation", { backend, reason: outcome.reason, moved });
  }
}
