// Key, uid and version of every object a follower holds: enough to tell two states apart, a fraction of a cache.
import type { KubeObject } from "./object.ts";

interface TrackedKey {
  uid: string;
  resourceVersion: string;
  /** The state in which the object was last seen. */
  round: number;
}

/** How an object relates to what is remembered under its key. */
export type TrackedRelation =
  /** Nothing is. */
  | "unknown"
  /** The same object in the same version. */
  | "same"
  /** The same object in another version. */
  | "changed"
  /** Another object of the same name: the remembered one is gone. */
  | "replaced";

/** A bounded map from namespace and name. Full means that new keys are refused and `overflowed` is set. */
export class TrackedKeys {
  readonly #sizeMax: number;
  readonly #keys: Map<string, TrackedKey> = new Map();
  #round = 0;
  #overflowed = false;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** A key was refused since the last `clear`: what is remembered is not all there is. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** A new state begins; what is not seen in it is absent. */
  beginRound(): void {
    this.#round++;
  }

  clear(): void {
    this.#keys.clear();
    this.#overflowed = false;
  }

  /** Marks the object as seen in this round and says how it relates to the remembered one. */
  see(object: KubeObject): TrackedRelation {
    const known = this.#keys.get(keyOf(object));
    if (known === undefined) return "unknown";
    const { uid = "", resourceVersion = "" } = object.metadata;
    if (known.uid !== uid) return "replaced";
    known.round = this.#round;
    return known.resourceVersion === resourceVersion && resourceVersion !== "" ? "same" : "changed";
  }

  /** What is remembered under the object's key, as an object of identity alone. */
  identity<T extends KubeObject>(object: T): T | undefined {
    const key = keyOf(object);
    const known = this.#keys.get(key);
    return known === undefined ? undefined : (identityObject(key, known) as T);
  }

  /** Remembers the object's version, unless its key is new and there is no room. */
  remember(object: KubeObject): void {
    const key = keyOf(object);
    const { uid = "", resourceVersion = "" } = object.metadata;
    const known = this.#keys.get(key);
    if (known !== undefined) {
      known.uid = uid;
      known.resourceVersion = resourceVersion;
      known.round = this.#round;
    } else if (this.#keys.size < this.#sizeMax) this.#keys.set(key, { uid, resourceVersion, round: this.#round });
    else this.#overflowed = true;
  }

  /** Forgets the object; false when nothing, or another object, was remembered under its key. */
  forget(object: KubeObject): boolean {
    const key = keyOf(object);
    const known = this.#keys.get(key);
    if (known === undefined || known.uid !== (object.metadata.uid ?? "")) return false;
    return this.#keys.delete(key);
  }

  /** Takes out, one by one, what was not seen in this round. Nothing else may change the keys meanwhile. */
  *takeAbsent<T extends KubeObject>(): Generator<T, void> {
    for (const [key, known] of this.#keys) {
      if (known.round === this.#round) continue;
      this.#keys.delete(key);
      // Identity is all that `finalStateUnknown` promises of a T.
      yield identityObject(key, known) as T;
    }
  }
}

/** Names hold no slash, so the first one ends the namespace. */
function keyOf(object: KubeObject): string {
  const { namespace = "", name = "" } = object.metadata;
  return `${namespace}/${name}`;
}

function identityObject(key: string, known: TrackedKey): KubeObject {
  const slash = key.indexOf("/");
  const namespace = key.slice(0, slash);
  return {
    metadata: {
      name: key.slice(slash + 1),
      ...(namespace === "" ? {} : { namespace }),
      uid: known.uid,
      resourceVersion: known.resourceVersion,
    },
  };
}
