// Used addresses of all virtual networks: what locks hold, and what workers have chosen but not yet locked.
import type { Random } from "@coracle/base";
import { type AddressRange, AddressSet } from "./address-set.ts";
import { type Locked, lockNameOf } from "./lock-name.ts";

/** Where the pool learns which addresses a lock is known for. */
export type IsLocked = (locked: Locked) => boolean;

/**
 * An address is used from the moment it is chosen, before its lock is made, so two workers of one process never try the same. The
 * lock itself excludes other processes.
 */
export class AddressPool {
  readonly #sets: Map<number, AddressSet> = new Map();
  /** Chosen, and it is not known yet what became of the lock: at most one for each worker. */
  readonly #chosen: Map<string, Locked> = new Map();
  readonly #isLocked: IsLocked;

  constructor(isLocked: IsLocked) {
    this.#isLocked = isLocked;
  }

  /** Virtual networks with a used address. */
  vnis(): Iterable<readonly [vni: number, used: AddressSet]> {
    return this.#sets;
  }

  used(vni: number, range: AddressRange): number {
    return this.#sets.get(vni)?.usedIn(range) ?? 0;
  }

  free(vni: number, range: AddressRange): number {
    return range.max - range.min + 1 - this.used(vni, range);
  }

  /** Chooses a free address at random; `undefined` when the range is full. */
  choose(vni: number, range: AddressRange, random: Random): number | undefined {
    const address = this.#set(vni).pick(range, random);
    if (address !== undefined) this.#chosen.set(lockNameOf({ vni, address }), { vni, address });
    else this.#dropEmpty(vni);
    return address;
  }

  /** Whether a worker is making a lock for the address. */
  isChosen(locked: Locked): boolean {
    return this.#chosen.has(lockNameOf(locked));
  }

  /** A lock was seen. */
  locked(locked: Locked): void {
    this.#set(locked.vni).add(locked.address);
  }

  /** A lock is gone, and {@link IsLocked} knows: the address is free again. */
  unlocked(locked: Locked): void {
    if (this.#isLocked(locked) || this.isChosen(locked)) return;
    this.#sets.get(locked.vni)?.remove(locked.address);
    this.#dropEmpty(locked.vni);
  }

  /** A lock of this name exists, ours or another's: the address stays used until the lock is seen to go. */
  settle(locked: Locked): void {
    this.#chosen.delete(lockNameOf(locked));
  }

  /** A chosen address was not locked after all; true if it is free now. */
  giveBack(locked: Locked): boolean {
    this.#chosen.delete(lockNameOf(locked));
    if (this.#isLocked(locked)) return false;
    this.#sets.get(locked.vni)?.remove(locked.address);
    this.#dropEmpty(locked.vni);
    return true;
  }

  /**
   * Starts over from the locks there are: after a break in the watch, a lock that came and went unseen would hold its address for
   * ever.
   */
  rebuild(locks: Iterable<Locked>): void {
    this.#sets.clear();
    for (const { vni, address } of locks) this.#set(vni).add(address);
    for (const { vni, address } of this.#chosen.values()) this.#set(vni).add(address);
  }

  #set(vni: number): AddressSet {
    const found = this.#sets.get(vni);
    if (found !== undefined) return found;
    const made = new AddressSet();
    this.#sets.set(vni, made);
    return made;
  }

  #dropEmpty(vni: number): void {
    if (this.#sets.get(vni)?.size === 0) this.#sets.delete(vni);
  }
}
