// Asking a server for its discovery documents, once per while for everyone who wants them.
import type { Clock, Millis } from "@coracle/base";
import { StatusError } from "../mod.ts";
import { abortable } from "./abortable.ts";
import { KubeAnswerError } from "./client-error.ts";
import {
  type ApiResource,
  decodeAggregatedDiscovery,
  decodeApiGroupList,
  decodeApiResourceList,
  decodeApiVersions,
  type GroupVersionPath,
} from "./discovery.ts";
import { findResource } from "./resource-name.ts";

/** kubectl's preference: both aggregated versions, then the old documents. */
const DISCOVERY_ACCEPT: string = [
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
  "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
  "application/json",
].join(",");

/** A document is asked for again after this long. */
const FRESH_MS = 10 * 60_000;
/** A name nobody serves makes us ask again, but not more often than this. */
const MISS_INTERVAL_MS = 10_000;
/** Old documents fetched at once. */
const CONCURRENT_MAX = 8;

/** Fetches a discovery document and parses its JSON; throws StatusError. */
export type FetchDocument = (path: string, accept: string) => Promise<unknown>;

/** The resources of one server. */
export class DiscoveryCache {
  readonly #fetch: FetchDocument;
  readonly #clock: Clock;
  #resources: readonly ApiResource[] | undefined;
  #fetchedAt: Millis | undefined;
  #running: Promise<readonly ApiResource[]> | undefined;

  constructor(fetch: FetchDocument, clock: Clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** All resources, at most ten minutes old. */
  async resources(
    options: { readonly refresh?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<readonly ApiResource[]> {
    if (options.refresh !== true && this.#resources !== undefined && this.#ageMs() < FRESH_MS) return this.#resources;
    // Shared by all who wait, so that one of them leaving does not end it for the others.
    this.#running ??= this.#load().finally(() => {
      this.#running = undefined;
    });
    return abortable(this.#running, options.signal);
  }

  /** The resource `name` means; a miss asks the server once more, as a definition may be new. */
  async resolve(name: string, signal?: AbortSignal): Promise<ApiResource | undefined> {
    const options = signal === undefined ? {} : { signal };
    const found = findResource(name, await this.resources(options));
    if (found !== undefined || this.#ageMs() < MISS_INTERVAL_MS) return found;
    return findResource(name, await this.resources({ ...options, refresh: true }));
  }

  #ageMs(): number {
    return this.#fetchedAt === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() - this.#fetchedAt;
  }

  async #load(): Promise<readonly ApiResource[]> {
    const [core, groups] = await Promise.all([
      this.#fetch("/api", DISCOVERY_ACCEPT).catch(emptyWhenNotFound),
      this.#fetch("/apis", DISCOVERY_ACCEPT).catch(emptyWhenNotFound),
    ]);
    // A server may know the aggregated form at one path only (an aggregated API server without a core group).
    const resources = [
      ...(decodeAggregatedDiscovery(core) ?? (await this.#loadOld(decodeApiVersions(core)))),
      ...(decodeAggregatedDiscovery(groups) ?? (await this.#loadOld(decodeApiGroupList(groups)))),
    ];
    if (resources.length === 0) {
      throw new KubeAnswerError("BAD_DISCOVERY", "Cannot discover resources: the server lists none at /api and /apis");
    }
    this.#resources = resources;
    this.#fetchedAt = this.#clock.now();
    return resources;
  }

  /** One document per group and version. One that cannot be had is left out, as an aggregated server may be down. */
  async #loadOld(owners: readonly GroupVersionPath[]): Promise<readonly ApiResource[]> {
    const lists: (readonly ApiResource[])[] = owners.map(() => []);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < owners.length; index = next++) {
        const owner = owners[index];
        if (owner === undefined) return;
        try {
          lists[index] = decodeApiResourceList(await this.#fetch(owner.path, "application/json"), owner);
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_MAX }, work));
    return lists.flat();
  }
}

function emptyWhenNotFound(error: unknown): unknown {
  if (error instanceof StatusError && error.httpCode === 404) return {};
  throw error;
}
