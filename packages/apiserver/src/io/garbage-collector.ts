// The garbage collector inside the server: watches every kind through the caches and acts through the registry.
import type { ApiObject, OwnerReference } from "@coracle/api";
import { StatusError } from "@coracle/kube";
import type { Logger } from "@coracle/lifecycle";
import { type CollectorAction, decide } from "../core/gc/decision.ts";
import { OwnerGraph } from "../core/gc/owner-graph.ts";
import type { RegistryEnvironment, WriteContext, WriteTarget } from "../core/registry/environment.ts";
import { deleteObject } from "../core/registry/remove.ts";
import { updateObject } from "../core/registry/update.ts";
import type { CacheHub } from "../core/watch/cache-hub.ts";
import type { StoredObject } from "../core/watch/stored-object.ts";
import { WorkQueue } from "./work-queue.ts";

const WORKERS = 8;
/** An owner may be written just after its dependent was looked at; absence is believed only when it is seen again. */
const DOUBT_MS = 200;

/** Deletes what lost its owners, and finishes deletions that wait for dependents. */
export class GarbageCollector {
  readonly #hub: CacheHub;
  readonly #environment: RegistryEnvironment;
  readonly #graph: OwnerGraph = new OwnerGraph();
  readonly #queue: WorkQueue;
  readonly #kinds: ReadonlySet<string>;
  readonly #doubted: Set<string> = new Set();
  readonly #stops: (() => void)[] = [];

  constructor(hub: CacheHub, environment: RegistryEnvironment, log: Logger) {
    this.#hub = hub;
    this.#environment = environment;
    this.#kinds = new Set(hub.definitions.map(({ group, kind }) => `${group}/${kind}`));
    const reconcile = (key: string): Promise<void> => this.#reconcile(key);
    this.#queue = new WorkQueue({
      name: "garbage-collector",
      workers: WORKERS,
      log,
      random: environment.random,
      reconcile,
    });
  }

  get depth(): number {
    return this.#queue.depth;
  }

  /** Reads what there is and follows from now on. */
  start(): void {
    for (const cache of this.#hub.caches) {
      for (const object of cache.objects()) this.#graph.update(undefined, object);
      this.#stops.push(
        cache.listen((event) => {
          this.#graph.update(event.previous, event.current);
          this.#consider(event.previous, event.current);
        }),
      );
    }
    for (const cache of this.#hub.caches) for (const object of cache.objects()) this.#consider(undefined, object);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#queue.stop();
  }

  /** Queues whom a change concerns. */
  #consider(previous: StoredObject | undefined, current: StoredObject | undefined): void {
    if (current === undefined) {
      const uid = previous?.metadata.uid ?? "";
      for (const dependent of this.#graph.dependentsOf(uid)) this.#queue.add(dependent.key);
      for (const { uid: owner } of previous?.metadata.ownerReferences ?? []) this.#visitOwner(owner);
      return;
    }
    const { deletionTimestamp, ownerReferences = [], finalizers = [] } = current.metadata;
    if (ownerReferences.length > 0 || (deletionTimestamp !== undefined && finalizers.length > 0)) {
      this.#queue.add(current.key);
    }
    for (const { uid: owner } of previous?.metadata.ownerReferences ?? []) {
      if (!ownerReferences.some(({ uid }) => uid === owner)) this.#visitOwner(owner);
    }
  }

  #visitOwner(uid: string): void {
    const owner = this.#graph.get(uid);
    if (owner?.metadata.deletionTimestamp !== undefined) this.#queue.add(owner.key);
  }

  async #reconcile(key: string): Promise<void> {
    const object = this.#find(key);
    if (object === undefined) return;
    const action = decide(object, this.#graph, (group, kind) => this.#kinds.has(`${group}/${kind}`));
    if (action.kind === "delete" || action.kind === "forgetOwners") {
      if (!this.#doubted.delete(key)) {
        this.#doubted.add(key);
        this.#queue.addAfter(key, DOUBT_MS);
        return;
      }
    } else {
      this.#doubted.delete(key);
    }
    try {
      await this.#act(object, action);
    } catch (error) {
      // Somebody else was faster: the change that shows it queues the key again.
      if (!(error instanceof StatusError) || (error.reason !== "NotFound" && error.reason !== "Conflict")) throw error;
    }
  }

  #find(key: string): StoredObject | undefined {
    for (const cache of this.#hub.caches) if (key.startsWith(cache.prefix)) return cache.get(key);
    return undefined;
  }

  async #act(object: StoredObject, action: CollectorAction): Promise<void> {
    switch (action.kind) {
      case "nothing":
        return;
      case "delete":
        await deleteObject(this.#environment, targetOf(object), {
          dryRun: false,
          gracePeriodSeconds: undefined,
          propagationPolicy: action.policy,
          orphanDependents: undefined,
          preconditions: { uid: object.metadata.uid, resourceVersion: undefined },
        });
        return;
      case "forgetOwners":
        await this.#forgetOwners(object, action.uids);
        return;
      case "removeFinalizer":
        await this.#removeFinalizer(object, action.finalizer);
        return;
      case "orphan":
        for (const dependent of action.dependents) {
          await this.#forgetOwners(dependent, [object.metadata.uid ?? ""]);
        }
        this.#queue.add(object.key);
        return;
      case "visit":
        for (const dependent of action.dependents) this.#queue.add(dependent.key);
        return;
    }
  }

  async #forgetOwners(object: StoredObject, uids: readonly string[]): Promise<void> {
    const keep = (reference: OwnerReference): boolean => !uids.includes(reference.uid);
    await this.#change(object, (metadata) => {
      const { ownerReferences = [], ...rest } = metadata;
      const kept = ownerReferences.filter(keep);
      return kept.length === 0 ? rest : { ...rest, ownerReferences: kept };
    });
  }

  async #removeFinalizer(object: StoredObject, name: string): Promise<void> {
    await this.#change(object, (metadata) => {
      const { finalizers = [], ...rest } = metadata;
      const kept = finalizers.filter((finalizer) => finalizer !== name);
      return kept.length === 0 ? rest : { ...rest, finalizers: kept };
    });
  }

  async #change(
    object: StoredObject,
    change: (metadata: ApiObject["metadata"]) => ApiObject["metadata"],
  ): Promise<void> {
    const input = {
      change: (live: ApiObject | undefined): ApiObject => {
        const known = live ?? { apiVersion: "", kind: "", metadata: {} };
        return { ...known, metadata: change(known.metadata) };
      },
      uid: object.metadata.uid,
      createMissing: false,
      tracked: false,
    };
    await updateObject(this.#environment, targetOf(object), input, collectorContext());
  }
}

function targetOf(object: StoredObject): WriteTarget {
  return { definition: object.definition, namespace: object.namespace, name: object.name, subresource: "" };
}

/** What the collector's writes say about their writer. */
function collectorContext(): WriteContext {
  return {
    dryRun: false,
    manager: "garbage-collector",
    user: { name: "system:serviceaccount:kube-system:generic-garbage-collector", uid: "", groups: [], extra: {} },
    warnings: [],
  };
}
