// Where the parts of `up` listen: what the flags say, free ports in place of 0, all asked for once before anything starts.
import { randomInteger } from "@coracle/base";
import { type Address, ExitError, formatAddress } from "@coracle/lifecycle";
import {
  type HttpServer,
  openUdpEndpoint,
  ServeError,
  serveHttp,
  systemRandom,
  type UdpEndpoint,
  UdpError,
} from "@coracle/runtime";
import { CLUSTER_HTTP_COUNT, ROUTER_COUNT, type UpConfig } from "../config.ts";

/** Addresses of one router and of the heartbeat beside it. */
export interface RouterAddresses {
  /** Where the balancer sends. */
  readonly listen: Address;
  /** Where the other nodes send. */
  readonly cluster: Address;
  readonly http: Address;
  readonly heartbeat: Address;
  readonly heartbeatHttp: Address;
}

/** Addresses of the DTLS cluster and what is in front of it. */
export interface ClusterAddresses {
  readonly routers: readonly RouterAddresses[];
  /** Where devices send. */
  readonly balancer: Address;
  readonly balancerHttp: Address;
  readonly devicesHttp: Address;
}

/** Every address of one `up`. */
export interface PartAddresses {
  readonly listen: Address;
  readonly apiserverHttp: Address;
  readonly ipamHttp: Address;
  readonly watcherHttp: Address;
  /** One for each host. */
  readonly agentsHttp: readonly Address[];
  /** Absent with `--no-routers`. */
  readonly cluster: ClusterAddresses | undefined;
}

const LOOPBACK = "127.0.0.1";
/**
 * Below those that systems give to sockets that ask for none (Linux from 32768 on, others from 49152): a port of a part that starts again
 * would be somebody's otherwise, perhaps the balancer's own.
 */
const ANY_PORT_MIN = 16_384;
const ANY_PORT_MAX = 32_767;
const ATTEMPTS_MAX = 100;
/** Nothing is received: the sockets are there for their ports. */
const SIZES = { batchMax: 1, datagramSizeBytesMax: 64, headroomBytes: 0 } as const;

/**
 * Chooses the addresses, each free a moment ago. Throws {@link ExitError} naming the first that cannot be listened on: without this
 * a child would fail later, while somebody else's server answered for it.
 */
export async function chooseAddresses(config: UpConfig): Promise<PartAddresses> {
  const ports = new PortChooser();
  try {
    return {
      listen: await ports.tcp("--listen", config.listen),
      apiserverHttp: await ports.tcp("--apiserver-http", config.apiserverHttp),
      ipamHttp: await ports.tcp("--ipam-http", config.ipamHttp),
      watcherHttp: await ports.tcp("--watcher-http", config.watcherHttp),
      agentsHttp: await ports.tcpRange("--agents-http", config.agentsHttp, config.hosts),
      cluster: config.routers ? await chooseClusterAddresses(ports, config.clusterHttp) : undefined,
    };
  } finally {
    await ports.close();
  }
}

async function chooseClusterAddresses(ports: PortChooser, first: Address): Promise<ClusterAddresses> {
  const http = await ports.tcpRange("--cluster-http", first, CLUSTER_HTTP_COUNT);
  const at = (index: number): Address => http[index] ?? first;
  const routers: RouterAddresses[] = [];
  for (let index = 0; index < ROUTER_COUNT; index++) {
    const [listen, cluster, heartbeat] = [await ports.udp(), await ports.udp(), await ports.udp()];
    routers.push({ listen, cluster, http: at(index), heartbeat, heartbeatHttp: at(ROUTER_COUNT + index) });
  }
  const balancer = await ports.udp();
  return { routers, balancer, balancerHttp: at(2 * ROUTER_COUNT), devicesHttp: at(2 * ROUTER_COUNT + 1) };
}

/** Holds each port until all are chosen, so that none is given twice. */
class PortChooser {
  readonly #givenTo = new Map<string, string>();
  readonly #servers: HttpServer[] = [];
  readonly #endpoints: UdpEndpoint[] = [];

  async tcp(flag: string, address: Address): Promise<Address> {
    const text = formatAddress(address);
    const other = this.#givenTo.get(text);
    if (other !== undefined) throw new ExitError(`${flag}: ${text} is given to ${other} already`, { exitCode: 2 });
    if (address.port === 0) return this.#any(address.host, (candidate) => this.#holdTcp(candidate));
    this.#givenTo.set(text, flag);
    try {
      return await this.#holdTcp(address);
    } catch (error) {
      if (!(error instanceof ServeError)) throw error;
      throw new ExitError(`${flag}: ${error.message}; stop what uses it or choose another address`, {
        exitCode: 2,
        cause: error,
      });
    }
  }

  /** `count` ports side by side, or any if `first` has port 0. */
  async tcpRange(flag: string, first: Address, count: number): Promise<readonly Address[]> {
    const chosen: Address[] = [];
    for (let index = 0; index < count; index++) {
      chosen.push(await this.tcp(flag, { ...first, port: first.port === 0 ? 0 : first.port + index }));
    }
    return chosen;
  }

  /** Any free port of loopback. */
  udp(): Promise<Address> {
    return this.#any(LOOPBACK, async (candidate) => {
      const { endpoint } = await openUdpEndpoint({ ...candidate, sizes: SIZES, onBatch: () => undefined });
      this.#endpoints.push(endpoint);
      return candidate;
    });
  }

  async #holdTcp(address: Address): Promise<Address> {
    this.#servers.push(await serveHttp({ ...address, handler: () => new Response() }));
    return address;
  }

  async #any(host: string, hold: (candidate: Address) => Promise<Address>): Promise<Address> {
    let cause: unknown;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      try {
        return await hold({ host, port: randomInteger(systemRandom, ANY_PORT_MIN, ANY_PORT_MAX) });
      } catch (error) {
        if (!(error instanceof ServeError || error instanceof UdpError)) throw error;
        cause = error;
      }
    }
    throw new ExitError(`Cannot find a free port of ${host} in ${ATTEMPTS_MAX} attempts`, { cause });
  }

  async close(): Promise<void> {
    for (const endpoint of this.#endpoints) endpoint.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
