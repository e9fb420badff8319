// Names as small numbers: each name is kept once, however many tables speak of it.
import { assert } from "@coracle/base";

/** Counts who uses a name; a name that nobody uses is forgotten and its number given to another. */
export class KeyIndex {
  readonly #ids: Map<string, number> = new Map();
  readonly #names: (string | undefined)[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];

  /** Names in use. */
  get size(): number {
    return this.#ids.size;
  }

  /** Numbers given out at most so far; arrays indexed by number need this length. */
  get limit(): number {
    return this.#names.length;
  }

  find(name: string): number | undefined {
    return this.#ids.get(name);
  }

  /** The number of `name`, used once more. */
  acquire(name: string): number {
    const found = this.#ids.get(name);
    if (found !== undefined) {
      this.#uses[found] = (this.#uses[found] ?? 0) + 1;
      return found;
    }
    const id = this.#free.pop() ?? this.#names.length;
    this.#ids.set(name, id);
    this.#names[id] = name;
    this.#uses[id] = 1;
    return id;
  }

  /** Ends one use. */
  release(id: number): void {
    const uses = (this.#uses[id] ?? 0) - 1;
    assert(uses >= 0, `Cannot release a name as nobody uses it: current value is ${id}`);
    this.#uses[id] = uses;
    if (uses > 0) return;
    this.#ids.delete(this.nameOf(id));
    this.#names[id] = undefined;
    this.#free.push(id);
  }

  nameOf(id: number): string {
    const name = this.#names[id];
    assert(name !== undefined, `Cannot name a number as it is not in use: current value is ${id}`);
    return name;
  }
}
