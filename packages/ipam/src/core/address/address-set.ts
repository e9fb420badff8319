// The used addresses of one virtual network, as maximal runs; every operation takes O(log runs).
import { type Random, randomInteger } from "@coracle/base";
import { RunTree } from "./run-tree.ts";

/** Both ends belong to it. */
export interface AddressRange {
  readonly min: number;
  readonly max: number;
}

/** A set of IPv4 addresses, each an unsigned 32-bit number. */
export class AddressSet {
  readonly #runs: RunTree = new RunTree();

  /** Addresses in the set. */
  get size(): number {
    return this.#runs.size;
  }

  /** Maximal runs; what the cost depends on. */
  get runs(): number {
    return this.#runs.runs;
  }

  get sizeBytes(): number {
    return this.#runs.sizeBytes;
  }

  has(address: number): boolean {
    const run = this.#runs.floor(address);
    return run !== 0 && this.#runs.endOf(run) >= address;
  }

  /** False if it was there. */
  add(address: number): boolean {
    const runs = this.#runs;
    const below = runs.floor(address);
    const start = runs.startOf(below);
    if (below !== 0 && runs.endOf(below) >= address) return false;
    const touchesBelow = below !== 0 && runs.endOf(below) + 1 === address;
    const above = runs.startingAt(address + 1);
    const end = above === 0 ? address : runs.endOf(above);
    if (touchesBelow) {
      if (above !== 0) runs.delete(address + 1);
      runs.resize(start, start, end);
    } else if (above !== 0) runs.resize(address + 1, address, end);
    else runs.insert(address, address);
    return true;
  }

  /** False if it was not there. */
  remove(address: number): boolean {
    const runs = this.#runs;
    const run = runs.floor(address);
    if (run === 0 || runs.endOf(run) < address) return false;
    const start = runs.startOf(run);
    const end = runs.endOf(run);
    if (start === address && end === address) runs.delete(address);
    else if (start === address) runs.resize(start, address + 1, end);
    else {
      runs.resize(start, start, address - 1);
      if (end > address) runs.insert(address + 1, end);
    }
    return true;
  }

  /** Addresses of the set within the range. */
  usedIn({ min, max }: AddressRange): number {
    return this.#runs.countBelow(max + 1) - this.#runs.countBelow(min);
  }

  /** Addresses of the range that are not in the set. */
  freeIn(range: AddressRange): number {
    return range.max - range.min + 1 - this.usedIn(range);
  }

  /**
   * Chooses a free address of the range, adds it and answers it; `undefined` if there is none. Every free address is equally
   * likely. KOS chooses a gap first and then an address in it, which makes an address alone between two used ones as likely as a
   * whole empty half of the subnet: two controllers then race for the same few addresses just when a subnet has filled up.
   */
  pick(range: AddressRange, random: Random): number | undefined {
    const free = this.freeIn(range);
    if (free <= 0) return undefined;
    const address = this.#runs.gapAt(range.min, randomInteger(random, 0, free - 1));
    this.add(address);
    return address;
  }

  clear(): void {
    this.#runs.clear();
  }

  /** Runs in rising order, both ends included. */
  [Symbol.iterator](): Generator<readonly [start: number, end: number]> {
    return this.#runs[Symbol.iterator]();
  }
}
