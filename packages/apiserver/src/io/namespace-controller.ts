// Ends namespaces: deletes all they hold, says what holds them up, and lets them go when they are empty.
import { type ApiObject, isJsonObject, type ResourceDefinition } from "@coracle/api";
import { formatTime } from "@coracle/base";
import { formatGroupResource, StatusError } from "@coracle/kube";
import type { Logger } from "@coracle/lifecycle";
import {
  namespaceConditions,
  type NamespaceCondition,
  type RemainingContent,
} from "../core/namespace/namespace-conditions.ts";
import { deleteCollection } from "../core/registry/delete-collection.ts";
import type { RegistryEnvironment, WriteContext, WriteTarget } from "../core/registry/environment.ts";
import { updateObject } from "../core/registry/update.ts";
import { parseListQuery } from "../core/request/list-options.ts";
import type { CacheHub } from "../core/watch/cache-hub.ts";
import { parseSelection } from "../core/watch/selection.ts";
import type { WatchCache } from "../core/watch/watch-cache.ts";
import { WorkQueue } from "./work-queue.ts";

const WORKERS = 2;
/** Content that stays is looked at again after this, though the change of each object queues its namespace anyway. */
const RECHECK_MS = 15_000;
const NAMESPACE_FINALIZER = "kubernetes";

/** Follows namespaces that are being deleted. */
export class NamespaceController {
  readonly #hub: CacheHub;
  readonly #environment: RegistryEnvironment;
  readonly #namespaces: WatchCache;
  readonly #log: Logger;
  readonly #queue: WorkQueue;
  readonly #stops: (() => void)[] = [];

  constructor(
    hub: CacheHub,
    environment: RegistryEnvironment,
    parts: { readonly log: Logger; readonly namespaces: WatchCache },
  ) {
    this.#hub = hub;
    this.#environment = environment;
    this.#namespaces = parts.namespaces;
    this.#log = parts.log;
    const reconcile = (name: string): Promise<void> => this.#reconcile(name);
    const { random } = environment;
    this.#queue = new WorkQueue({ name: "namespaces", workers: WORKERS, log: parts.log, random, reconcile });
  }

  start(): void {
    for (const cache of this.#hub.caches) {
      this.#stops.push(
        cache.listen((event) => {
          const object = event.current ?? event.previous;
          if (object === undefined) return;
          const name = cache === this.#namespaces ? object.name : object.namespace;
          if (this.#isTerminating(name)) this.#queue.add(name);
        }),
      );
    }
    for (const { name } of this.#namespaces.objects()) if (this.#isTerminating(name)) this.#queue.add(name);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#queue.stop();
  }

  #isTerminating(name: string): boolean {
    if (name === "") return false;
    return this.#namespaces.get(this.#namespaces.prefix + name)?.metadata.deletionTimestamp !== undefined;
  }

  async #reconcile(name: string): Promise<void> {
    if (!this.#isTerminating(name)) return;
    const failures: string[] = [];
    for (const definition of this.#contentKinds()) {
      try {
        await this.#empty(definition, name);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        failures.push(
          `unexpected error deleting ${formatGroupResource({ group: definition.group, resource: definition.plural })}: ${why}`,
        );
      }
    }
    const remaining = this.#remaining(name, failures);
    if (remaining.resources.size === 0 && failures.length === 0) {
      await this.#finalize(name);
      this.#log.info("Namespace deleted", { namespace: name });
      return;
    }
    await this.#report(name, remaining);
    this.#queue.addAfter(name, RECHECK_MS);
  }

  #contentKinds(): readonly ResourceDefinition[] {
    return this.#hub.definitions.filter(({ namespaced }) => namespaced);
  }

  async #empty(definition: ResourceDefinition, namespace: string): Promise<void> {
    const selection = parseSelection(definition, { namespace, name: "", labelSelector: "", fieldSelector: "" });
    const cache = this.#hub.cacheOf(definition);
    if (cache.list(selection, "", 1).length === 0) return;
    const query = parseListQuery(new URLSearchParams(), false);
    await deleteCollection(this.#environment, selection, query, {
      dryRun: false,
      gracePeriodSeconds: undefined,
      propagationPolicy: "Background",
      orphanDependents: undefined,
      preconditions: { uid: undefined, resourceVersion: undefined },
    });
  }

  #remaining(namespace: string, failures: readonly string[]): RemainingContent {
    const resources = new Map<string, number>();
    const finalizers = new Map<string, number>();
    for (const definition of this.#contentKinds()) {
      const selection = parseSelection(definition, { namespace, name: "", labelSelector: "", fieldSelector: "" });
      const objects = this.#hub.cacheOf(definition).list(selection);
      if (objects.length === 0) continue;
      resources.set(`${definition.plural}.${definition.group}`, objects.length);
      for (const object of objects) {
        for (const finalizer of object.metadata.finalizers ?? []) {
          finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
        }
      }
    }
    return { resources, finalizers, failures };
  }

  #target(name: string, subresource: string): WriteTarget {
    return { definition: this.#namespaces.definition, namespace: "", name, subresource };
  }

  async #finalize(name: string): Promise<void> {
    await this.#change(this.#target(name, "finalize"), (live) => {
      const spec = isJsonObject(live["spec"]) ? live["spec"] : {};
      const finalizers = Array.isArray(spec["finalizers"]) ? spec["finalizers"] : [];
      const kept = finalizers.filter((finalizer: unknown) => finalizer !== NAMESPACE_FINALIZER);
      return { ...live, spec: { ...spec, finalizers: kept } };
    });
  }

  async #report(name: string, remaining: RemainingContent): Promise<void> {
    const now = formatTime(this.#environment.clock.wallMs());
    await this.#change(this.#target(name, "status"), (live) => {
      const status = isJsonObject(live["status"]) ? live["status"] : {};
      const before = Array.isArray(status["conditions"]) ? (status["conditions"] as NamespaceCondition[]) : [];
      return { ...live, status: { ...status, conditions: namespaceConditions(remaining, before, now) } };
    });
  }

  async #change(target: WriteTarget, change: (live: ApiObject) => ApiObject): Promise<void> {
    const input = {
      change: (live: ApiObject | undefined): ApiObject => change(live ?? { apiVersion: "", kind: "", metadata: {} }),
      uid: undefined,
      createMissing: false,
      tracked: false,
    };
    try {
      await updateObject(this.#environment, target, input, controllerContext());
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== "NotFound") throw error;
    }
  }
}

function controllerContext(): WriteContext {
  return {
    dryRun: false,
    manager: "namespace-controller",
    user: { name: "system:serviceaccount:kube-system:namespace-controller", uid: "", groups: [], extra: {} },
    warnings: [],
  };
}
