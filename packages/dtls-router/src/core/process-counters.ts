// What all workers of a process count, as each of them can tell it: every worker writes its own counts into shared memory now and then.
import { assert, type Millis, millis } from "@coracle/base";
import type { WorkerCounts } from "./worker-messages.ts";

/** Counts of a worker that others see are at most this old, and a tick. */
export const PUBLISH_MS = 250;
/** Counters of a worker; the names are fixed, and fewer. */
const COUNTERS_MAX = 255;
/** The first place of a row tells how many counters follow it. */
const ROW_PLACES = 1 + COUNTERS_MAX;

/** Counts by name, in groups of which each is small enough for a record. */
export type CounterGroups = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A row for each worker. */
export type CounterMemory = SharedArrayBuffer;

/** Lays out memory for the counts of so many workers. */
export function layOutCounters(workers: number): CounterMemory {
  return new SharedArrayBuffer(workers * ROW_PLACES * BigInt64Array.BYTES_PER_ELEMENT);
}

/** The counts of a worker in groups, always the same names in the same order: those with names that come up later are left out. */
export function groupCounts({ held, routes, drops, upstream, dtls }: WorkerCounts): CounterGroups {
  const part = (isDrop: boolean): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(dtls).filter(([name]) => name.startsWith("drop") === isDrop));
  return { held, application: upstream, routes, drops, dtls: part(false), "dtls-drops": part(true) };
}

/** One worker's view of the counts of all. No counter is shared: a row has one writer, who writes it a few times a second. */
export class ProcessCounters {
  readonly #rows: readonly BigInt64Array[];
  readonly #worker: number;
  readonly #own: () => WorkerCounts;
  #publishAt: Millis | undefined;

  /** `own` tells what this worker counts. Without `memory` it is the only one. */
  constructor(memory: CounterMemory | undefined, worker: number, own: () => WorkerCounts) {
    const rowBytes = ROW_PLACES * BigInt64Array.BYTES_PER_ELEMENT;
    const shared = memory ?? layOutCounters(1);
    const rows = shared.byteLength / rowBytes;
    this.#rows = Array.from({ length: rows }, (_, row) => new BigInt64Array(shared, row * rowBytes, ROW_PLACES));
    this.#worker = worker;
    this.#own = own;
  }

  /** Time passes: now and then the others are told. */
  tick(now: Millis): void {
    const row = this.#rows[this.#worker];
    if (row === undefined || (this.#publishAt !== undefined && now < this.#publishAt)) return;
    this.#publishAt = millis(now + PUBLISH_MS);
    const values = Object.values(groupCounts(this.#own())).flatMap((group) => Object.values(group));
    assert(
      values.length <= COUNTERS_MAX,
      `Cannot publish more than ${COUNTERS_MAX} counters: there are ${values.length}`,
    );
    for (const [index, value] of values.entries()) Atomics.store(row, 1 + index, BigInt(value));
    Atomics.store(row, 0, BigInt(values.length));
  }

  /** The counts of all workers added up, this one's as they are now; `workers` is how many have told theirs. */
  total(): { readonly workers: number; readonly groups: CounterGroups } {
    const own = groupCounts(this.#own());
    const names = Object.entries(own).flatMap(([group, counts]) =>
      Object.keys(counts).map((name) => [group, name] as const),
    );
    const others = this.#rows.filter((row, worker) => {
      return worker !== this.#worker && Atomics.load(row, 0) === BigInt(names.length);
    });
    const sums: Record<string, Record<string, number>> = {};
    for (const [index, [group, name]] of names.entries()) {
      const sum = others.reduce((all, row) => all + Number(Atomics.load(row, 1 + index)), own[group]?.[name] ?? 0);
      (sums[group] ??= {})[name] = sum;
    }
    return { workers: 1 + others.length, groups: sums };
  }
}
