// Looks at the sample DTLS cluster every second, through the HTTP that each of its programs serves, and lets its devices move.
import { createHttpClient, type HttpClient, sleep, systemClock } from "@coracle/runtime";
import { formatAddress, type Address } from "@coracle/lifecycle";
import type { ClusterModel, ClusterNews } from "../core/cluster-model.ts";
import { RebindSchedule } from "../core/rebind-schedule.ts";
import {
  type NodeLiveness,
  readAddressChanges,
  readDevicesSample,
  readNodes,
  readRouterSample,
  type RouterSample,
} from "../core/cluster-sample.ts";
import { MetricSamples } from "../core/metric-samples.ts";
import type { ClusterAddresses } from "./addresses.ts";

/** What {@link ClusterWatch} needs. */
export interface ClusterWatchOptions {
  readonly model: ClusterModel;
  readonly addresses: ClusterAddresses;
  /** How often devices get new addresses; 0 is never. */
  readonly rebindEveryMs: number;
  readonly onNews: (news: ClusterNews) => void;
  /** Called after each look. */
  readonly onLook: () => void;
}

const EVERY_MS = 1000;
const TIMEOUT_MS = 2000;
const ANSWER_SIZE_BYTES_MAX = 1 << 20;

/** Looks until it is stopped. */
export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  readonly #http: HttpClient = createHttpClient({ connectTimeoutMs: TIMEOUT_MS });
  readonly #stopping = new AbortController();
  readonly #rebinds: RebindSchedule;
  #looking: Promise<void> | undefined;

  constructor(options: ClusterWatchOptions) {
    this.#options = options;
    this.#rebinds = new RebindSchedule(options.rebindEveryMs);
  }

  start(): void {
    this.#looking = this.#lookForEver();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
    this.#http.close();
  }

  async #lookForEver(): Promise<void> {
    const { model, onNews, onLook } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#look();
      for (let news = model.pollNews(); news !== undefined; news = model.pollNews()) onNews(news);
      onLook();
      await this.#rebind();
      await sleep(EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** By command and not by the balancer's own schedule, which knows nothing of handshakes. */
  async #rebind(): Promise<void> {
    const { model, addresses } = this.#options;
    const { connected, devices } = model.view();
    if (!this.#rebinds.isDue(systemClock.wallMs(), connected === devices)) return;
    await this.#ask("POST", addresses.balancerHttp, "rebind");
  }

  async #look(): Promise<void> {
    const { addresses, model } = this.#options;
    const [routers, devices, balancer, nodes] = await Promise.all([
      this.#routers(),
      this.#metrics(addresses.devicesHttp),
      this.#metrics(addresses.balancerHttp),
      this.#nodes(),
    ]);
    if (this.#stopping.signal.aborted) return;
    model.take({
      wallMs: systemClock.wallMs(),
      routers,
      devices: devices === undefined ? undefined : readDevicesSample(devices),
      addressChanges: balancer === undefined ? undefined : readAddressChanges(balancer),
      nodes,
    });
  }

  async #routers(): Promise<ReadonlyMap<number, RouterSample>> {
    const looks = await Promise.all(this.#options.addresses.routers.map(({ http }) => this.#metrics(http)));
    return new Map(
      looks.flatMap((samples, index) => (samples === undefined ? [] : [[index + 1, readRouterSample(samples)]])),
    );
  }

  /** The first heartbeat that answers tells for all. */
  async #nodes(): Promise<readonly NodeLiveness[] | undefined> {
    for (const { heartbeatHttp } of this.#options.addresses.routers) {
      const text = await this.#ask("GET", heartbeatHttp, "nodes");
      const nodes = text === undefined ? undefined : readNodes(parse(text));
      if (nodes !== undefined && nodes.length > 0) return nodes;
    }
    return undefined;
  }

  async #metrics(address: Address): Promise<MetricSamples | undefined> {
    const text = await this.#ask("GET", address, "metrics");
    return text === undefined ? undefined : new MetricSamples(text);
  }

  /** The text of an answer 200; `undefined` when there is none. */
  async #ask(method: "GET" | "POST", address: Address, path: string): Promise<string | undefined> {
    const url = `http://${formatAddress(address)}/${path}`;
    const { signal } = this.#stopping;
    try {
      const response = await this.#http.request({ method, url, signal, headersTimeoutMs: TIMEOUT_MS });
      const text = await response.text(ANSWER_SIZE_BYTES_MAX);
      return response.status === 200 ? text : undefined;
    } catch {
      return undefined;
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
