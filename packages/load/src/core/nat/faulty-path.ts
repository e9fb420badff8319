// One direction of the way between clients and the NAT: datagrams come twice, late, or behind those that were sent after them.
import { assert, type Millis, millis, type Random } from "@coracle/base";
import { DueQueue } from "../due-queue.ts";
import type { AddressKey, PathCounts, PathFaults } from "./nat-types.ts";

/** What a {@link FaultyPath} is made of. */
export interface FaultyPathOptions {
  readonly random: Random;
  /** Datagrams under way at once; more are lost. */
  readonly underWayMax: number;
}

/** A datagram under way. */
interface Flight<Item> {
  readonly item: Item;
  readonly client: AddressKey;
  /** It waits for others of its client until then at the latest. */
  readonly heldUntil: Millis;
  /** Those that are still to go ahead. */
  overtakersLeft: number;
  wasOvertaken: boolean;
}

/** Nothing happens to a datagram. */
export const NO_FAULTS: PathFaults = {
  duplicate: 0,
  reorder: 0,
  reorderBy: 3,
  reorderHoldMs: 100,
  delayMs: 0,
  jitterMs: 0,
};

/**
 * A datagram is offered with {@link admit} and goes at once, or waits in here until {@link take} gives it back. The same random
 * source and calls give the same run. What has equal deadlines keeps its order, so a delay without jitter reorders nothing.
 */
export class FaultyPath<Item> {
  readonly counts: PathCounts = { duplicated: 0, delayed: 0, heldBack: 0, overtaken: 0, underWayFull: 0 };
  readonly #random: Random;
  readonly #flights: (Flight<Item> | undefined)[];
  readonly #free: number[];
  readonly #due: DueQueue;
  /** Datagrams of a client that wait for others to go ahead, by place. */
  readonly #held: Map<AddressKey, number[]> = new Map();
  #faults: PathFaults = NO_FAULTS;

  constructor({ random, underWayMax }: FaultyPathOptions) {
    assert(underWayMax > 0, `Cannot delay datagrams without room: underWayMax is ${underWayMax}`);
    this.#random = random;
    this.#flights = Array.from({ length: underWayMax }, () => undefined);
    this.#free = Array.from({ length: underWayMax }, (_, index) => underWayMax - 1 - index);
    this.#due = new DueQueue(underWayMax);
  }

  get faults(): PathFaults {
    return this.#faults;
  }

  /** Datagrams that wait in here. */
  get underWay(): number {
    return this.#flights.length - this.#free.length;
  }

  /** Clients of which something is held back. */
  get clientsHeld(): number {
    return this.#held.size;
  }

  /** From now on datagrams are treated so; what is under way already stays as it is. */
  suffer(faults: PathFaults): void {
    this.#faults = faults;
  }

  /** Takes a datagram of `client` in; answers how many of it are to be passed on at once. `keep` makes what is given back later. */
  admit(client: AddressKey, keep: () => Item, now: Millis): number {
    const { duplicate } = this.#faults;
    const isDuplicated = duplicate > 0 && this.#random.next() < duplicate;
    if (isDuplicated) this.counts.duplicated++;
    const first = this.#admitOne(client, keep, now);
    return isDuplicated ? first + this.#admitOne(client, keep, now) : first;
  }

  /** The next datagram whose time has come. */
  take(now: Millis): Item | undefined {
    const place = this.#due.take(now);
    const flight = this.#flights[place ?? -1];
    if (place === undefined || flight === undefined) return undefined;
    this.#flights[place] = undefined;
    this.#free.push(place);
    if (flight.wasOvertaken) this.counts.overtaken++;
    this.#forgetHeld(flight.client, place);
    return flight.item;
  }

  nextTimeout(): Millis | undefined {
    return this.#due.next();
  }

  #admitOne(client: AddressKey, keep: () => Item, now: Millis): number {
    const { reorder, reorderHoldMs, delayMs, jitterMs } = this.#faults;
    const lateMs = delayMs + (jitterMs > 0 ? this.#random.next() * jitterMs : 0);
    const at = millis(now + lateMs);
    if (reorder > 0 && this.#random.next() < reorder) {
      this.#hold(client, keep, millis(at + reorderHoldMs));
      return 0;
    }
    if (lateMs > 0 && this.#launch(client, keep, at) === undefined) return 0;
    if (lateMs > 0) this.counts.delayed++;
    this.#overtake(client, at);
    return lateMs > 0 ? 0 : 1;
  }

  /** Puts a datagram on its way; answers its place, `undefined` when it is lost for want of one. */
  #launch(client: AddressKey, keep: () => Item, until: Millis): number | undefined {
    const place = this.#free.pop();
    if (place === undefined) {
      this.counts.underWayFull++;
      return undefined;
    }
    const overtakersLeft = this.#faults.reorderBy;
    this.#flights[place] = { item: keep(), client, heldUntil: until, overtakersLeft, wasOvertaken: false };
    this.#due.set(place, until);
    return place;
  }

  #hold(client: AddressKey, keep: () => Item, until: Millis): void {
    const place = this.#launch(client, keep, until);
    if (place === undefined) return;
    this.counts.heldBack++;
    const places = this.#held.get(client);
    if (places === undefined) this.#held.set(client, [place]);
    else places.push(place);
  }

  /** A datagram of `client` goes at `at`: those held back see one more ahead of them, and follow the last that had to be. */
  #overtake(client: AddressKey, at: Millis): void {
    const places = this.#held.get(client);
    if (places === undefined) return;
    const waiting = places.filter((place) => this.#waitsOn(place, at));
    if (waiting.length === 0) this.#held.delete(client);
    else this.#held.set(client, waiting);
  }

  #waitsOn(place: number, at: Millis): boolean {
    const flight = this.#flights[place];
    if (flight === undefined) return false;
    // One that is late itself may come after it.
    if (flight.heldUntil <= at) return true;
    flight.wasOvertaken = true;
    flight.overtakersLeft--;
    if (flight.overtakersLeft === 0) this.#due.set(place, at);
    return flight.overtakersLeft > 0;
  }

  #forgetHeld(client: AddressKey, place: number): void {
    const places = this.#held.get(client);
    const index = places?.indexOf(place) ?? -1;
    if (places === undefined || index < 0) return;
    places.splice(index, 1);
    if (places.length === 0) this.#held.delete(client);
  }
}
