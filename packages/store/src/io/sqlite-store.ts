// The durable store of a single server: SQLite in WAL mode, group commit, fan-out inside the process.
import type { Clock } from "@coracle/base";
import {
  fileExists,
  RuntimeError,
  startInterval,
  startTimer,
  systemClock,
  type Timer,
  writeFile,
} from "@coracle/runtime";
import { CompactionPolicy, HISTORY_LIMITS, type HistoryLimits } from "../compaction-policy.ts";
import { checkHistory, checkKey, checkLimit, checkValue, VALUE_SIZE_BYTES_MAX } from "../limits.ts";
import { type Revision, REVISION_MAX, revision as toRevision } from "../revision.ts";
import {
  type DeleteResult,
  type GetResult,
  type PutOptions,
  type PutResult,
  type RangeOptions,
  type RangeResult,
  type Store,
  StoreError,
  type StoreListener,
  type StoreSubscription,
  type StoreWatch,
  type WatchOptions,
} from "../store.ts";
import { WatchHub } from "../watch-hub.ts";
import { type CommitStats, GroupCommit } from "./group-commit.ts";
import { HighWaterFile, RESTORE_JUMP } from "./high-water.ts";
import { storeFailure } from "./sqlite-failure.ts";
import { SqliteLog } from "./sqlite-log.ts";

/** How to open a {@link SqliteStore}. */
export interface SqliteStoreOptions {
  /** The database file; made if it is not there. Its folder must exist. `PATH.revision` beside it holds the mark. */
  readonly path: string;
  readonly history?: HistoryLimits;
  /** Revisions go on above this one: for a restore into a folder that has no mark. */
  readonly revisionAtLeast?: number;
  readonly valueSizeBytesMax?: number;
  /** Most writes that may wait for their commit; default 10 000. */
  readonly pendingMax?: number;
  /** Most writes in one transaction; default 512. */
  readonly batchMax?: number;
  /** Bounds the database file, in pages of 4096 bytes; writes beyond fail with `NO_SPACE`. */
  readonly pagesMax?: number;
  readonly clock?: Clock;
}

/** Numbers of a running store. */
export interface SqliteStoreStats extends CommitStats {
  readonly watches: number;
  /** Rows behind the last compaction are still being removed. */
  readonly purging: boolean;
  readonly markFailures: number;
}

/** Log rows looked at per step of a purge, so that no step holds the loop for long. */
const PURGE_REVISIONS_MAX = 1000;

/** Opens or makes the store. Fails with `LOCKED`, `CORRUPT`, `NOT_WRITABLE`, `NO_SPACE` or `BACKEND`. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { path } = options;
  const mark = new HighWaterFile(`${path}.revision`);
  let log: SqliteLog | undefined;
  try {
    // Values may be secrets: the file is the owner's alone from its first byte on.
    if (!(await fileExists(path))) await writeFile(path, "", { mode: 0o600 });
    log = new SqliteLog(path);
    const known = await mark.read();
    if (known !== undefined && !known.clean) log.checkIntegrity(path);
    const revision = startRevision(log, known?.revision ?? 0, options.revisionAtLeast ?? 0);
    await mark.write({ revision, clean: false });
    if (options.pagesMax !== undefined) log.limitPages(options.pagesMax);
    return new SqliteStore(options, log, mark, revision);
  } catch (thrown) {
    abandon(log);
    throw storeFailure("open", path, thrown);
  }
}

/** Closes a log that could not be used: what made that so, such as a full disk, may fail the close too and is told already. */
function abandon(log: SqliteLog | undefined): void {
  try {
    log?.close();
  } catch (thrown) {
    if (!(thrown instanceof RuntimeError)) throw thrown;
  }
}

/**
 * The revision to go on from. A database that is behind the mark was put back from a backup: revisions its clients have seen
 * are not in it. Then all history is compacted at a revision above any that was ever given out, so that every watch starts anew.
 */
function startRevision(log: SqliteLog, marked: number, atLeast: number): Revision {
  const last = log.lastRevision();
  const floor = Math.max(last < marked ? marked + RESTORE_JUMP : 0, atLeast > last ? atLeast : 0);
  if (floor === 0) return last;
  const revision = toRevision(Math.min(floor, REVISION_MAX));
  log.transaction(() => log.setMeta("compact_revision", revision));
  return revision;
}

/** A store in one SQLite file, for one process. Made by {@link openSqliteStore}. */
export class SqliteStore implements Store {
  readonly #path: string;
  readonly #log: SqliteLog;
  readonly #mark: HighWaterFile;
  readonly #commits: GroupCommit;
  readonly #hub: WatchHub;
  readonly #policy: CompactionPolicy;
  readonly #valueSizeBytesMax: number;
  readonly #sampling: Timer;
  #compactRevision: Revision;
  #purging: Timer | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(options: SqliteStoreOptions, log: SqliteLog, mark: HighWaterFile, revision: Revision) {
    const { clock = systemClock } = options;
    this.#path = options.path;
    this.#log = log;
    this.#mark = mark;
    this.#valueSizeBytesMax = options.valueSizeBytesMax ?? VALUE_SIZE_BYTES_MAX;
    this.#compactRevision = toRevision(log.meta("compact_revision"));
    this.#hub = new WatchHub({
      currentRevision: () => this.#commits.revision,
      compactRevision: () => this.#compactRevision,
      readChanges: (prefix, after) => this.#reading(() => log.changes(prefix, after, this.#commits.revision)),
    });
    this.#commits = new GroupCommit({
      log,
      revision,
      pendingMax: options.pendingMax ?? 10_000,
      batchMax: options.batchMax ?? 512,
      onCommit: (changes, at) => {
        mark.advance(at);
        this.#hub.publish(changes);
      },
      toFailure: (thrown) => storeFailure("write to", this.#path, thrown),
    });
    this.#policy = new CompactionPolicy(options.history ?? HISTORY_LIMITS);
    const sample = (): void => this.#sample(clock.now());
    this.#sampling = startInterval(this.#policy.intervalMs, sample, { keepsProcessAlive: false });
    this.#purgeSoon();
  }

  get stats(): SqliteStoreStats {
    return {
      ...this.#commits.stats,
      watches: this.#hub.size,
      purging: this.#purging !== undefined,
      markFailures: this.#mark.failures,
    };
  }

  async get(key: string): Promise<GetResult> {
    this.#checkOpen();
    checkKey(key);
    return this.#reading(() => {
      const row = this.#log.find(key);
      return { kv: row === undefined ? undefined : this.#log.read(key, row), revision: this.#commits.revision };
    });
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    this.#checkOpen();
    checkLimit(options.limit);
    const now = this.#commits.revision;
    const revision = options.revision ?? now;
    checkHistory(revision, this.#compactRevision, now);
    const limit = options.limit ?? -1;
    return this.#reading(() => {
      const isNow = revision === now;
      const kvs = isNow ? this.#log.rangeNow(options, limit) : this.#log.rangeAt(options, revision, limit);
      if (kvs.length !== limit) return { kvs, revision, more: false, count: kvs.length };
      const count = isNow ? this.#log.countNow(options) : this.#log.countAt(options, revision);
      return { kvs, revision, more: count > kvs.length, count };
    });
  }

  async put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    this.#checkOpen();
    checkKey(key);
    checkValue(value, this.#valueSizeBytesMax);
    const { expectRevision, attachment } = options;
    return new Promise((resolve, reject) =>
      this.#commits.add({ kind: "put", key, value, expectRevision, attachment, resolve, reject }),
    );
  }

  async delete(key: string, options: { readonly expectRevision?: Revision } = {}): Promise<DeleteResult> {
    this.#checkOpen();
    checkKey(key);
    const { expectRevision } = options;
    return new Promise((resolve, reject) =>
      this.#commits.add({ kind: "delete", key, expectRevision, resolve, reject }),
    );
  }

  watch(options: WatchOptions): StoreWatch {
    return this.#hub.watch(options);
  }

  subscribe(options: Omit<WatchOptions, "queueMax">, listener: StoreListener): StoreSubscription {
    return this.#hub.subscribe(options, listener);
  }

  async currentRevision(): Promise<Revision> {
    this.#checkOpen();
    return this.#commits.revision;
  }

  async compactRevision(): Promise<Revision> {
    this.#checkOpen();
    return this.#compactRevision;
  }

  async progress(): Promise<Revision> {
    this.#checkOpen();
    const { revision } = this.#commits;
    this.#hub.progress(revision);
    return revision;
  }

  /** Resolves once the new limit is durable; the rows behind it go in the background. */
  async compact(revision: Revision): Promise<void> {
    this.#checkOpen();
    checkHistory(revision, this.#compactRevision, this.#commits.revision);
    try {
      this.#log.transaction(() => this.#log.setMeta("compact_revision", revision));
    } catch (thrown) {
      throw storeFailure("compact", this.#path, thrown);
    }
    this.#compactRevision = revision;
    this.#purgeSoon();
  }

  /** Writes a consistent copy to a new file while the store goes on. A store opened from it notices that it is a copy. */
  async backUp(path: string): Promise<void> {
    this.#checkOpen();
    if (await fileExists(path)) throw new StoreError("NOT_WRITABLE", `Cannot back up to ${path} as it exists`);
    try {
      await writeFile(path, "", { mode: 0o600 });
      this.#log.copyTo(path);
    } catch (thrown) {
      throw storeFailure(`back up to ${path}`, this.#path, thrown);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#sampling.cancel();
    this.#purging?.cancel();
    await this.#commits.whenIdle();
    this.#hub.close(closedError(this.#path));
    await this.#mark.settle();
    try {
      this.#log.close();
      await this.#mark.write({ revision: this.#commits.revision, clean: true });
    } catch (thrown) {
      throw storeFailure("close", this.#path, thrown);
    }
  }

  #sample(nowMs: number): void {
    const target = this.#policy.sample(nowMs, this.#commits.revision);
    if (target === undefined || target <= this.#compactRevision) return;
    // A compaction that fails, for example on a full disk, is tried again with the next sample.
    this.compact(target).catch(() => undefined);
  }

  #purgeSoon(): void {
    if (this.#log.meta("purged_revision") >= this.#compactRevision) return;
    this.#purging ??= startTimer(
      0,
      () => {
        this.#purging = undefined;
        try {
          if (!this.#log.purge(this.#compactRevision, PURGE_REVISIONS_MAX)) this.#purgeSoon();
        } catch {
          // What is left stays until the next compaction or start: it costs space, nothing else.
        }
      },
      { keepsProcessAlive: false },
    );
  }

  #reading<T>(body: () => T): T {
    try {
      return body();
    } catch (thrown) {
      throw storeFailure("read", this.#path, thrown);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.#path);
  }
}

function closedError(path: string): StoreError {
  return new StoreError("CLOSED", `Cannot use the store ${path} as it is closed`);
}
