// Where hostile datagrams say they come from: strangers of both families, devices, members, the node itself.
import type { Random } from "@coracle/base";
import type { Endpoint } from "@coracle/cluster";
import type { FuzzCluster } from "./fuzz-cluster.ts";

const STRANGERS = 4096;

/** Addresses by what they pretend to be. */
export class HostileSources {
  readonly #random: Random;
  readonly #strangers: readonly Endpoint[];
  readonly #devices: readonly Endpoint[];
  readonly #nodes: readonly Endpoint[];

  constructor(cluster: FuzzCluster, random: Random) {
    this.#random = random;
    this.#strangers = Array.from({ length: STRANGERS }, (_, index) => stranger(index, random));
    this.#devices = cluster.devices.map(({ address }) => address);
    this.#nodes = cluster.nodes.map(({ clusterAddress }) => clusterAddress);
  }

  /** For the public port: nine of ten are strangers, the rest forge a device's address or a node's. */
  forPublic(): Endpoint {
    const draw = this.#random.next();
    if (draw < 0.9) return this.#of(this.#strangers);
    return this.#of(draw < 0.98 ? this.#devices : this.#nodes);
  }

  /** For the cluster port: half forge a node's address, the target's own among them, if `forgesNodes`. */
  forCluster(forgesNodes: boolean): Endpoint {
    const draw = this.#random.next();
    if (forgesNodes && draw < 0.5) return this.#of(this.#nodes);
    return this.#of(draw < 0.9 ? this.#strangers : this.#devices);
  }

  #of(endpoints: readonly Endpoint[]): Endpoint {
    return endpoints[this.#random.uint32() % endpoints.length] as Endpoint;
  }
}

/** Every fourth is IPv6, every eighth an IPv4 address inside one. */
function stranger(index: number, random: Random): Endpoint {
  const port = 1024 + (random.uint32() & 0x7fff);
  const host = [198, 18 + (index & 1), (index >>> 8) & 0xff, index & 0xff];
  if (index % 8 === 1) return { address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...host), port };
  if (index % 4 === 3) return { address: Uint8Array.of(0x20, 1, 13, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, ...host), port };
  return { address: Uint8Array.from(host), port };
}
