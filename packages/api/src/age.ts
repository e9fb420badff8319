// Ages as `kubectl get` prints them (apimachinery pkg/util/duration): at most two units, coarser as they grow.
import { parseTimestampMs } from "@coracle/base";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Seconds and the letter. */
type Unit = readonly [seconds: number, name: string];

/** `12s`, `5m30s`, `3h`, `2d4h`, `2y10d`. A duration up to two seconds below zero is clock skew and reads `0s`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return pair(seconds, [MINUTE, "m"], [1, "s"]);
  if (seconds < 3 * HOUR) return `${Math.trunc(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return pair(seconds, [HOUR, "h"], [MINUTE, "m"]);
  if (seconds < 2 * DAY) return `${Math.trunc(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return pair(seconds, [DAY, "d"], [HOUR, "h"]);
  if (seconds < 2 * YEAR) return `${Math.trunc(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return pair(seconds, [YEAR, "y"], [DAY, "d"]);
  return `${Math.trunc(seconds / YEAR)}y`;
}

/** Time from `timestamp` to now, or `<unknown>` without a timestamp. */
export function formatAge(timestamp: unknown, nowMs: number): string {
  const then = typeof timestamp === "string" ? parseTimestampMs(timestamp) : undefined;
  return then === undefined ? "<unknown>" : formatDuration(nowMs - then);
}

/** `6h30m`, or `6h` when nothing is left over. */
function pair(seconds: number, [unit, name]: Unit, [restUnit, restName]: Unit): string {
  const rest = Math.trunc((seconds % unit) / restUnit);
  const whole = `${Math.trunc(seconds / unit)}${name}`;
  return rest === 0 ? whole : `${whole}${rest}${restName}`;
}
