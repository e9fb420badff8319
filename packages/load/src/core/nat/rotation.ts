// The back ends that new ways are spread over by chance.
import { type Random, randomInteger } from "@coracle/base";

/** Back ends by number. When none is well all are used: a balancer that sends nothing anywhere helps nobody. */
export class Rotation {
  readonly #isOut: boolean[];
  readonly #random: Random;
  #chosen: readonly number[];

  constructor(count: number, random: Random) {
    this.#random = random;
    this.#isOut = Array.from({ length: count }, () => false);
    this.#chosen = this.#choose();
  }

  /** Takes a back end out, or in again. */
  set(index: number, isIn: boolean): void {
    this.#isOut[index] = !isIn;
    this.#chosen = this.#choose();
  }

  /** Whether flows may stay at this back end. */
  has(index: number): boolean {
    return this.#isOut[index] === false;
  }

  /** One by chance. */
  any(): number {
    return this.#chosen[randomInteger(this.#random, 0, this.#chosen.length - 1)] ?? 0;
  }

  #choose(): readonly number[] {
    const all = this.#isOut.map((_, index) => index);
    const well = all.filter((index) => this.has(index));
    return well.length === 0 ? all : well;
  }
}
