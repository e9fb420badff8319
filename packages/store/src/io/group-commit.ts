// Writes that wait together are committed together: one transaction and one fsync for all that a turn of the loop brought.
import { assert } from "@coracle/base";
import { type Revision } from "../revision.ts";
import { type ChangeEvent, type DeleteResult, type KeyValue, type PutResult, StoreError } from "../store.ts";
import type { SqliteLog } from "./sqlite-log.ts";

/** A put that waits. */
export interface PendingPut {
  readonly kind: "put";
  readonly key: string;
  readonly value: Uint8Array;
  readonly expectRevision: Revision | undefined;
  readonly attachment: unknown;
  readonly resolve: (result: PutResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A delete that waits. */
export interface PendingDelete {
  readonly kind: "delete";
  readonly key: string;
  readonly expectRevision: Revision | undefined;
  readonly resolve: (result: DeleteResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A write that waits. */
export type PendingWrite = PendingPut | PendingDelete;

/** What the commits need of the store around them. */
export interface GroupCommitOptions {
  readonly log: SqliteLog;
  readonly revision: Revision;
  /** Most writes that may wait; more are refused with `OVERLOADED`. */
  readonly pendingMax: number;
  /** Most writes in one transaction. */
  readonly batchMax: number;
  /** Called after each commit, before any writer is answered. */
  readonly onCommit: (changes: readonly ChangeEvent[], revision: Revision) => void;
  /** Puts a back end's failure in the store's words. */
  readonly toFailure: (thrown: unknown) => StoreError;
}

/** Numbers for the curious. */
export interface CommitStats {
  readonly commits: number;
  readonly writes: number;
  readonly failures: number;
  readonly largestBatch: number;
}

/** The queue of writes and the loop that commits it. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #pending: PendingWrite[] = [];
  #revision: Revision;
  #scheduled = false;
  #idle: (() => void)[] = [];
  #stats = { commits: 0, writes: 0, failures: 0, largestBatch: 0 };

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#revision = options.revision;
  }

  /** The last revision that is durable. */
  get revision(): Revision {
    return this.#revision;
  }

  get stats(): CommitStats {
    return { ...this.#stats };
  }

  /** Queues a write. It is committed with everything else that arrives before the event loop turns. */
  add(write: PendingWrite): void {
    if (this.#pending.length >= this.#options.pendingMax) {
      const text = `Cannot queue a write as ${this.#pending.length} are waiting: try again later`;
      write.reject(new StoreError("OVERLOADED", text));
      return;
    }
    this.#pending.push(write);
    this.#schedule();
  }

  /** Resolves when nothing waits. */
  whenIdle(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitBatch(this.#pending.splice(0, this.#options.batchMax));
      if (this.#pending.length > 0) this.#schedule();
      else for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  /** A batch that fails as a whole is tried again write by write, so that only those that cannot be stored fail. */
  #commitBatch(batch: readonly PendingWrite[]): void {
    try {
      this.#commit(batch);
    } catch (thrown) {
      if (batch.length > 1) {
        for (const write of batch) this.#commitBatch([write]);
        return;
      }
      this.#stats.failures++;
      for (const write of batch) write.reject(this.#options.toFailure(thrown));
    }
  }

  #commit(batch: readonly PendingWrite[]): void {
    const { log } = this.#options;
    const changes: ChangeEvent[] = [];
    const answers: (() => void)[] = [];
    let revision = this.#revision;
    log.transaction(() => {
      for (const write of batch) {
        const change = this.#apply(write, revision, answers);
        if (change === undefined) continue;
        changes.push(change);
        revision = change.revision;
      }
    });
    assert(revision - this.#revision === changes.length, `Cannot commit ${changes.length} changes as ${revision}`);
    this.#revision = revision;
    this.#stats.commits++;
    this.#stats.writes += changes.length;
    this.#stats.largestBatch = Math.max(this.#stats.largestBatch, batch.length);
    try {
      if (changes.length > 0) this.#options.onCommit(changes, revision);
    } finally {
      for (const answer of answers) answer();
    }
  }

  /** Writes one row, or notes a conflict; the answer is given once the transaction is durable. */
  #apply(write: PendingWrite, last: Revision, answers: (() => void)[]): ChangeEvent | undefined {
    const { log } = this.#options;
    const row = log.find(write.key);
    const previous = row === undefined ? undefined : log.read(write.key, row);
    const found = previous?.modRevision ?? 0;
    const isExpected = write.expectRevision === undefined || write.expectRevision === found;
    if (!isExpected || (write.kind === "delete" && previous === undefined)) {
      const { resolve } = write;
      answers.push(() => resolve({ ok: false, code: "CONFLICT", current: previous, revision: this.#revision }));
      return undefined;
    }
    const revision = (last + 1) as Revision;
    if (write.kind === "delete") return this.#applyDelete(write, revision, previous, answers);
    const kv: KeyValue = {
      key: write.key,
      value: write.value,
      createRevision: previous?.createRevision ?? revision,
      modRevision: revision,
      ...(write.attachment === undefined ? {} : { attachment: write.attachment }),
    };
    log.appendPut(kv, found);
    answers.push(() => write.resolve({ ok: true, kv, revision }));
    return { kind: "put", revision, kv, previous };
  }

  #applyDelete(
    write: PendingDelete,
    revision: Revision,
    previous: KeyValue | undefined,
    answers: (() => void)[],
  ): ChangeEvent {
    assert(previous !== undefined, "Cannot delete a key that is not there");
    this.#options.log.appendDelete(revision, previous);
    answers.push(() => write.resolve({ ok: true, previous, revision }));
    return { kind: "delete", revision, key: write.key, previous };
  }
}
