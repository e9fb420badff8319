// Runs that share a key go one after another; runs of different keys do not wait.

/** A queue per key, which exists only while somebody runs or waits. */
export class KeyedLock {
  readonly #tails: Map<string, Promise<unknown>> = new Map();

  /** Keys in use. */
  get size(): number {
    return this.#tails.size;
  }

  /** Runs `task` when all earlier ones of `key` have settled. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = before.then(task, task);
    this.#tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    }
  }
}
