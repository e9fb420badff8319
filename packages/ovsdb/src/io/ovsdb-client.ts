// A database that is always being connected to, with its monitored rows at hand: a typed cache that survives restarts.
import { Backoff, type BackoffOptions, type Clock, type Millis, type Random } from "@coracle/base";
import {
  driveStream,
  sleep,
  startTimer,
  type StreamDriver,
  type StreamTarget,
  systemClock,
  systemRandom,
} from "@coracle/runtime";
import {
  type Columns,
  DatabaseMonitor,
  type Json,
  type MonitoredTable,
  type MonitorMethod,
  type OperationResult,
  type OvsdbError,
  type OvsdbInput,
  type OvsdbOutput,
  OvsdbSession,
  type OvsdbSessionOptions,
  ovsdbError,
  parseTransactResult,
  type RowChange,
  type RowOf,
  type Transaction,
} from "../mod.ts";
import { OvsdbRequestError } from "./ovsdb-error.ts";

/** What a client tells while it lives. */
export type OvsdbNotice =
  | { readonly kind: "up"; readonly method: MonitorMethod; readonly isResumed: boolean }
  | { readonly kind: "down"; readonly code: string; readonly message: string; readonly retryInMs: number }
  | { readonly kind: "lock"; readonly lock: string; readonly isOwned: boolean };

/** How to reach a database, and what to keep of it. */
export interface OvsdbClientOptions {
  /** `RUNDIR/db.sock`, or a TCP address. */
  readonly target: StreamTarget;
  /** Tables whose rows are kept at hand. */
  readonly tables: readonly MonitoredTable[];
  /** Default `Open_vSwitch`. */
  readonly database?: string;
  /** Without an answer for this long a request fails. Default 10 s. */
  readonly requestTimeoutMs?: number;
  readonly session?: Omit<OvsdbSessionOptions, "database">;
  readonly backoff?: BackoffOptions;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Rows that may be monitored together. Default 1,000,000. */
  readonly rowsMax?: number;
  readonly onNotice?: (notice: OvsdbNotice) => void;
}

/** 0.1 s to 1 s: a server on the same machine is back soon, and a try costs next to nothing. */
export const DATABASE_BACKOFF: BackoffOptions = {
  initialMs: 100,
  capMs: 1000,
  factor: 2,
  jitter: 0.5,
  resetMs: 30_000,
};

/** A connection that was ready for this long has worked: the next one is tried for as soon as the first. */
const STEADY_MS = 1000;
const WAITERS_MAX = 10_000;

type Driver = StreamDriver<Extract<OvsdbInput, { kind: "request" }>>;
type ClientOutput = Exclude<OvsdbOutput, { kind: "send" | "close" }>;
type Answer = Extract<OvsdbOutput, { kind: "answer" }>["result"];

/** Starts connecting. Requests made while there is no connection reject with `DISCONNECTED` at once. */
export function openOvsdb(options: OvsdbClientOptions): OvsdbClient {
  return new OvsdbClient(options);
}

/** See {@link openOvsdb}. */
export class OvsdbClient {
  /** Resolves when the client has been closed and its last connection is gone. */
  readonly closed: Promise<void>;
  readonly #options: OvsdbClientOptions;
  readonly #clock: Clock;
  readonly #monitor: DatabaseMonitor;
  readonly #abort = new AbortController();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #listeners = new Set<(changes: readonly RowChange[]) => void>();
  readonly #checks = new Set<() => void>();
  #driver: Driver | undefined;
  #isReady = false;
  #readyAt: Millis | undefined;
  #nextId = 1;

  constructor(options: OvsdbClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#monitor = new DatabaseMonitor(options.tables, options.rowsMax);
    this.closed = this.#run();
  }

  /** True while connected and the rows are up to date. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when the client is connected and the rows are there; rejects if it is closed first, or with `TIMEOUT`. */
  async whenReady(timeoutMs: number = 30_000): Promise<void> {
    await this.waitFor(() => (this.#isReady ? true : undefined), timeoutMs);
  }

  /** The rows of a monitored table by UUID, as of the last update received; kept while there is no connection. */
  rows<C extends Columns>(table: MonitoredTable<C>): ReadonlyMap<string, RowOf<C>> {
    return this.#monitor.rows(table);
  }

  /** Calls `listener` after each update with what changed; returns how to stop. */
  monitor(listener: (changes: readonly RowChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All operations or none. Rejects with `TRANSACTION_FAILED` and every error, or with what befell the connection. */
  async transact(transaction: Transaction): Promise<readonly OperationResult[]> {
    const { operations } = transaction;
    const answer = await this.request("transact", [this.#options.database ?? "Open_vSwitch", ...operations]);
    const results = parseTransactResult(answer, operations);
    if (results.ok) return results.value;
    const code = results.error.code === "BAD_ANSWER" ? "PROTOCOL" : "TRANSACTION_FAILED";
    throw new OvsdbRequestError(ovsdbError(code, results.error.message, results.error.errors));
  }

  /** Resolves with what `look` answers as soon as that is not `undefined`; it is asked now and after each update. */
  waitFor<T>(look: () => T | undefined, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (code: OvsdbError["code"], why: string): void => {
        this.#checks.delete(check);
        timer.cancel();
        reject(new OvsdbRequestError(ovsdbError(code, `Cannot wait for the database as ${why}`)));
      };
      const check = (): void => {
        const found = look();
        if (found !== undefined) {
          this.#checks.delete(check);
          timer.cancel();
          resolve(found);
        } else if (this.#abort.signal.aborted) fail("DISCONNECTED", "the client is closed");
      };
      const timer = startTimer(timeoutMs, () => fail("TIMEOUT", `it did not come about in ${timeoutMs} ms`));
      if (this.#checks.size >= WAITERS_MAX) return fail("BUSY", `${WAITERS_MAX} others wait`);
      this.#checks.add(check);
      check();
    });
  }

  /** Asks for a lock; true if it is owned at once. Later changes come as notices. Locks end with the connection. */
  async lock(name: string): Promise<boolean> {
    const answer = await this.request("lock", [name]);
    return typeof answer === "object" && answer !== null && "locked" in answer && answer["locked"] === true;
  }

  /** Takes a lock from its owner. */
  async steal(name: string): Promise<void> {
    await this.request("steal", [name]);
  }

  /** Gives a lock up, or stops waiting for it. */
  async unlock(name: string): Promise<void> {
    await this.request("unlock", [name]);
  }

  /** Any method of the server. */
  request(method: string, params: readonly Json[]): Promise<Json> {
    const driver = this.#driver;
    if (driver === undefined || !this.#isReady) {
      const error = ovsdbError("DISCONNECTED", `Cannot send ${method} as there is no connection`);
      return Promise.reject(new OvsdbRequestError(error));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) =>
        answer.ok ? resolve(answer.value) : reject(new OvsdbRequestError(answer.error)),
      );
      const timeoutMs = this.#options.requestTimeoutMs ?? 10_000;
      driver.handle({ kind: "request", id, request: { method, params }, timeoutMs });
    });
  }

  /** Ends the connection and connects no more. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#driver?.close();
    await this.closed;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(this.#options.backoff ?? DATABASE_BACKOFF, this.#options.random ?? systemRandom);
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const reason = await this.#oneConnection();
      this.#isReady = false;
      this.#driver = undefined;
      if (signal.aborted) break;
      const now = this.#clock.now();
      if (this.#readyAt !== undefined && now - this.#readyAt >= STEADY_MS) backoff.reset();
      this.#readyAt = undefined;
      const retryInMs = backoff.step(now);
      this.#options.onNotice?.({ kind: "down", ...reason, retryInMs });
      await sleep(retryInMs, signal).catch(() => undefined);
    }
    this.#checkAll();
  }

  async #oneConnection(): Promise<{ readonly code: string; readonly message: string }> {
    const { database = "Open_vSwitch", session } = this.#options;
    try {
      const driver: Driver = await driveStream<Extract<OvsdbInput, { kind: "request" }>, ClientOutput>({
        target: this.#options.target,
        machine: new OvsdbSession({ database, ...session }, this.#monitor),
        clock: this.#clock,
        signal: this.#abort.signal,
        onOutput: (output) => this.#output(output),
      });
      this.#driver = driver;
      return await driver.ended;
    } catch (thrown) {
      const code: unknown = typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, "code") : undefined;
      return {
        code: typeof code === "string" ? code : "FAILED",
        message: thrown instanceof Error ? thrown.message : String(thrown),
      };
    }
  }

  #output(output: ClientOutput): void {
    switch (output.kind) {
      case "answer": {
        const settle = this.#waiting.get(output.id);
        this.#waiting.delete(output.id);
        return settle?.(output.result);
      }
      case "changes":
        for (const listener of this.#listeners) listener(output.changes);
        return this.#checkAll();
      case "ready":
        this.#isReady = true;
        this.#readyAt = this.#clock.now();
        this.#options.onNotice?.({ kind: "up", method: output.method, isResumed: output.isResumed });
        return this.#checkAll();
      case "lock":
        return this.#options.onNotice?.(output);
    }
  }

  #checkAll(): void {
    for (const check of this.#checks) check();
  }
}
