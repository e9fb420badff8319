// A hash index from endpoint bytes to slot numbers over typed arrays: lookups read the datagram in place, allocate nothing.
import { assert } from "@coracle/base";
import { isMappedIpv4, MAPPED_PREFIX_SIZE_BYTES } from "./endpoint.ts";

const KEY_SIZE_BYTES = 16;
const FREE = 0;

/**
 * At most `capacity` endpoints, each with a stable slot number from 0. The hash is seeded: who chooses source addresses
 * cannot choose collisions. Open addressing with linear probing; removal shifts back, so there are no tombstones.
 */
export class EndpointIndex {
  readonly capacity: number;
  readonly #seed: number;
  readonly #mask: number;
  /** Slot + 1, or {@link FREE}. */
  readonly #buckets: Int32Array;
  readonly #hashes: Uint32Array;
  readonly #addresses: Uint8Array;
  readonly #sizes: Uint8Array;
  readonly #ports: Uint16Array;
  readonly #freeSlots: Int32Array;
  #size = 0;

  constructor(capacity: number, seed: number) {
    assert(Number.isInteger(capacity) && capacity > 0 && capacity <= 1 << 22, `Cannot index ${capacity} endpoints`);
    this.capacity = capacity;
    this.#seed = seed >>> 0;
    const buckets = 2 ** Math.ceil(Math.log2(capacity * 2));
    this.#mask = buckets - 1;
    this.#buckets = new Int32Array(buckets);
    this.#hashes = new Uint32Array(capacity);
    this.#addresses = new Uint8Array(capacity * KEY_SIZE_BYTES);
    this.#sizes = new Uint8Array(capacity);
    this.#ports = new Uint16Array(capacity);
    this.#freeSlots = Int32Array.from({ length: capacity }, (_, index) => capacity - 1 - index);
  }

  get size(): number {
    return this.#size;
  }

  /** The slot of the endpoint whose address lies in `bytes`, or -1. */
  find(bytes: Uint8Array, offset: number, sizeBytes: number, port: number): number {
    const mapped = sizeBytes === 16 && isMappedIpv4(bytes, offset);
    const at = mapped ? offset + MAPPED_PREFIX_SIZE_BYTES : offset;
    const size = mapped ? 4 : sizeBytes;
    const hash = this.#hash(bytes, at, size, port);
    for (let bucket = hash & this.#mask; ; bucket = (bucket + 1) & this.#mask) {
      const entry = this.#buckets[bucket] ?? FREE;
      if (entry === FREE) return -1;
      if (
        this.#hashes[entry - 1] === hash &&
        this.#equals(entry - 1, bytes, at, size) &&
        this.#ports[entry - 1] === port
      )
        return entry - 1;
    }
  }

  /** The slot of the endpoint, added if it was not there; -1 when the index is full. */
  insert(bytes: Uint8Array, offset: number, sizeBytes: number, port: number): number {
    const known = this.find(bytes, offset, sizeBytes, port);
    if (known >= 0 || this.#size === this.capacity) return known;
    const mapped = sizeBytes === 16 && isMappedIpv4(bytes, offset);
    const at = mapped ? offset + MAPPED_PREFIX_SIZE_BYTES : offset;
    const size = mapped ? 4 : sizeBytes;
    const slot = this.#freeSlots[this.capacity - 1 - this.#size] ?? 0;
    this.#size++;
    const hash = this.#hash(bytes, at, size, port);
    for (let index = 0; index < size; index++) this.#addresses[slot * KEY_SIZE_BYTES + index] = bytes[at + index] ?? 0;
    this.#sizes[slot] = size;
    this.#ports[slot] = port;
    this.#hashes[slot] = hash;
    let bucket = hash & this.#mask;
    while (this.#buckets[bucket] !== FREE) bucket = (bucket + 1) & this.#mask;
    this.#buckets[bucket] = slot + 1;
    return slot;
  }

  /** Takes out the endpoint in `slot`, which must be in use. */
  remove(slot: number): void {
    let hole = (this.#hashes[slot] ?? 0) & this.#mask;
    for (let steps = 0; this.#buckets[hole] !== slot + 1; steps++) {
      if (steps > this.#mask) assert(false, `Cannot remove slot ${slot}: it is not in use`);
      hole = (hole + 1) & this.#mask;
    }
    for (let bucket = (hole + 1) & this.#mask; ; bucket = (bucket + 1) & this.#mask) {
      const entry = this.#buckets[bucket] ?? FREE;
      if (entry === FREE) break;
      const home = (this.#hashes[entry - 1] ?? 0) & this.#mask;
      // An entry moves back only if its home is not between the hole and where it is.
      if (((bucket - home) & this.#mask) >= ((bucket - hole) & this.#mask)) {
        this.#buckets[hole] = entry;
        hole = bucket;
      }
    }
    this.#buckets[hole] = FREE;
    this.#size--;
    this.#freeSlots[this.capacity - 1 - this.#size] = slot;
  }

  #equals(slot: number, bytes: Uint8Array, at: number, size: number): boolean {
    if (this.#sizes[slot] !== size) return false;
    for (let index = 0; index < size; index++)
      if (this.#addresses[slot * KEY_SIZE_BYTES + index] !== bytes[at + index]) return false;
    return true;
  }

  /** FNV-1a over address and port with a final mix, started from the seed. */
  #hash(bytes: Uint8Array, at: number, size: number, port: number): number {
    let hash = (0x811c9dc5 ^ this.#seed) >>> 0;
    for (let index = 0; index < size; index++) hash = Math.imul(hash ^ (bytes[at + index] ?? 0), 0x01000193);
    hash = Math.imul(hash ^ (port & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (port >>> 8), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    return (hash ^ (hash >>> 15)) >>> 0;
  }
}
