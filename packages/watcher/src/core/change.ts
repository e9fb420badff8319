// What a person or program is told about a followed resource: the stream's events, made honest about what was inferred.
import type { Millis } from "@coracle/base";
import type { GapCause, KubeObject, KubeStatus, WatchStreamEvent } from "@coracle/kube";

/** An object appeared, changed or went. */
export interface ObjectChange {
  readonly kind: "added" | "modified" | "deleted";
  readonly object: KubeObject;
  /** The state before, where it is kept. */
  readonly before?: KubeObject;
  /** Part of the first state: it was there before we looked. */
  readonly initial: boolean;
  /** Not seen happening: found by comparing states after a gap. */
  readonly inferred: boolean;
}

/** A complete state has been taken in. */
export interface SyncedChange {
  readonly kind: "synced";
  readonly resourceVersion: string;
  readonly objects: number;
  /** Changes found by comparing with the state before; 0 for the first state. */
  readonly inferred: number;
  readonly first: boolean;
}

/** Everything the watcher can say. */
export type Change =
  | ObjectChange
  | SyncedChange
  | { readonly kind: "gap"; readonly cause: GapCause; readonly lastResourceVersion: string }
  | { readonly kind: "lost"; readonly status: KubeStatus; readonly retryInMs?: number }
  /** The stream goes on where it broke: nothing was missed. */
  | { readonly kind: "resumed"; readonly resourceVersion: string; readonly downMs: number }
  | { readonly kind: "bookmark"; readonly resourceVersion: string };

/** Settings of a {@link ChangeTracker}. */
export interface ChangeTrackerOptions {
  /** Keep each object's last state, to tell what changed; otherwise only its identity and version. */
  readonly keepObjects: boolean;
  /** Objects whose state is kept at most; those beyond are passed on but not compared. */
  readonly objectsMax: number;
}

/** What is known of an object, beside its key: with a hundred thousand of them every member counts. */
interface Known {
  readonly uid: string;
  readonly version: string;
  /** The last state, if it is kept. */
  readonly object: KubeObject | undefined;
  round: number;
}

/** Compares what the stream says with what is known, so that after a gap only real differences are told. */
export class ChangeTracker {
  readonly #options: ChangeTrackerOptions;
  readonly #known = new Map<string, Known>();
  #round = 0;
  #syncing = false;
  #synced = false;
  #inferred = 0;
  #untracked = 0;
  #resourceVersion = "";
  #lostAt: Millis | undefined;

  constructor(options: ChangeTrackerOptions) {
    this.#options = options;
  }

  /** Objects known now. */
  get size(): number {
    return this.#known.size;
  }

  /** Objects passed on without being kept, because the cap was reached. */
  get untracked(): number {
    return this.#untracked;
  }

  /** What `event` means, in order. */
  handle(event: WatchStreamEvent, now: Millis): Change[] {
    switch (event.kind) {
      case "sync-start":
        this.#round++;
        this.#syncing = true;
        this.#inferred = 0;
        return [];
      case "item":
        return this.#upsert(event.object, this.#synced);
      case "sync-end":
        return this.#endSync(event.resourceVersion);
      case "upsert":
        return [...this.#resumed(now, versionOf(event.object)), ...this.#upsert(event.object, false)];
      case "remove":
        return [...this.#resumed(now, versionOf(event.object)), ...this.#remove(event.object, event.finalStateUnknown)];
      case "bookmark": {
        const resumed = this.#resumed(now, event.resourceVersion);
        this.#resourceVersion = event.resourceVersion;
        return [...resumed, { kind: "bookmark", resourceVersion: event.resourceVersion }];
      }
      case "gap":
        return [{ kind: "gap", cause: event.cause, lastResourceVersion: this.#resourceVersion }];
      case "error":
        this.#lostAt ??= now;
        return [
          {
            kind: "lost",
            status: event.status,
            ...(event.retryInMs === undefined ? {} : { retryInMs: event.retryInMs }),
          },
        ];
    }
  }

  #upsert(object: KubeObject, inferred: boolean): Change[] {
    const key = keyOf(object);
    const known = this.#known.get(key);
    const version = versionOf(object);
    if (!this.#syncing && version !== "") this.#resourceVersion = version;
    const isSameObject = known?.uid === uidOf(object);
    if (known !== undefined && isSameObject && known.version === version) {
      known.round = this.#round;
      return [];
    }
    this.#keep(key, object, known !== undefined);
    if (inferred) this.#inferred++;
    const initial = this.#syncing && !this.#synced;
    if (known === undefined) {
      // Before any complete state, as after resuming from a cursor, an unknown object need not be new.
      const kind = this.#syncing || this.#synced ? "added" : "modified";
      return [{ kind, object, initial, inferred }];
    }
    if (isSameObject) return [{ kind: "modified", object, ...beforeOf(known), initial, inferred }];
    // Deleted and created again under one name, unseen.
    return [
      { kind: "deleted", object: lastStateOf(key, known), initial: false, inferred: true },
      { kind: "added", object, initial, inferred },
    ];
  }

  #remove(object: KubeObject, inferred: boolean): Change[] {
    const key = keyOf(object);
    const known = this.#known.get(key);
    this.#known.delete(key);
    const version = versionOf(object);
    if (!inferred && version !== "") this.#resourceVersion = version;
    return [{ kind: "deleted", object, ...beforeOf(known), initial: false, inferred }];
  }

  #endSync(resourceVersion: string): Change[] {
    const changes: Change[] = [];
    for (const [key, known] of this.#known) {
      if (known.round === this.#round) continue;
      this.#known.delete(key);
      this.#inferred++;
      changes.push({ kind: "deleted", object: lastStateOf(key, known), initial: false, inferred: true });
    }
    const first = !this.#synced;
    this.#synced = true;
    this.#syncing = false;
    this.#lostAt = undefined;
    this.#resourceVersion = resourceVersion;
    const inferred = first ? 0 : this.#inferred;
    changes.push({ kind: "synced", resourceVersion, objects: this.#known.size, inferred, first });
    return changes;
  }

  /** The first news after a loss, on a stream that needed no new state. */
  #resumed(now: Millis, resourceVersion: string): Change[] {
    const lostAt = this.#lostAt;
    this.#lostAt = undefined;
    return lostAt === undefined ? [] : [{ kind: "resumed", resourceVersion, downMs: now - lostAt }];
  }

  #keep(key: string, object: KubeObject, isKnown: boolean): void {
    if (!isKnown && this.#known.size >= this.#options.objectsMax) {
      this.#untracked++;
      return;
    }
    const kept = this.#options.keepObjects ? object : undefined;
    this.#known.set(key, { uid: uidOf(object), version: versionOf(object), object: kept, round: this.#round });
  }
}

/** `namespace/name`, or the name alone for cluster-scoped objects. */
export function keyOf(object: KubeObject): string {
  const { namespace = "", name = "" } = object.metadata;
  return namespace === "" ? name : `${namespace}/${name}`;
}

function versionOf(object: KubeObject): string {
  return object.metadata.resourceVersion ?? "";
}

function uidOf(object: KubeObject): string {
  return object.metadata.uid ?? "";
}

function beforeOf(known: Known | undefined): { readonly before?: KubeObject } {
  return known?.object === undefined ? {} : { before: known.object };
}

/** The last state, or as much of it as is known. */
function lastStateOf(key: string, { uid, version, object }: Known): KubeObject {
  if (object !== undefined) return object;
  const slash = key.indexOf("/");
  return {
    metadata: {
      name: key.slice(slash + 1),
      namespace: key.slice(0, Math.max(0, slash)),
      uid,
      resourceVersion: version,
    },
  };
}
