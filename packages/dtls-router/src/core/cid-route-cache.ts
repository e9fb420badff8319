// Where connection IDs lead that were read lately, so that an encrypted one is decrypted once and not for each record.
import { assert } from "@coracle/base";

/** IDs up to this size are remembered. */
const ID_SIZE_MAX = 20;
/** Each ID has one place; when another takes it, it is read anew. */
export const CID_ROUTES_KEPT = 32_768;
/** {@link CidRouteCache.find} knows nothing of the ID. */
export const NOT_KEPT = -1;

/**
 * A table of fixed size, about 768 KiB, that never allocates. IDs come from anyone, so which place is an ID's follows from a
 * secret seed: a flood of made-up IDs costs others a decryption now and then, but cannot aim.
 */
export class CidRouteCache {
  readonly #sizeBytes: number;
  readonly #seed: number;
  readonly #ids: Uint8Array = new Uint8Array(ID_SIZE_MAX * CID_ROUTES_KEPT);
  /** Routes plus one; 0: the place is free. */
  readonly #routes: Uint32Array = new Uint32Array(CID_ROUTES_KEPT);

  /** All IDs have `sizeBytes` bytes. */
  constructor(sizeBytes: number, seed: number) {
    assert(sizeBytes > 0 && sizeBytes <= ID_SIZE_MAX, `Cannot keep routes of IDs of ${sizeBytes} bytes`);
    this.#sizeBytes = sizeBytes;
    this.#seed = seed;
  }

  /** What was kept for the ID at `offset`, or {@link NOT_KEPT}. */
  find(bytes: Uint8Array, offset: number): number {
    const place = this.#placeOf(bytes, offset);
    const at = place * ID_SIZE_MAX;
    for (let index = 0; index < this.#sizeBytes; index++) {
      if (this.#ids[at + index] !== bytes[offset + index]) return NOT_KEPT;
    }
    return (this.#routes[place] ?? 0) - 1;
  }

  /** Keeps a route, a number from 0; whatever had the place is forgotten. */
  keep(bytes: Uint8Array, offset: number, route: number): void {
    const place = this.#placeOf(bytes, offset);
    const at = place * ID_SIZE_MAX;
    for (let index = 0; index < this.#sizeBytes; index++) this.#ids[at + index] = bytes[offset + index] ?? 0;
    this.#routes[place] = route + 1;
  }

  /** Forgets everything. */
  clear(): void {
    this.#routes.fill(0);
  }

  #placeOf(bytes: Uint8Array, offset: number): number {
    let hash = this.#seed;
    for (let at = offset; at < offset + this.#sizeBytes; at++) {
      hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x0100_0193);
      hash ^= hash >>> 15;
    }
    return (hash >>> 0) % CID_ROUTES_KEPT;
  }
}
