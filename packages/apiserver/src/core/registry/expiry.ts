// Objects that end by themselves: events after an hour, and pods whose grace period is over where no kubelet confirms it.
import { isJsonObject } from "@coracle/api";
import { parseTimestampMs } from "@coracle/base";
import { decodeStored, type StoredObject } from "../watch/stored-object.ts";

/** How long events are kept after the last time they tell of, as kube-apiserver keeps them. */
export const EVENT_TTL_MS: number = 60 * 60_000;

/** When an event is to go, milliseconds since 1970. */
export function eventExpiryMs(stored: StoredObject): number {
  const event = decodeStored(stored);
  const series = event["series"];
  const times = [
    event.metadata.creationTimestamp,
    event["lastTimestamp"],
    event["eventTime"],
    isJsonObject(series) ? series["lastObservedTime"] : undefined,
  ];
  const last = times.reduce<number>((latest, time) => Math.max(latest, timeMs(time) ?? 0), 0);
  return last + EVENT_TTL_MS;
}

/** Deletion times are whole seconds, and whoever deletes without grace finishes that itself unless it is stopped. */
const POD_MARGIN_MS = 1000;

/** When a pod that is being deleted is to go; `undefined` while nobody asked for that. */
export function podExpiryMs(stored: StoredObject): number | undefined {
  const atMs = timeMs(stored.metadata.deletionTimestamp);
  return atMs === undefined ? undefined : atMs + POD_MARGIN_MS;
}

function timeMs(time: unknown): number | undefined {
  return typeof time === "string" ? parseTimestampMs(time) : undefined;
}
