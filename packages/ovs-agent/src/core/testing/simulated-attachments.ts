// A model of the API server's attachments and its watches: seeded histories, told late, out of step between watches, with gaps.
import { assert, randomInteger, type SeededRandom } from "@coracle/base";
import { type FieldSelector, type KubeObject, parseFieldSelector, type WatchStreamEvent } from "@coracle/kube";
import type { WatchQuery } from "../watch-selector.ts";

/** An attachment in the model. */
export interface ModelAttachment {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly vni: number;
  /** "" while there is none. */
  readonly ipv4: string;
  readonly hostIp: string;
  readonly version: number;
}

interface OpenWatch {
  readonly id: number;
  readonly query: WatchQuery;
  readonly selector: FieldSelector;
  /** What the watcher has been told: the state of the last sync and the changes since. */
  readonly told: Map<string, ModelAttachment>;
  /** Events on their way, the oldest first. */
  readonly queue: WatchStreamEvent[];
  round: number;
}

/** The server's state and the watches on it. */
export class SimulatedAttachments {
  readonly #random: SeededRandom;
  readonly #objects = new Map<string, ModelAttachment>();
  readonly #watches = new Map<number, OpenWatch>();
  readonly #hasOrder: boolean;
  #version = 100;

  /** @param hasOrder false makes versions that cannot be compared */
  constructor(random: SeededRandom, hasOrder: boolean) {
    this.#random = random;
    this.#hasOrder = hasOrder;
  }

  get objects(): ReadonlyMap<string, ModelAttachment> {
    return this.#objects;
  }

  /** Opens a watch: its first list is on its way. */
  open(id: number, query: WatchQuery): void {
    const selector = parseFieldSelector(query.fieldSelector);
    assert(selector.ok, `Cannot open a watch: its selector is ${query.fieldSelector}`);
    const watch = { id, query, selector: selector.value, told: new Map(), queue: [], round: 0 };
    this.#watches.set(id, watch);
    this.#list(watch);
  }

  close(id: number): void {
    assert(this.#watches.delete(id), `Cannot close a watch that is not open: current value is ${id}`);
  }

  get watchIds(): readonly number[] {
    return [...this.#watches.keys()];
  }

  /** Creates, replaces or deletes an attachment; every watch will be told. */
  write(key: string, next: Omit<ModelAttachment, "version" | "uid"> | undefined, uid: string): void {
    this.#version++;
    const old = this.#objects.get(key);
    if (next === undefined) this.#objects.delete(key);
    else this.#objects.set(key, { ...next, uid, version: this.#version });
    for (const watch of this.#watches.values()) this.#tell(watch, key, old);
  }

  /** Hands over the next event of a watch; `undefined` when none waits. */
  next(id: number): WatchStreamEvent | undefined {
    return this.#watches.get(id)?.queue.shift();
  }

  /** Breaks continuity: what was on its way is lost, and a new list follows. */
  gap(id: number): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    const kept = randomInteger(this.#random, 0, watch.queue.length);
    watch.queue.length = kept;
    watch.queue.push({ kind: "gap", cause: "expired" });
    this.#list(watch);
  }

  #list(watch: OpenWatch): void {
    const isBroken = this.#random.next() < 0.2;
    watch.queue.push({ kind: "sync-start", round: watch.round++ });
    watch.told.clear();
    for (const [key, object] of this.#objects) {
      if (!matches(watch, object)) continue;
      watch.told.set(key, object);
      watch.queue.push({ kind: "item", object: this.#toKube(object) });
      if (isBroken && this.#random.next() < 0.3) {
        // The page after this one failed: the list begins again.
        this.#list(watch);
        return;
      }
    }
    watch.queue.push({ kind: "sync-end", resourceVersion: this.#versionText(this.#version) });
  }

  #tell(watch: OpenWatch, key: string, old: ModelAttachment | undefined): void {
    const now = this.#objects.get(key);
    const isIn = now !== undefined && matches(watch, now);
    const known = watch.told.get(key);
    if (known !== undefined && (!isIn || known.uid !== now.uid)) {
      watch.told.delete(key);
      const last = { ...(old ?? known), version: this.#version };
      watch.queue.push({ kind: "remove", object: this.#toKube(last), finalStateUnknown: false });
    }
    if (!isIn) return;
    watch.told.set(key, now);
    watch.queue.push({ kind: "upsert", object: this.#toKube(now) });
  }

  #toKube({ namespace, name, uid, node, vni, ipv4, hostIp, version }: ModelAttachment): KubeObject {
    return {
      metadata: { namespace, name, uid, resourceVersion: this.#versionText(version) },
      spec: { node, subnet: "s" },
      status: { addressVNI: vni, ipv4, hostIP: hostIp },
    };
  }

  #versionText(version: number): string {
    return this.#hasOrder ? String(version) : `v${version}`;
  }
}

function matches({ query, selector }: OpenWatch, object: ModelAttachment): boolean {
  if (query.namespace !== undefined && query.namespace !== object.namespace) return false;
  return selector.every(({ field, operator, value }) => (fieldOf(object, field) === value) === (operator === "="));
}

function fieldOf(object: ModelAttachment, field: string): string {
  switch (field) {
    case "spec.node":
      return object.node;
    case "status.addressVNI":
      return String(object.vni);
    case "status.ipv4":
      return object.ipv4;
    case "status.hostIP":
      return object.hostIp;
    default:
      throw new Error(`Cannot select by ${field}: the model does not know it`);
  }
}
