// Choosing at random, from a seed.
import { type Random, randomInteger } from "@coracle/base";

/** A source of choices. */
export class Choice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  /** An integer from `min` to `max`. */
  integer(min: number, max: number): number {
    return randomInteger(this.#random, min, max);
  }

  /** One of the items. */
  one<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new RangeError("Cannot choose from an empty list");
    return item;
  }

  /** Some of the items in any order. */
  some<T>(items: readonly T[]): T[] {
    const kept = items.filter(() => this.chance(0.5));
    return kept
      .map((item) => ({ item, rank: this.#random.next() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }

  /** A map with some of the names, each with one of the values. */
  map<T>(names: readonly string[], values: readonly T[]): Record<string, T> {
    return Object.fromEntries(this.some(names).map((name) => [name, this.one(values)]));
  }

  /** An object with some of the members. */
  members(makers: Readonly<Record<string, () => unknown>>, probability: number): Record<string, unknown> {
    const names = Object.keys(makers).filter(() => this.chance(probability));
    return Object.fromEntries(names.map((name) => [name, makers[name]?.()]));
  }
}
