// A registry over a memory store and a virtual clock, for tests of what the server decides.
import { ManualClock, SeededRandom } from "@coracle/base";
import {
  type ApiObject,
  CORE_DEFINITIONS,
  NAMESPACE,
  NETWORK_DEFINITIONS,
  type ResourceDefinition,
} from "@coracle/api";
import { MemoryStore } from "@coracle/store";
import { createObject } from "../core/registry/create.ts";
import type { RegistryEnvironment, WriteContext, WriteTarget } from "../core/registry/environment.ts";
import { localNamespaces } from "../core/registry/namespace-lifecycle.ts";
import { KeyedLock } from "../core/registry/keyed-lock.ts";
import { type DeleteOutcome, deleteObject } from "../core/registry/remove.ts";
import { subnetConflictCheck } from "../core/registry/subnet-check.ts";
import { type UpdateInput, updateObject } from "../core/registry/update.ts";
import type { DeleteOptions } from "../core/request/delete-options.ts";
import { CacheHub } from "../core/watch/cache-hub.ts";
import type { HistoryLimits } from "../core/watch/event-history.ts";
import { type ListQuery, parseListQuery } from "../core/request/list-options.ts";

/** How to make one. */
export interface RegistryWorldOptions {
  readonly historyLimits?: HistoryLimits;
  readonly store?: MemoryStore;
}

/** A registry and shortcuts to it. */
export class RegistryWorld {
  readonly store: MemoryStore;
  readonly clock: ManualClock;
  readonly hub: CacheHub;
  readonly environment: RegistryEnvironment;
  readonly warnings: string[] = [];

  private constructor(store: MemoryStore, clock: ManualClock, hub: CacheHub) {
    this.store = store;
    this.clock = clock;
    this.hub = hub;
    let uids = 0;
    this.environment = {
      store,
      caches: hub,
      namespaces: localNamespaces(() => hub),
      clock,
      random: new SeededRandom(7),
      newUid: () => `uid-${++uids}`,
      createChecks: [subnetConflictCheck(() => hub)],
      createLock: new KeyedLock(),
    };
  }

  /** Opens one with namespaces `default` and `other`. */
  static async open(options: RegistryWorldOptions = {}): Promise<RegistryWorld> {
    const store = options.store ?? new MemoryStore();
    const clock = new ManualClock({ wallMs: 1_700_000_000_000 });
    const definitions = [...NETWORK_DEFINITIONS, ...CORE_DEFINITIONS];
    const limits = options.historyLimits === undefined ? {} : { historyLimits: options.historyLimits };
    const hub = await CacheHub.open({ store, definitions, clock, ...limits, onEnd: () => undefined });
    const world = new RegistryWorld(store, clock, hub);
    for (const name of ["default", "other"]) {
      if (hub.cacheOf(NAMESPACE).get(`/registry/core/namespaces/${name}`) === undefined) {
        await world.create(NAMESPACE, { metadata: { name } });
      }
    }
    return world;
  }

  context(dryRun = false): WriteContext {
    return {
      dryRun,
      manager: "tester",
      user: { name: "tester", uid: "", groups: [], extra: {} },
      warnings: this.warnings,
    };
  }

  target(definition: ResourceDefinition, name: string, subresource = "", namespace = "default"): WriteTarget {
    return { definition, namespace: definition.namespaced ? namespace : "", name, subresource };
  }

  async create(
    definition: ResourceDefinition,
    body: { readonly metadata: ApiObject["metadata"]; readonly [field: string]: unknown },
    options: { readonly namespace?: string; readonly dryRun?: boolean } = {},
  ): Promise<ApiObject> {
    const apiVersion = definition.group === "" ? definition.version : `${definition.group}/${definition.version}`;
    const object: ApiObject = { apiVersion, kind: definition.kind, ...body };
    const target = this.target(definition, body.metadata.name ?? "", "", options.namespace);
    const context = this.context(options.dryRun);
    return (await createObject(this.environment, target, { object, tracked: false }, context)).object;
  }

  async update(
    definition: ResourceDefinition,
    name: string,
    change: (live: ApiObject) => ApiObject,
    options: { readonly subresource?: string; readonly uid?: string } = {},
  ): Promise<ApiObject> {
    const input: UpdateInput = {
      change: (live) => change(live ?? { apiVersion: "", kind: "", metadata: {} }),
      uid: options.uid,
      createMissing: false,
      tracked: false,
    };
    const target = this.target(definition, name, options.subresource);
    return (await updateObject(this.environment, target, input, this.context())).object;
  }

  delete(definition: ResourceDefinition, name: string, options: Partial<DeleteOptions> = {}): Promise<DeleteOutcome> {
    return deleteObject(this.environment, this.target(definition, name), { ...PLAIN_DELETE, ...options });
  }

  get(definition: ResourceDefinition, name: string, namespace = "default"): ApiObject["metadata"] | undefined {
    const cache = this.hub.cacheOf(definition);
    const place = definition.namespaced ? `${namespace}/` : "";
    return cache.get(`${cache.prefix}${place}${name}`)?.metadata;
  }
}

/** A deletion without wishes. */
export const PLAIN_DELETE: DeleteOptions = {
  dryRun: false,
  gracePeriodSeconds: undefined,
  propagationPolicy: undefined,
  orphanDependents: undefined,
  preconditions: { uid: undefined, resourceVersion: undefined },
};

/** List options from a query string. */
export function listQuery(query = ""): ListQuery {
  return parseListQuery(new URLSearchParams(query), false);
}
