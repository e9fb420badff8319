// Paths of clients that were met lately, both ways, so that a record makes no texts and an answer reads none.
import type { Endpoint } from "@coracle/cluster";
import type { PeerAddress } from "@coracle/dtls";
import { directPath, type PeerPath, readPath, routedPath } from "./peer-path.ts";

/** Paths kept; when there are more, all are forgotten: making one anew costs a fraction of a microsecond. */
export const PATHS_MAX = 4096;

const IPV4_SIZE = 4;

/** Where a client's address lies in a frame. */
interface FramedClient {
  readonly addressOffset: number;
  readonly addressSizeBytes: number;
  readonly port: number;
}

type Paths = Map<number, PeerAddress>;

/** IPv4 addresses and ports are numbers below 2^48, so finding a path hashes no text; IPv6 paths are made each time. */
export class PathBook {
  readonly #direct: Paths = new Map();
  /** By router: the same object as long as a node is a member. */
  readonly #routed: Map<Endpoint, Paths> = new Map();
  readonly #read: Map<PeerAddress, PeerPath> = new Map();
  #count = 0;

  /** Paths kept, in either direction. */
  get size(): number {
    return this.#count + this.#read.size;
  }

  /** The path of a client that talks to this node itself. */
  direct(client: Endpoint): PeerAddress {
    const { address, port } = client;
    if (address.length !== IPV4_SIZE) return directPath(client);
    const key = keyOf(address, 0, port);
    return this.#direct.get(key) ?? this.#keep(this.#direct, key, directPath(client));
  }

  /** The path of a client in a frame of `router`. */
  routed(bytes: Uint8Array, client: FramedClient, router: Endpoint): PeerAddress {
    if (client.addressSizeBytes !== IPV4_SIZE) return routedPath(bytes, client, router);
    let paths = this.#routed.get(router);
    if (paths === undefined) {
      paths = new Map();
      this.#routed.set(router, paths);
    }
    const key = keyOf(bytes, client.addressOffset, client.port);
    return paths.get(key) ?? this.#keep(paths, key, routedPath(bytes, client, router));
  }

  /** Reads a path back. */
  read(path: PeerAddress): PeerPath {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    if (this.#read.size >= PATHS_MAX) this.#read.clear();
    const read = readPath(path);
    this.#read.set(path, read);
    return read;
  }

  #keep(paths: Paths, key: number, path: PeerAddress): PeerAddress {
    if (this.#count >= PATHS_MAX) {
      this.#count = 0;
      this.#direct.clear();
      this.#routed.clear();
    }
    this.#count++;
    paths.set(key, path);
    return path;
  }
}

function keyOf(bytes: Uint8Array, at: number, port: number): number {
  const low = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return ((bytes[at] ?? 0) * 0x100_0000 + low) * 0x1_0000 + port;
}
