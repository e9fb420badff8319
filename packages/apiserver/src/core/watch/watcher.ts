// One running watch: first what was there, then what happens, with a bounded queue in between and nothing of its own copied.
import type { CacheEvent, ObjectEventType, ObjectRenderer } from "./cache-event.ts";
import { frameOf } from "./cache-event.ts";
import { isSelected, type Selection } from "./selection.ts";
import type { StoredObject } from "./stored-object.ts";

/** Why a watch ended. */
export type WatchEnd = "client" | "deadline" | "slow" | "shutdown" | "error";

/** Renders what is not an object of the store. */
export interface WatchRenderer extends ObjectRenderer {
  /** The object of a bookmark, with annotation `k8s.io/initial-events-end` when `initialEventsEnd`. */
  renderBookmark(revision: number, initialEventsEnd: boolean): Uint8Array;
  /** Later events of a Table leave out the column definitions; every other form is its own follower. */
  readonly follower: WatchRenderer;
}

type Item =
  | { readonly kind: "event"; readonly type: ObjectEventType; readonly event: CacheEvent }
  | { readonly kind: "bookmark"; readonly revision: number; readonly initialEventsEnd: boolean }
  | { readonly kind: "error"; readonly status: Uint8Array };

/** Bounds of what waits for one client. */
export interface WatcherLimits {
  readonly itemsMax: number;
  readonly sizeBytesMax: number;
}

/** A client may be this far behind before it is closed; what is shared is counted, though it costs nothing extra. */
export const WATCHER_LIMITS: WatcherLimits = { itemsMax: 1000, sizeBytesMax: 16 * 1024 * 1024 };

/** How a watch begins. */
export interface WatcherStart {
  readonly selection: Selection;
  readonly renderer: WatchRenderer;
  readonly limits?: WatcherLimits;
  /** Objects to send as ADDED before anything else, already selected, in key order. */
  readonly snapshot: readonly StoredObject[];
  /** Past changes to replay after the snapshot. */
  readonly replay: readonly CacheEvent[];
  /** Set when the snapshot is to be closed by a bookmark at this revision. */
  readonly initialEventsEnd: number | undefined;
  /** Changes up to here are no news to this watch. */
  readonly afterRevision: number;
}

/** Pull frames with `next`; `onWake` is called when there may be more. */
export class Watcher {
  readonly selection: Selection;
  readonly #limits: WatcherLimits;
  readonly #afterRevision: number;
  #renderer: WatchRenderer;
  #snapshot: readonly StoredObject[];
  #snapshotNext = 0;
  #initialEventsEnd: number | undefined;
  #replay: readonly CacheEvent[];
  #replayNext = 0;
  #queue: Item[] = [];
  #queueNext = 0;
  #queueSizeBytes = 0;
  #end: WatchEnd | undefined;
  /** Called, once per silence, when `next` may give a frame again or the watch has ended. */
  onWake: (() => void) | undefined;

  constructor(start: WatcherStart) {
    this.selection = start.selection;
    this.#renderer = start.renderer;
    this.#limits = start.limits ?? WATCHER_LIMITS;
    this.#snapshot = start.snapshot;
    this.#initialEventsEnd = start.initialEventsEnd;
    this.#afterRevision = start.afterRevision;
    this.#replay = start.replay;
  }

  /** Set once the watch takes no more events. Frames queued before the end are still to be sent, except after "slow". */
  get end(): WatchEnd | undefined {
    return this.#end;
  }

  /** Items waiting behind the initial ones. */
  get backlog(): number {
    return this.#queue.length - this.#queueNext;
  }

  /** True until the initial events and their closing bookmark have been taken. */
  get startingUp(): boolean {
    return (
      this.#snapshotNext < this.#snapshot.length ||
      this.#initialEventsEnd !== undefined ||
      this.#replayNext < this.#replay.length
    );
  }

  /** Takes a change in; the watch ends as "slow" when its client is too far behind. */
  offer(event: CacheEvent): void {
    if (this.#end !== undefined || event.revision <= this.#afterRevision) return;
    const type = this.#typeOf(event);
    if (type === undefined) return;
    this.#queueSizeBytes += event.sizeBytes;
    if (this.backlog >= this.#limits.itemsMax || this.#queueSizeBytes > this.#limits.sizeBytesMax) {
      this.#queue = [];
      this.#queueNext = 0;
      this.#snapshot = [];
      this.#replay = [];
      this.#initialEventsEnd = undefined;
      this.close("slow");
      return;
    }
    this.#push({ kind: "event", type, event });
  }

  /** Queues a bookmark behind everything that happened up to `revision`. Left out while the client is behind anyway. */
  offerBookmark(revision: number): void {
    if (this.#end !== undefined || this.startingUp || this.backlog > 0) return;
    this.#push({ kind: "bookmark", revision, initialEventsEnd: false });
  }

  /** Queues an ERROR event and ends the watch. */
  fail(status: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#push({ kind: "error", status });
    this.close("error");
  }

  /** Ends the watch; what is queued may still be taken. */
  close(why: WatchEnd): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    this.#wake();
  }

  /** The next frame to write, or `undefined` when there is none now. */
  next(): Uint8Array | undefined {
    const initial = this.#nextInitial();
    if (initial !== undefined) return initial;
    const item = this.#queue[this.#queueNext];
    if (item === undefined) return undefined;
    this.#queueNext++;
    if (this.#queueNext === this.#queue.length) {
      this.#queue = [];
      this.#queueNext = 0;
      this.#queueSizeBytes = 0;
    }
    return this.#frameOf(item) ?? this.next();
  }

  #nextInitial(): Uint8Array | undefined {
    const object = this.#snapshot[this.#snapshotNext];
    if (object !== undefined) {
      this.#snapshotNext++;
      if (this.#snapshotNext === this.#snapshot.length) {
        this.#snapshot = [];
        this.#snapshotNext = 0;
      }
      return frameOf("ADDED", this.#take().render(object));
    }
    if (this.#initialEventsEnd === undefined) return this.#nextReplayed();
    const revision = this.#initialEventsEnd;
    this.#initialEventsEnd = undefined;
    return frameOf("BOOKMARK", this.#take().renderBookmark(revision, true));
  }

  #nextReplayed(): Uint8Array | undefined {
    while (this.#replayNext < this.#replay.length) {
      const event = this.#replay[this.#replayNext++];
      const type = event === undefined ? undefined : this.#typeOf(event);
      if (event !== undefined && type !== undefined) return event.frame(type, this.#take());
    }
    this.#replay = [];
    this.#replayNext = 0;
    return undefined;
  }

  #frameOf(item: Item): Uint8Array | undefined {
    switch (item.kind) {
      case "event":
        return item.event.frame(item.type, this.#take());
      case "bookmark":
        return frameOf("BOOKMARK", this.#take().renderBookmark(item.revision, item.initialEventsEnd));
      case "error":
        return frameOf("ERROR", item.status);
    }
  }

  #take(): WatchRenderer {
    const renderer = this.#renderer;
    this.#renderer = renderer.follower;
    return renderer;
  }

  #push(item: Item): void {
    this.#queue.push(item);
    this.#wake();
  }

  #wake(): void {
    const wake = this.onWake;
    this.onWake = undefined;
    wake?.();
  }

  /** What the change is to this selection; an object that leaves it is DELETED, one that enters it is ADDED. */
  #typeOf(event: CacheEvent): ObjectEventType | undefined {
    const is = event.current !== undefined && isSelected(this.selection, event.current);
    const was = event.previous !== undefined && isSelected(this.selection, event.previous);
    if (is) return was ? "MODIFIED" : "ADDED";
    return was ? "DELETED" : undefined;
  }
}
