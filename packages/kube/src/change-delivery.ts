// From parsed objects to follower events: whole states, or with remembered keys the changes between two states.
import { assert } from "@coracle/base";
import type { KubeObject } from "./object.ts";
import { compareResourceVersions } from "./resource-version.ts";
import { TrackedKeys } from "./tracked-keys.ts";
import type { WatchStreamEvent } from "./watch-stream-event.ts";

/**
 * Takes an event; `resourceVersion` is where a follower that has it can resume: unchanged when absent, nowhere when "".
 */
export type EventSink<T extends KubeObject> = (event: WatchStreamEvent<T>, resourceVersion?: string) => void;

/** A follower with a part of the changes between two states is at neither version. */
const BETWEEN_STATES = "";

/** Turns items and changes into events. Knows nothing of requests, time or errors. */
export class ChangeDelivery<T extends KubeObject = KubeObject> {
  readonly #emit: EventSink<T>;
  readonly #keys: TrackedKeys | undefined;
  /** The follower holds a whole state, and `#keys` holds exactly its keys. */
  #keysComplete = false;
  #round = 0;
  #syncing: "no" | "state" | "difference" = "no";
  #sweep: { readonly absent: Iterator<T>; readonly resourceVersion: string } | undefined;
  #replaysDropped = 0;

  /** @param trackedKeysMax Most keys remembered; 0 remembers none. */
  constructor(emit: EventSink<T>, trackedKeysMax: number) {
    this.#emit = emit;
    this.#keys = trackedKeysMax > 0 ? new TrackedKeys(trackedKeysMax) : undefined;
  }

  /** Changes that had been delivered before and came again. */
  get replaysDropped(): number {
    return this.#replaysDropped;
  }

  /** How many keys are remembered. */
  get trackedKeys(): number {
    return this.#keys?.size ?? 0;
  }

  /** A state begins to arrive; one that was arriving is void. */
  beginSync(): void {
    this.#keys?.beginRound();
    if (this.#keysComplete) {
      this.#syncing = "difference";
      return;
    }
    this.#syncing = "state";
    this.#keys?.clear();
    this.#emit({ kind: "sync-start", round: this.#round++ });
  }

  /** An object of the arriving state. */
  item(object: T): void {
    if (this.#syncing === "difference") this.#upsertIfNews(object, BETWEEN_STATES);
    else {
      this.#keys?.remember(object);
      this.#emit({ kind: "item", object });
    }
  }

  /** An object went away while the state was still arriving. */
  itemGone(object: T): void {
    const known = this.#keys?.forget(object) ?? true;
    if (known || this.#keys?.overflowed === true) {
      const between = this.#syncing === "difference" ? BETWEEN_STATES : undefined;
      this.#emit({ kind: "remove", object, finalStateUnknown: false }, between);
    }
  }

  /** The state is complete. Removals it implies come from {@link sweep}, which must be drained before anything else. */
  endSync(resourceVersion: string): void {
    assert(this.#syncing !== "no", "Cannot end a sync as none has begun");
    const difference = this.#syncing === "difference";
    this.#syncing = "no";
    if (difference && this.#keys !== undefined) {
      this.#sweep = { absent: this.#keys.takeAbsent<T>(), resourceVersion };
      return;
    }
    this.#settleKeys();
    this.#emit({ kind: "sync-end", resourceVersion }, resourceVersion);
  }

  /** Tells one more removal the last state implies, then a bookmark; false when there is nothing to tell. */
  sweep(): boolean {
    if (this.#sweep === undefined) return false;
    const { absent, resourceVersion } = this.#sweep;
    const next = absent.next();
    if (next.done === true) {
      this.#sweep = undefined;
      this.#settleKeys();
      this.#emit({ kind: "bookmark", resourceVersion }, resourceVersion);
    } else this.#emit({ kind: "remove", object: next.value, finalStateUnknown: true }, BETWEEN_STATES);
    return true;
  }

  /**
   * A change of a running watch that was opened at `openedAt`. True when it was new; one at or before `openedAt` is
   * dropped, as is one the remembered keys have already.
   */
  change(type: "ADDED" | "MODIFIED" | "DELETED", object: T, openedAt: string): boolean {
    const version = object.metadata.resourceVersion ?? "";
    const order = compareResourceVersions(version, openedAt);
    const replayed = order === -1 || order === 0;
    const news =
      !replayed && (type === "DELETED" ? this.#remove(object, version) : this.#upsertIfNews(object, version));
    if (!news) this.#replaysDropped++;
    return news;
  }

  #remove(object: T, version: string): boolean {
    const known = this.#keys?.forget(object) ?? false;
    // Complete keys without this one mean that its removal has been told already.
    if (this.#keysComplete && !known) return false;
    this.#emit({ kind: "remove", object, finalStateUnknown: false }, version);
    return true;
  }

  #upsertIfNews(object: T, version: string): boolean {
    const relation = this.#keys?.see(object) ?? "unknown";
    if (relation === "same") return false;
    const gone = relation === "replaced" ? this.#keys?.identity(object) : undefined;
    if (gone !== undefined) this.#emit({ kind: "remove", object: gone, finalStateUnknown: true }, BETWEEN_STATES);
    this.#keys?.remember(object);
    if (this.#syncing === "no") this.#settleOverflow();
    this.#emit({ kind: "upsert", object }, version);
    return true;
  }

  /** After a whole state: the keys are complete unless they did not fit. */
  #settleKeys(): void {
    this.#keysComplete = this.#keys !== undefined;
    this.#settleOverflow();
  }

  /** Keys that do not fit are of no more use: the next state will be told as a whole. */
  #settleOverflow(): void {
    if (this.#keys?.overflowed !== true) return;
    this.#keysComplete = false;
    this.#keys.clear();
  }
}
