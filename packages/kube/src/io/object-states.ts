// The states of one object, read out of the events of a collection that can hold no other.
import type { KubeObject, KubeStatus, WatchStreamEvent } from "../mod.ts";

/** A state of the object, or a failure on the way to it. */
export type ObjectState<T extends KubeObject> =
  /** The object as it is now, or `undefined` when there is none. */
  | { readonly kind: "object"; readonly object: T | undefined }
  /** `retryInMs` is absent when the stream has ended for good. */
  | { readonly kind: "error"; readonly status: KubeStatus; readonly retryInMs?: number };

/**
 * One state when the first sync is complete, then one for each change. A relist that brings nothing new gives none. The events
 * must be those of a field selector on the name.
 */
export async function* objectStates<T extends KubeObject>(
  events: AsyncIterable<WatchStreamEvent<T>>,
): AsyncGenerator<ObjectState<T>, void, void> {
  let known: T | undefined;
  let isKnown = false;
  let arriving: T | undefined;
  for await (const event of events) {
    let next: T | undefined;
    switch (event.kind) {
      case "sync-start":
        arriving = undefined;
        continue;
      case "item":
        arriving = event.object;
        continue;
      case "sync-end":
        next = arriving;
        break;
      case "upsert":
        next = event.object;
        break;
      case "remove":
        // While a state arrives, a removal is part of it.
        arriving = undefined;
        if (!isKnown) continue;
        next = undefined;
        break;
      case "error":
        yield event;
        continue;
      case "bookmark":
      case "gap":
        continue;
    }
    if (isKnown && isSameState(known, next)) continue;
    known = next;
    isKnown = true;
    yield { kind: "object", object: next };
  }
}

function isSameState(a: KubeObject | undefined, b: KubeObject | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
