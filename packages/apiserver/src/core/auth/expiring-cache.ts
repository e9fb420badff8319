// Answers that are believed for a while: bounded in number and age, so that neither load nor memory follows the clients.
import type { Millis } from "@coracle/base";

interface Entry<V> {
  readonly value: V;
  readonly until: number;
}

/** A map whose entries end; the oldest makes room for a new one. */
export class ExpiringCache<V> {
  readonly #entries: Map<string, Entry<V>> = new Map();
  readonly #entriesMax: number;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, now: Millis): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > now) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: V, validity: { readonly now: Millis; readonly ms: number }): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#entriesMax) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, until: validity.now + validity.ms });
  }

  clear(): void {
    this.#entries.clear();
  }
}
