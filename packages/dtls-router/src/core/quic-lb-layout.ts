// A node's connection IDs in a QUIC-LB layout: making its own, and reading which node and worker others name.
import { assert } from "@coracle/base";
import { type CidOwners, NODE_IDS, type NodeId, UNKNOWN_CID_CONFIG } from "@coracle/cluster";
import {
  type CryptoProvider,
  firstOctet,
  nonceOwner,
  QuicLbCids,
  QuicLbCodec,
  type QuicLbConfiguration,
} from "@coracle/dtls";
import { CidRouteCache, NOT_KEPT } from "./cid-route-cache.ts";

/** One configuration of a cluster's layout, as data that passes between threads. */
export interface QuicLbKey {
  /** 0..6: the top three bits of the first byte. */
  readonly id: number;
  /** Sixteen bytes; absent: nothing is hidden. */
  readonly key: Uint8Array | undefined;
}

/** The configurations of a cluster: IDs of all are read, `active` makes new ones. */
export interface QuicLbKeys {
  readonly active: number;
  readonly configurations: readonly QuicLbKey[];
}

/** What does not change while a process runs. */
export interface QuicLbSizes {
  /** The server id is the node's id, big endian. */
  readonly serverIdSizeBytes: number;
  readonly nonceSizeBytes: number;
}

/** What a {@link QuicLbLayout} is made with. */
export interface QuicLbLayoutOptions extends QuicLbSizes {
  readonly crypto: CryptoProvider;
  readonly nodeId: NodeId;
  /** This worker's number, and how many share the node's id. */
  readonly worker: number;
  readonly workers: number;
  readonly keys: QuicLbKeys;
  /** Random. */
  readonly hashSeed: number;
  /** Where encrypted IDs lead is kept for as many as are in use at once; default 4,096. */
  readonly routesMax?: number;
}

/** A server id that is no node's: a wrong key, or somebody's invention. */
const NOBODY = NODE_IDS;
/** A route is the owner in the lower bits and the worker above. */
const WORKER_FACTOR = 512;
const ROUTES_MAX_DEFAULT = 4096;

/** What each ID begins with that a node makes in the clear: rotation and size, then the server id. */
export function quicLbPrefix(sizes: QuicLbSizes, rotation: number, node: number): readonly number[] {
  const zeros = Array.from({ length: sizes.serverIdSizeBytes - 1 }, () => 0);
  return [firstOctet(rotation, quicLbCidSize(sizes)), ...zeros, node];
}

/** Bytes of an ID of these sizes. */
export function quicLbCidSize({ serverIdSizeBytes, nonceSizeBytes }: QuicLbSizes): number {
  return 1 + serverIdSizeBytes + nonceSizeBytes;
}

/**
 * The nonce's end says which worker has the session (`NonceShare`). Configurations can be replaced while sessions live; IDs
 * of those that stay go on. A lookup allocates nothing unless an encrypted ID is met for the first time.
 */
export class QuicLbLayout implements CidOwners {
  readonly sizeBytes: number;
  readonly generator: QuicLbCids;
  readonly #options: QuicLbLayoutOptions;
  readonly #codec: QuicLbCodec;
  /** Absent where nothing is encrypted. */
  readonly #kept: CidRouteCache | undefined;
  readonly #configurations: Map<number, QuicLbConfiguration> = new Map();
  /** The same by the first byte of their IDs. */
  readonly #byFirstOctet: (QuicLbConfiguration | undefined)[] = Array.from({ length: 256 }, () => undefined);

  constructor(options: QuicLbLayoutOptions) {
    this.#options = options;
    this.sizeBytes = quicLbCidSize(options);
    this.#codec = new QuicLbCodec(options.crypto, []);
    const { keys, nodeId, serverIdSizeBytes, worker, workers } = options;
    this.#kept = keys.configurations.some(({ key }) => key !== undefined) ? this.#makeCache() : undefined;
    this.#take(keys);
    const serverId = new Uint8Array(serverIdSizeBytes);
    serverId[serverIdSizeBytes - 1] = nodeId;
    this.generator = new QuicLbCids(this.#codec, this.#active(keys), {
      serverId,
      share: { index: worker, count: workers },
    });
  }

  /** Reads and makes IDs of other configurations from now on; IDs of those that are gone are strangers'. */
  replace(keys: QuicLbKeys): void {
    const before = this.#configurations.get(this.generator.rotation);
    this.#take(keys);
    const active = this.#active(keys);
    if (active !== before) this.generator.rotateTo(active);
  }

  ownerAt(bytes: Uint8Array, offset: number): number {
    const route = this.#routeAt(bytes, offset);
    return route < 0 ? UNKNOWN_CID_CONFIG : route % WORKER_FACTOR;
  }

  /** The worker that has the session, if the ID at `offset` is this node's; negative if it is not. */
  workerAt(bytes: Uint8Array, offset: number): number {
    const route = this.#routeAt(bytes, offset);
    return route >= 0 && route % WORKER_FACTOR === this.#options.nodeId ? Math.floor(route / WORKER_FACTOR) : -1;
  }

  #routeAt(bytes: Uint8Array, offset: number): number {
    const configuration = this.#byFirstOctet[bytes[offset] ?? 0xff];
    if (configuration === undefined) return -1;
    if (configuration.key === undefined) return this.#routeOf(bytes, offset + 1);
    const kept = this.#kept?.find(bytes, offset) ?? NOT_KEPT;
    if (kept !== NOT_KEPT) return kept;
    const body = this.#codec.decodeBody(bytes, offset);
    if (body === undefined) return -1;
    const route = this.#routeOf(body, 0);
    this.#kept?.keep(bytes, offset, route);
    return route;
  }

  /** The route in a server id and nonce that begin at `at`. */
  #routeOf(bytes: Uint8Array, at: number): number {
    const { serverIdSizeBytes, workers } = this.#options;
    const last = at + serverIdSizeBytes - 1;
    let owner = bytes[last] ?? NOBODY;
    for (let index = at; index < last; index++) if (bytes[index] !== 0) owner = NOBODY;
    return owner + WORKER_FACTOR * nonceOwner(bytes, at + this.sizeBytes - 1, workers);
  }

  #makeCache(): CidRouteCache {
    const { hashSeed: seed, routesMax = ROUTES_MAX_DEFAULT } = this.#options;
    return new CidRouteCache({ sizeBytes: this.sizeBytes, routesMax, seed });
  }

  #active({ active }: QuicLbKeys): QuicLbConfiguration {
    const configuration = this.#configurations.get(active);
    assert(configuration !== undefined, `Cannot make IDs of configuration ${active}: there is none`);
    return configuration;
  }

  /** The configurations that are given, and no others. One that stays is the same object, and its nonces go on. */
  #take({ configurations }: QuicLbKeys): void {
    const { serverIdSizeBytes, nonceSizeBytes } = this.#options;
    for (const [rotation, { key }] of this.#configurations) {
      const given = configurations.find(({ id }) => id === rotation);
      if (given !== undefined && isSameKey(given.key, key)) continue;
      this.#configurations.delete(rotation);
      this.#byFirstOctet[firstOctet(rotation, this.sizeBytes)] = undefined;
      // Its number may come back with another key.
      this.#kept?.clear();
      this.#codec.remove(rotation);
    }
    for (const { id, key } of configurations) {
      if (this.#configurations.has(id)) continue;
      const configuration = { rotation: id, serverIdSizeBytes, nonceSizeBytes, key };
      this.#codec.add(configuration);
      this.#configurations.set(id, configuration);
      this.#byFirstOctet[firstOctet(id, this.sizeBytes)] = configuration;
    }
  }
}

/** Both are the operator's, so how long the comparison takes tells nobody anything. */
export function isSameKey(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
