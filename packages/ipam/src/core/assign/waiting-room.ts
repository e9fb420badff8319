// Attachments that found their subnet full, in order of arrival; a freed address calls the first of them.
import type { AddressPool } from "../address/address-pool.ts";
import { type AddressRange } from "../address/address-set.ts";
import { rangeHas } from "../address/subnet-range.ts";
import type { Locked } from "../address/lock-name.ts";
import type { ObjectKey } from "../table/views.ts";

/** A subnet that someone waits for. */
interface Room {
  readonly subnet: ObjectKey;
  readonly vni: number;
  readonly range: AddressRange;
  /** In order of arrival. */
  readonly keys: Set<ObjectKey>;
}

/** Each key waits in at most one room; so all together are bounded by the number of attachments. */
export class WaitingRoom {
  readonly #pool: AddressPool;
  readonly #call: (key: ObjectKey) => void;
  readonly #rooms: Map<ObjectKey, Room> = new Map();
  readonly #byVni: Map<number, Set<Room>> = new Map();
  readonly #roomOf: Map<ObjectKey, Room> = new Map();
  /** Called, and not through with their work yet. */
  readonly #called: Map<ObjectKey, Room> = new Map();

  /** `call` is told a key that should try again now. */
  constructor(pool: AddressPool, call: (key: ObjectKey) => void) {
    this.#pool = pool;
    this.#call = call;
  }

  /** How many wait for this subnet. */
  waiting(subnet: ObjectKey): number {
    return this.#rooms.get(subnet)?.keys.size ?? 0;
  }

  enter(
    key: ObjectKey,
    place: { readonly subnet: ObjectKey; readonly vni: number; readonly range: AddressRange },
  ): void {
    this.leave(key);
    let room = this.#rooms.get(place.subnet);
    if (room === undefined || room.vni !== place.vni || room.range.min !== place.range.min) {
      room = { ...place, keys: room?.keys ?? new Set() };
      this.#close(place.subnet);
      this.#open(room);
      for (const each of room.keys) this.#roomOf.set(each, room);
    }
    room.keys.add(key);
    this.#roomOf.set(key, room);
  }

  leave(key: ObjectKey): void {
    const room = this.#roomOf.get(key);
    if (room === undefined) return;
    this.#roomOf.delete(key);
    room.keys.delete(key);
    if (room.keys.size === 0) this.#close(room.subnet);
  }

  /** An address became free: whoever waits longest for a range that holds it tries again. */
  freed({ vni, address }: Locked): void {
    for (const room of this.#byVni.get(vni) ?? []) {
      if (rangeHas(room.range, address)) {
        this.#callFirst(room);
        return;
      }
    }
  }

  /** The work on a key is over: if it was called and left an address, the next one is called. */
  served(key: ObjectKey): void {
    const room = this.#called.get(key);
    if (room === undefined) return;
    this.#called.delete(key);
    const current = this.#rooms.get(room.subnet);
    if (current !== undefined && this.#pool.free(current.vni, current.range) > 0) this.#callFirst(current);
  }

  #callFirst(room: Room): void {
    for (const key of room.keys) {
      this.leave(key);
      this.#called.set(key, room);
      this.#call(key);
      return;
    }
  }

  #open(room: Room): void {
    this.#rooms.set(room.subnet, room);
    const rooms = this.#byVni.get(room.vni);
    if (rooms === undefined) this.#byVni.set(room.vni, new Set([room]));
    else rooms.add(room);
  }

  #close(subnet: ObjectKey): void {
    const room = this.#rooms.get(subnet);
    if (room === undefined) return;
    this.#rooms.delete(subnet);
    const rooms = this.#byVni.get(room.vni);
    rooms?.delete(room);
    if (rooms?.size === 0) this.#byVni.delete(room.vni);
  }
}
