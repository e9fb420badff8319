// The cluster MAC: 8 bytes of HMAC over the forwarding header and the edges of the payload.
import { CLUSTER_MAC_SIZE_BYTES, type ForwardFrame } from "./forward-header.ts";

/**
 * HMAC with one key: the hash of the management session's PRF, SHA-256 or SHA-384. At least 8 bytes come back, good until its
 * next call.
 */
export type KeyedHash = (data: Uint8Array) => Uint8Array;

/** What the keyed hashes are made of, for a thread that functions cannot be handed to. Secret. */
export interface ClusterMacKeyMaterial {
  readonly hash: "sha256" | "sha384" | "sha512";
  readonly sign: Uint8Array;
  readonly verify: Uint8Array;
}

/** Both directions of one management session, each key as long as its cipher's. */
export interface ClusterMacKeys {
  /** What this node writes: the key of its role in the management handshake. */
  readonly sign: KeyedHash;
  /** What the peer writes. */
  readonly verify: KeyedHash;
  readonly material?: ClusterMacKeyMaterial;
}

/** Header and payload together are covered whole up to here; beyond, only both ends of the payload are. */
const COVERED_SIZE_BYTES_MAX = 64;
const EDGE_SIZE_BYTES = 32;
const HEADER_SIZE_BYTES_MAX = 20;

/**
 * Collects what a MAC covers and compares MACs in constant time. Not re-entrant: one scratch buffer serves all calls, and the
 * views into it are made once.
 */
export class ClusterMac {
  readonly #scratch: Uint8Array = new Uint8Array(HEADER_SIZE_BYTES_MAX + 2 * EDGE_SIZE_BYTES);
  readonly #views: readonly Uint8Array[];

  constructor() {
    this.#views = Array.from({ length: this.#scratch.length + 1 }, (_, size) => this.#scratch.subarray(0, size));
  }

  /** Writes the MAC of `frame` into its place in `bytes`. */
  write(bytes: Uint8Array, frame: ForwardFrame, hash: KeyedHash): void {
    const digest = hash(this.#covered(bytes, frame));
    for (let index = 0; index < CLUSTER_MAC_SIZE_BYTES; index++) bytes[frame.macOffset + index] = digest[index] ?? 0;
  }

  /** True if the MAC in `bytes` is that of `frame`. */
  verify(bytes: Uint8Array, frame: ForwardFrame, hash: KeyedHash): boolean {
    const digest = hash(this.#covered(bytes, frame));
    let difference = 0;
    for (let index = 0; index < CLUSTER_MAC_SIZE_BYTES; index++)
      difference |= (bytes[frame.macOffset + index] ?? 0) ^ (digest[index] ?? 0);
    return difference === 0;
  }

  #covered(bytes: Uint8Array, frame: ForwardFrame): Uint8Array {
    const headerSize = frame.macOffset - frame.start;
    const payloadSize = frame.end - frame.payloadOffset;
    this.#copy(bytes, frame.start, headerSize, 0);
    if (payloadSize <= COVERED_SIZE_BYTES_MAX - headerSize) {
      this.#copy(bytes, frame.payloadOffset, payloadSize, headerSize);
      return this.#view(headerSize + payloadSize);
    }
    // Between 33 and 63 bytes the two edges overlap; Californium does the same.
    this.#copy(bytes, frame.payloadOffset, EDGE_SIZE_BYTES, headerSize);
    this.#copy(bytes, frame.end - EDGE_SIZE_BYTES, EDGE_SIZE_BYTES, headerSize + EDGE_SIZE_BYTES);
    return this.#view(headerSize + 2 * EDGE_SIZE_BYTES);
  }

  #copy(bytes: Uint8Array, from: number, sizeBytes: number, to: number): void {
    for (let index = 0; index < sizeBytes; index++) this.#scratch[to + index] = bytes[from + index] ?? 0;
  }

  #view(sizeBytes: number): Uint8Array {
    return this.#views[sizeBytes] ?? this.#scratch;
  }
}
