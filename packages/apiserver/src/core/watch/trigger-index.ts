// Finds the watchers an event can concern without asking each: by key, by a pinned field, by namespace, or none of these.
import type { CacheEvent } from "./cache-event.ts";
import { fieldValue, type Selection, singleKey } from "./selection.ts";
import type { StoredObject } from "./stored-object.ts";

/** A watcher as the index knows it. */
export interface Indexed {
  readonly selection: Selection;
}

/** Each watcher is in exactly one bucket, the narrowest its selection allows. */
export class TriggerIndex<T extends Indexed> {
  readonly #buckets: Map<string, Set<T>> = new Map();
  /** How many watchers are indexed by each field. */
  readonly #fieldUse: Map<string, number> = new Map();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(watcher: T): void {
    const { bucket, field } = placeOf(watcher.selection);
    const members = this.#buckets.get(bucket);
    if (members === undefined) this.#buckets.set(bucket, new Set([watcher]));
    else members.add(watcher);
    if (field !== undefined) this.#fieldUse.set(field, (this.#fieldUse.get(field) ?? 0) + 1);
    this.#size++;
  }

  /** Takes a watcher out; false if it was not in. */
  delete(watcher: T): boolean {
    const { bucket, field } = placeOf(watcher.selection);
    const members = this.#buckets.get(bucket);
    if (members === undefined || !members.delete(watcher)) return false;
    if (members.size === 0) this.#buckets.delete(bucket);
    if (field !== undefined) {
      const left = (this.#fieldUse.get(field) ?? 1) - 1;
      if (left === 0) this.#fieldUse.delete(field);
      else this.#fieldUse.set(field, left);
    }
    this.#size--;
    return true;
  }

  /** All watchers. */
  *values(): Generator<T, void, undefined> {
    for (const members of this.#buckets.values()) yield* members;
  }

  /** Calls `visit` once for every watcher whose bucket the event touches. */
  forEvent(event: CacheEvent, visit: (watcher: T) => void): void {
    const { current, previous } = event;
    const known = current ?? previous;
    if (known === undefined) return;
    this.#visit("", visit);
    this.#visit(`key ${known.key}`, visit);
    if (known.namespace !== "") this.#visit(`namespace ${known.namespace}`, visit);
    for (const field of this.#fieldUse.keys()) {
      const now = bucketOf(field, current);
      const before = bucketOf(field, previous);
      if (now !== undefined) this.#visit(now, visit);
      if (before !== undefined && before !== now) this.#visit(before, visit);
    }
  }

  #visit(bucket: string, visit: (watcher: T) => void): void {
    const members = this.#buckets.get(bucket);
    // A visit may take watchers out, which iteration over a Set allows.
    if (members !== undefined) for (const watcher of members) visit(watcher);
  }
}

function bucketOf(field: string, object: StoredObject | undefined): string | undefined {
  return object === undefined ? undefined : `field ${field}=${fieldValue(object, field)}`;
}

function placeOf(selection: Selection): { readonly bucket: string; readonly field?: string } {
  const key = singleKey(selection);
  if (key !== undefined) return { bucket: `key ${key}` };
  // A pinned empty value ("not assigned yet") would gather nearly everything, so a pinned text is preferred.
  const pinned = selection.fields.filter(({ field, operator }) => operator === "=" && field !== "metadata.namespace");
  const best = pinned.find(({ value }) => value !== "") ?? pinned[0];
  if (best !== undefined) return { bucket: `field ${best.field}=${best.value}`, field: best.field };
  if (selection.namespace !== "" && selection.definition.namespaced) {
    return { bucket: `namespace ${selection.namespace}` };
  }
  return { bucket: "" };
}
