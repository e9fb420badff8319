// One followed collection: which of its objects a new complete state no longer has.
import type { KubeObject, WatchStreamEvent } from "@coracle/kube";

/** Where the changes of one kind go. */
export interface KindSink {
  readonly upsert: (object: KubeObject) => void;
  /** The last state of an object, or just its metadata. */
  readonly remove: (object: KubeObject) => void;
  /** Names of all objects known; asked after a new complete state. */
  readonly known: () => Iterable<string>;
  /** An object of this name is not in the new state. */
  readonly vanished: (name: string) => void;
  /** A complete state has come in; `isFirst` the first time. */
  readonly synced: (isFirst: boolean) => void;
}

/** Turns the events of a follower into changes. */
export class WatchedKind {
  readonly #sink: KindSink;
  readonly #nameOf: (object: KubeObject) => string;
  #present: Set<string> | undefined;
  #isSynced = false;
  #isLive = false;

  constructor(sink: KindSink, nameOf: (object: KubeObject) => string) {
    this.#sink = sink;
    this.#nameOf = nameOf;
  }

  /** Whether a complete state has come in once. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Whether changes come in now. */
  get isLive(): boolean {
    return this.#isLive;
  }

  handle(event: WatchStreamEvent): void {
    switch (event.kind) {
      case "sync-start":
        // Nothing is known before the first state, so nothing can be missing from it.
        this.#present = this.#isSynced || event.round > 0 ? new Set() : undefined;
        return;
      case "item":
        this.#present?.add(this.#nameOf(event.object));
        this.#sink.upsert(event.object);
        return;
      case "sync-end":
        this.#sweep();
        this.#sink.synced(!this.#isSynced);
        this.#isSynced = true;
        this.#isLive = true;
        return;
      case "upsert":
        this.#sink.upsert(event.object);
        this.#isLive = true;
        return;
      case "remove":
        this.#sink.remove(event.object);
        this.#isLive = true;
        return;
      case "bookmark":
        this.#isLive = true;
        return;
      case "gap":
      case "error":
        this.#isLive = false;
        return;
    }
  }

  #sweep(): void {
    const present = this.#present;
    this.#present = undefined;
    if (present === undefined) return;
    const vanished: string[] = [];
    for (const name of this.#sink.known()) if (!present.has(name)) vanished.push(name);
    for (const name of vanished) this.#sink.vanished(name);
  }
}
