// A follower of a real server that remembers what it was told, and checks that every delivery makes sense.
import {
  type GroupVersionResource,
  type KubeObject,
  type WatchStreamEvent,
  compareResourceVersions,
} from "@coracle/kube";
import { follow, type FollowOptions, type KubeClient } from "@coracle/kube/io";

/** One change that was delivered. */
export interface Delivery {
  readonly key: string;
  readonly kind: "upsert" | "remove";
  /** Empty when a deletion went unseen and its version is not known. */
  readonly resourceVersion: string;
}

/** The versions a full state stood for instead of single changes: after `after`, up to and with `upTo`. */
export interface Covered {
  readonly after: string;
  readonly upTo: string;
}

const WAIT_MS = 30_000;

/** Follows a collection in the background until {@link Followed.stop}. */
export class Followed {
  /** The state as a consumer keeps it: objects by `namespace/name`. */
  readonly objects: Map<string, KubeObject> = new Map();
  readonly deliveries: Delivery[] = [];
  readonly covered: Covered[] = [];
  /** Everything but single objects, in order: for tests of how a stream begins, breaks and goes on. */
  readonly milestones: WatchStreamEvent[] = [];
  /** What should never happen, in words. */
  readonly problems: string[] = [];
  /** Newest version known to be complete. */
  resourceVersion = "";
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #syncing: Map<string, KubeObject> | undefined;
  #gapAfter: string | undefined;
  #waiters: (() => void)[] = [];

  constructor(client: KubeClient, resource: GroupVersionResource, options: FollowOptions = {}) {
    this.#running = this.#run(follow(client, resource, { ...options, signal: this.#abort.signal }));
  }

  /** Between a gap and the end of the state that closes it. */
  get inGap(): boolean {
    return this.#gapAfter !== undefined || this.#syncing !== undefined;
  }

  /** How many milestones of a kind there were. */
  count(kind: WatchStreamEvent["kind"]): number {
    return this.milestones.filter((event) => event.kind === kind).length;
  }

  /** Waits until `isTrue` holds, looking after each event. */
  async until(what: string, isTrue: (followed: Followed) => boolean, waitMs: number = WAIT_MS): Promise<void> {
    const deadline = performance.now() + waitMs;
    while (!isTrue(this)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        const last = JSON.stringify(this.milestones.slice(-5)).slice(0, 2000);
        throw new Error(`Cannot wait longer for ${what}: ${waitMs} ms passed, last milestones ${last}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Waits until the state is complete. */
  synced(waitMs?: number): Promise<void> {
    return this.until("the first state", (one) => one.count("sync-end") > 0, waitMs);
  }

  /** Ends the stream; rejects when it broke. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(events: AsyncIterable<WatchStreamEvent>): Promise<void> {
    for await (const event of events) {
      this.#take(event);
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const wake of waiters) wake();
    }
  }

  #take(event: WatchStreamEvent): void {
    switch (event.kind) {
      case "item":
        if (this.#syncing === undefined) this.problems.push(`item ${keyOf(event.object)} outside a sync`);
        this.#syncing?.set(keyOf(event.object), event.object);
        return;
      case "upsert":
        this.#deliver("upsert", event.object, false);
        this.objects.set(keyOf(event.object), event.object);
        return;
      case "remove":
        this.#deliver("remove", event.object, event.finalStateUnknown);
        if (!this.objects.delete(keyOf(event.object))) this.problems.push(`remove of unknown ${keyOf(event.object)}`);
        return;
      case "sync-start":
        this.#syncing = new Map();
        break;
      case "sync-end":
        this.#swap(event.resourceVersion);
        break;
      case "bookmark":
        this.#closeGap(event.resourceVersion);
        this.resourceVersion = event.resourceVersion;
        break;
      case "gap":
        this.#gapAfter ??= this.resourceVersion;
        break;
      case "error":
        break;
    }
    this.milestones.push(event);
  }

  #swap(upTo: string): void {
    if (this.#syncing === undefined) this.problems.push("sync-end without sync-start");
    this.objects.clear();
    for (const [key, object] of this.#syncing ?? []) this.objects.set(key, object);
    this.#syncing = undefined;
    this.#gapAfter ??= this.resourceVersion;
    this.#closeGap(upTo);
    this.resourceVersion = upTo;
  }

  /** A gap ends with a whole state or, for a follower that remembers keys, with the bookmark after the differences. */
  #closeGap(upTo: string): void {
    if (this.#gapAfter !== undefined) this.covered.push({ after: this.#gapAfter, upTo });
    this.#gapAfter = undefined;
  }

  #deliver(kind: "upsert" | "remove", object: KubeObject, isUnseen: boolean): void {
    const key = keyOf(object);
    const resourceVersion = object.metadata.resourceVersion ?? "";
    const known = this.objects.get(key)?.metadata.resourceVersion;
    if (known !== undefined && !isUnseen && compareResourceVersions(resourceVersion, known) !== 1)
      this.problems.push(`${kind} of ${key} at ${resourceVersion} after ${known}`);
    this.deliveries.push({ key, kind, resourceVersion: isUnseen ? "" : resourceVersion });
    if (!isUnseen && compareResourceVersions(resourceVersion, this.resourceVersion) === 1)
      this.resourceVersion = resourceVersion;
  }
}

/** `namespace/name`. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name ?? ""}`;
}

/** Keys with their versions, sorted: what two states are compared by. */
export function versionsOf(objects: Iterable<KubeObject>): string[] {
  return [...objects].map((object) => `${keyOf(object)}@${object.metadata.resourceVersion ?? ""}`).sort();
}
