// Who holds which address of which virtual network. A second claimant waits, in order, until the address is free.
import type { Entry } from "./entry.ts";

/** Identity of an address of a virtual network, or of a host's place in one: below 2^53. */
export function addressKey(vni: number, ipv4: number): number {
  return vni * 0x1_0000_0000 + ipv4;
}

/** Holders and those who wait. */
export class AddressClaims {
  readonly #holders = new Map<number, Entry>();
  readonly #waiters = new Map<number, Set<Entry>>();

  /** Who holds the address. */
  holder(key: number): Entry | undefined {
    return this.#holders.get(key);
  }

  /** True if the address is the entry's now; else it waits. */
  claim(key: number, entry: Entry): boolean {
    const holder = this.#holders.get(key);
    if (holder === undefined) this.#holders.set(key, entry);
    else if (holder !== entry) {
      const waiters = this.#waiters.get(key) ?? new Set();
      this.#waiters.set(key, waiters.add(entry));
      return false;
    }
    return true;
  }

  /** Gives the address to the entry, which has its device already. Who held it waits, first in line. */
  seize(key: number, entry: Entry): Entry | undefined {
    const holder = this.#holders.get(key);
    this.#holders.set(key, entry);
    if (holder === undefined || holder === entry) return undefined;
    this.#waiters.set(key, new Set([holder, ...(this.#waiters.get(key) ?? [])]));
    return holder;
  }

  /** The entry neither holds nor awaits the address any more. Answers who holds it from now on, if that is new. */
  release(key: number, entry: Entry): Entry | undefined {
    const waiters = this.#waiters.get(key);
    waiters?.delete(entry);
    if (waiters?.size === 0) this.#waiters.delete(key);
    if (this.#holders.get(key) !== entry) return undefined;
    this.#holders.delete(key);
    const [next] = waiters ?? [];
    if (next === undefined) return undefined;
    waiters?.delete(next);
    if (waiters?.size === 0) this.#waiters.delete(key);
    this.#holders.set(key, next);
    return next;
  }
}
