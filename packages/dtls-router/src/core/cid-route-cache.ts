// Where connection IDs lead that were read lately, so that an encrypted one is decrypted once and not for each record.
import { assert } from "@coracle/base";

/** IDs up to this size are remembered. */
const ID_SIZE_MAX = 20;
/** Places that an ID may have; when all are taken, one of them is given to it. */
const WAYS = 4;
/** {@link CidRouteCache.find} knows nothing of the ID. */
export const NOT_KEPT = -1;

/** What a {@link CidRouteCache} is made with. */
export interface CidRouteCacheOptions {
  /** Of every ID. */
  readonly sizeBytes: number;
  /** Routes kept at most, rounded up to a power of two; 28 bytes each, which the system gives as they are used. */
  readonly routesMax: number;
  /** Random. */
  readonly seed: number;
}

/**
 * A table of fixed size that allocates nothing when it is used. IDs come from anyone, so the places that an ID may have follow
 * from a secret seed: a flood of made-up IDs costs others a decryption now and then, but cannot aim.
 */
export class CidRouteCache {
  /** Routes kept at most. */
  readonly routesMax: number;
  readonly #sizeBytes: number;
  readonly #seed: number;
  readonly #setMask: number;
  readonly #ids: Uint8Array;
  /** Hashes of the IDs, so that seldom more than one is compared. */
  readonly #hashes: Int32Array;
  /** Routes plus one; 0: the place is free. */
  readonly #routes: Uint32Array;
  #next = 0;

  constructor({ sizeBytes, routesMax, seed }: CidRouteCacheOptions) {
    assert(sizeBytes > 0 && sizeBytes <= ID_SIZE_MAX, `Cannot keep routes of IDs of ${sizeBytes} bytes`);
    let places = WAYS;
    while (places < routesMax) places *= 2;
    this.routesMax = places;
    this.#sizeBytes = sizeBytes;
    this.#seed = seed;
    this.#setMask = places / WAYS - 1;
    this.#ids = new Uint8Array(ID_SIZE_MAX * places);
    this.#hashes = new Int32Array(places);
    this.#routes = new Uint32Array(places);
  }

  /** What was kept for the ID at `offset`, or {@link NOT_KEPT}. */
  find(bytes: Uint8Array, offset: number): number {
    const hash = this.#hashOf(bytes, offset);
    const first = (hash & this.#setMask) * WAYS;
    for (let place = first; place < first + WAYS; place++) {
      if (this.#hashes[place] === hash && this.#hasId(place, bytes, offset)) return (this.#routes[place] ?? 0) - 1;
    }
    return NOT_KEPT;
  }

  /** Keeps the route, a number from 0, of an ID that {@link find} did not know. */
  keep(bytes: Uint8Array, offset: number, route: number): void {
    const hash = this.#hashOf(bytes, offset);
    const place = this.#placeFor((hash & this.#setMask) * WAYS);
    this.#hashes[place] = hash;
    this.#routes[place] = route + 1;
    const at = place * ID_SIZE_MAX;
    for (let index = 0; index < this.#sizeBytes; index++) this.#ids[at + index] = bytes[offset + index] ?? 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.#routes.fill(0);
  }

  /** A free place of a set, or another each time. */
  #placeFor(first: number): number {
    for (let place = first; place < first + WAYS; place++) if (this.#routes[place] === 0) return place;
    this.#next = (this.#next + 1) % WAYS;
    return first + this.#next;
  }

  #hasId(place: number, bytes: Uint8Array, offset: number): boolean {
    const at = place * ID_SIZE_MAX;
    for (let index = 0; index < this.#sizeBytes; index++) {
      if (this.#ids[at + index] !== bytes[offset + index]) return false;
    }
    return this.#routes[place] !== 0;
  }

  #hashOf(bytes: Uint8Array, offset: number): number {
    let hash = this.#seed | 0;
    for (let at = offset; at < offset + this.#sizeBytes; at++) {
      hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x0100_0193);
      hash ^= hash >>> 15;
    }
    return hash;
  }
}
