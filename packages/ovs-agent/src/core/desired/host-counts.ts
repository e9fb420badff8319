// How many installed remote interfaces each host has in each virtual network: its tunnel input flow lives as long as one.
import type { NetworkInterface } from "../interface.ts";
import { addressKey } from "./address-claims.ts";

/** A host in a virtual network. */
export interface NetworkHost {
  readonly vni: number;
  readonly hostIp: number;
}

/** What a batch does to the hosts: which appear, which go. */
export interface HostChange {
  readonly added: readonly NetworkHost[];
  readonly removed: readonly NetworkHost[];
  /** To be handed to {@link HostCounts.apply} once the batch is in. */
  readonly delta: ReadonlyMap<number, number>;
}

/** Counts by host and network. */
export class HostCounts {
  readonly #counts = new Map<number, number>();

  /** What changes if `before` is replaced by `after`, pair by pair; counts nothing yet. */
  plan(
    changes: Iterable<readonly [before: NetworkInterface | undefined, after: NetworkInterface | undefined]>,
  ): HostChange {
    const delta = new Map<number, number>();
    const add = (place: NetworkInterface | undefined, by: number): void => {
      if (place?.kind !== "remote") return;
      const key = addressKey(place.vni, place.hostIp);
      delta.set(key, (delta.get(key) ?? 0) + by);
    };
    for (const [before, after] of changes) {
      add(before, -1);
      add(after, 1);
    }
    const added: NetworkHost[] = [];
    const removed: NetworkHost[] = [];
    for (const [key, by] of delta) {
      const count = this.#counts.get(key) ?? 0;
      if (count === 0 && by > 0) added.push(hostOf(key));
      else if (count > 0 && count + by === 0) removed.push(hostOf(key));
    }
    return { added, removed, delta };
  }

  /** Counts what was planned. */
  apply(delta: ReadonlyMap<number, number>): void {
    for (const [key, by] of delta) {
      const count = (this.#counts.get(key) ?? 0) + by;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#counts.clear();
  }

  /** How many hosts count. */
  get size(): number {
    return this.#counts.size;
  }

  /** Every host with at least one. */
  *hosts(): Generator<NetworkHost> {
    for (const key of this.#counts.keys()) yield hostOf(key);
  }
}

function hostOf(key: number): NetworkHost {
  return { vni: Math.floor(key / 0x1_0000_0000), hostIp: key % 0x1_0000_0000 };
}
