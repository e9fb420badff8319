// Who owns whom: every stored object by uid, and the dependents of each owner, kept up with every change.
import type { StoredObject } from "../watch/stored-object.ts";

/** Objects and the references between them. */
export class OwnerGraph {
  readonly #byUid: Map<string, StoredObject> = new Map();
  readonly #dependents: Map<string, Map<string, StoredObject>> = new Map();

  /** The object with this uid, if it is stored. */
  get(uid: string): StoredObject | undefined {
    return this.#byUid.get(uid);
  }

  /** Objects that name this uid as an owner. */
  dependentsOf(uid: string): readonly StoredObject[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  /** Objects that are stored. */
  get size(): number {
    return this.#byUid.size;
  }

  /** Takes in a change; absent `current` is a deletion. */
  update(previous: StoredObject | undefined, current: StoredObject | undefined): void {
    if (previous !== undefined) this.#forget(previous);
    if (current === undefined) return;
    this.#byUid.set(current.metadata.uid ?? "", current);
    for (const { uid } of current.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(uid);
      if (dependents === undefined) this.#dependents.set(uid, new Map([[current.key, current]]));
      else dependents.set(current.key, current);
    }
  }

  #forget(object: StoredObject): void {
    const uid = object.metadata.uid ?? "";
    if (this.#byUid.get(uid)?.key === object.key) this.#byUid.delete(uid);
    for (const reference of object.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(reference.uid);
      dependents?.delete(object.key);
      if (dependents?.size === 0) this.#dependents.delete(reference.uid);
    }
  }
}
