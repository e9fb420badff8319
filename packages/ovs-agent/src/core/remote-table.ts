// Remote attachments by the hundred thousand: numbers in typed arrays, one map from owner to slot, and one list per VNI.
import { assert } from "@coracle/base";

/** No slot: the end of a list. */
export const NO_SLOT = -1;

/** What a slot holds besides its owner and VNI. */
export interface RemoteFields {
  readonly ipv4: number;
  readonly hostIp: number;
  /** Order of the object's version; NaN where versions have none. */
  readonly version: number;
  /** The round of the watch's sync in which it was last seen. */
  readonly round: number;
}

const FIRST_SLOTS = 256;

/**
 * Which watch of a VNI holds which attachment. One owner can be in several VNIs for a while, when it was deleted and created
 * again and one watch lags behind the other: its slots form a list. Costs some 44 bytes a slot besides the map's entry and the owner's text.
 */
export class RemoteTable {
  readonly #slotsMax: number;
  readonly #firstByOwner = new Map<string, number>();
  readonly #firstByVni = new Map<number, number>();
  readonly #owners: string[] = [];
  #vni = new Uint32Array(FIRST_SLOTS);
  #ipv4 = new Uint32Array(FIRST_SLOTS);
  #hostIp = new Uint32Array(FIRST_SLOTS);
  #version = new Float64Array(FIRST_SLOTS);
  #round = new Uint32Array(FIRST_SLOTS);
  #desired = new Uint8Array(FIRST_SLOTS);
  #nextOfOwner = new Int32Array(FIRST_SLOTS);
  #nextOfVni = new Int32Array(FIRST_SLOTS);
  #previousOfVni = new Int32Array(FIRST_SLOTS);
  #firstFree = NO_SLOT;
  #size = 0;

  /** @param slotsMax a full table refuses further slots */
  constructor(slotsMax: number) {
    assert(slotsMax > 0, `Cannot make a table of remote attachments: current value is ${slotsMax} slots`);
    this.#slotsMax = slotsMax;
  }

  get size(): number {
    return this.#size;
  }

  /** The first slot of an owner, or {@link NO_SLOT}. */
  first(owner: string): number {
    return this.#firstByOwner.get(owner) ?? NO_SLOT;
  }

  /** The owner's slot behind `slot`. */
  next(slot: number): number {
    return this.#nextOfOwner[slot] ?? NO_SLOT;
  }

  /** The first slot of a VNI. */
  firstOf(vni: number): number {
    return this.#firstByVni.get(vni) ?? NO_SLOT;
  }

  /** The VNI's slot behind `slot`. */
  nextOf(slot: number): number {
    return this.#nextOfVni[slot] ?? NO_SLOT;
  }

  /** The slot of an owner in a VNI. */
  find(owner: string, vni: number): number {
    let slot = this.first(owner);
    while (slot !== NO_SLOT && this.#vni[slot] !== vni) slot = this.next(slot);
    return slot;
  }

  owner(slot: number): string {
    return this.#owners[slot] ?? "";
  }

  vni(slot: number): number {
    return this.#vni[slot] ?? 0;
  }

  ipv4(slot: number): number {
    return this.#ipv4[slot] ?? 0;
  }

  hostIp(slot: number): number {
    return this.#hostIp[slot] ?? 0;
  }

  version(slot: number): number {
    return this.#version[slot] ?? Number.NaN;
  }

  round(slot: number): number {
    return this.#round[slot] ?? 0;
  }

  /** Whether the slot is what the fabric was told about its owner. */
  isDesired(slot: number): boolean {
    return this.#desired[slot] === 1;
  }

  setDesired(slot: number, isDesired: boolean): void {
    this.#desired[slot] = isDesired ? 1 : 0;
  }

  /**
   * The owner's slot with the newest version; {@link NO_SLOT} if the local watch has a newer one. "unknown" when there is a choice
   * and a version without an order in it.
   * @param localVersion the version that the local watch holds, if it holds the owner
   */
  newest(owner: string, localVersion?: number): number | "unknown" {
    const first = this.first(owner);
    if (first === NO_SLOT || (localVersion === undefined && this.next(first) === NO_SLOT)) return first;
    let best = NO_SLOT;
    let bestVersion = localVersion ?? Number.NEGATIVE_INFINITY;
    for (let slot = first; slot !== NO_SLOT; slot = this.next(slot)) {
      const version = this.version(slot);
      if (Number.isNaN(version) || Number.isNaN(bestVersion)) return "unknown";
      if (version <= bestVersion) continue;
      best = slot;
      bestVersion = version;
    }
    return best;
  }

  /** Adds a slot for an owner that has none in this VNI; {@link NO_SLOT} when the table is full. */
  add(owner: string, vni: number, fields: RemoteFields): number {
    assert(this.find(owner, vni) === NO_SLOT, `Cannot add a remote attachment twice: current value is ${owner}`);
    const slot = this.#takeSlot();
    if (slot === NO_SLOT) return NO_SLOT;
    this.#owners[slot] = owner;
    this.#vni[slot] = vni;
    this.#desired[slot] = 0;
    this.set(slot, fields);
    this.#nextOfOwner[slot] = this.first(owner);
    this.#firstByOwner.set(owner, slot);
    const second = this.firstOf(vni);
    this.#nextOfVni[slot] = second;
    this.#previousOfVni[slot] = NO_SLOT;
    if (second !== NO_SLOT) this.#previousOfVni[second] = slot;
    this.#firstByVni.set(vni, slot);
    this.#size++;
    return slot;
  }

  /** Replaces what a slot holds. */
  set(slot: number, fields: RemoteFields): void {
    this.#ipv4[slot] = fields.ipv4;
    this.#hostIp[slot] = fields.hostIp;
    this.#version[slot] = fields.version;
    this.#round[slot] = fields.round;
  }

  /** Frees a slot. */
  remove(slot: number): void {
    this.#unlinkOwner(slot);
    this.#unlinkVni(slot);
    this.#owners[slot] = "";
    this.#nextOfOwner[slot] = this.#firstFree;
    this.#firstFree = slot;
    this.#size--;
  }

  #unlinkOwner(slot: number): void {
    const owner = this.owner(slot);
    const behind = this.next(slot);
    let before = this.first(owner);
    if (before === slot) {
      if (behind === NO_SLOT) this.#firstByOwner.delete(owner);
      else this.#firstByOwner.set(owner, behind);
      return;
    }
    while (this.next(before) !== slot) before = this.next(before);
    this.#nextOfOwner[before] = behind;
  }

  #unlinkVni(slot: number): void {
    const vni = this.vni(slot);
    const behind = this.nextOf(slot);
    const before = this.#previousOfVni[slot] ?? NO_SLOT;
    if (behind !== NO_SLOT) this.#previousOfVni[behind] = before;
    if (before !== NO_SLOT) this.#nextOfVni[before] = behind;
    else if (behind === NO_SLOT) this.#firstByVni.delete(vni);
    else this.#firstByVni.set(vni, behind);
  }

  #takeSlot(): number {
    const free = this.#firstFree;
    if (free !== NO_SLOT) {
      this.#firstFree = this.next(free);
      return free;
    }
    const slot = this.#owners.length;
    if (slot >= this.#slotsMax) return NO_SLOT;
    if (slot >= this.#vni.length) this.#grow(Math.min(this.#slotsMax, slot * 2));
    this.#owners.push("");
    return slot;
  }

  #grow(slots: number): void {
    this.#vni = copyInto(new Uint32Array(slots), this.#vni);
    this.#ipv4 = copyInto(new Uint32Array(slots), this.#ipv4);
    this.#hostIp = copyInto(new Uint32Array(slots), this.#hostIp);
    this.#version = copyInto(new Float64Array(slots), this.#version);
    this.#round = copyInto(new Uint32Array(slots), this.#round);
    this.#desired = copyInto(new Uint8Array(slots), this.#desired);
    this.#nextOfOwner = copyInto(new Int32Array(slots), this.#nextOfOwner);
    this.#nextOfVni = copyInto(new Int32Array(slots), this.#nextOfVni);
    this.#previousOfVni = copyInto(new Int32Array(slots), this.#previousOfVni);
  }
}

function copyInto<T extends { set(source: T): void }>(target: T, source: T): T {
  target.set(source);
  return target;
}
