// One change of one object, and its text on the wire: made once per media type and kind of event, shared by all watchers.
import { atRevision, type StoredObject } from "./stored-object.ts";

/** The types of event that carry an object. */
export type ObjectEventType = "ADDED" | "MODIFIED" | "DELETED";

/** Turns an object into the JSON of one media type. `id` tells renderers apart: equal ids give equal bytes. */
export interface ObjectRenderer {
  readonly id: string;
  render(object: StoredObject): Uint8Array;
}

const encoder = new TextEncoder();
const CLOSING = encoder.encode("}\n");

/** `{"type":TYPE,"object":OBJECT}` and a line feed. */
export function frameOf(type: string, object: Uint8Array): Uint8Array {
  const opening = encoder.encode(`{"type":"${type}","object":`);
  const frame = new Uint8Array(opening.length + object.length + CLOSING.length);
  frame.set(opening);
  frame.set(object, opening.length);
  frame.set(CLOSING, opening.length + object.length);
  return frame;
}

/** Counts encodings, for metrics and for the test that an event is encoded once. */
export interface EncodingCounter {
  encoded: number;
}

/** A change: `current` is absent after a deletion, `previous` at a creation. */
export class CacheEvent {
  readonly revision: number;
  readonly current: StoredObject | undefined;
  readonly previous: StoredObject | undefined;
  /** What the event weighs in the history. */
  readonly sizeBytes: number;
  readonly #counter: EncodingCounter;
  #frames: Map<string, Uint8Array> | undefined;
  #gone: StoredObject | undefined;

  constructor(
    change: {
      readonly revision: number;
      readonly current: StoredObject | undefined;
      readonly previous: StoredObject | undefined;
    },
    counter: EncodingCounter,
  ) {
    this.revision = change.revision;
    this.current = change.current;
    this.previous = change.previous;
    this.sizeBytes = (change.current ?? change.previous)?.json.length ?? 0;
    this.#counter = counter;
  }

  /** The object a watcher is shown for `type`; for DELETED the last state, under this event's revision. */
  objectFor(type: ObjectEventType): StoredObject | undefined {
    if (type !== "DELETED") return this.current;
    if (this.previous === undefined) return undefined;
    this.#gone ??= atRevision(this.previous, this.revision);
    return this.#gone;
  }

  /** The frame of this event; encoded at the first call for its type and renderer. */
  frame(type: ObjectEventType, renderer: ObjectRenderer): Uint8Array | undefined {
    const id = `${type} ${renderer.id}`;
    const known = this.#frames?.get(id);
    if (known !== undefined) return known;
    const object = this.objectFor(type);
    if (object === undefined) return undefined;
    const frame = frameOf(type, renderer.render(object));
    this.#counter.encoded++;
    this.#frames ??= new Map();
    this.#frames.set(id, frame);
    return frame;
  }

  /** Forgets encoded frames; watchers that are far behind encode again. */
  dropFrames(): void {
    this.#frames = undefined;
  }
}
