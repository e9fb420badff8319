// What a refused request or an ERROR event means for a follower (client-go's reflector, by code and reason).
import { isExpired, isResourceVersionTooLarge, type KubeStatus, statusCode } from "./status.ts";

/** What to do about a failure. */
export type FailureVerdict =
  /** Wait, then go on from the same version. */
  | "throttled"
  /** The version is too old: a new state is needed. */
  | "expired"
  /** The version is newer than the server. */
  | "too-large"
  /** The server is in trouble: wait, go on, and take a new state if that keeps happening. */
  | "internal"
  /** Not allowed for now: report, wait, try again. */
  | "denied"
  /** The resource is not served: report, wait, take a new state once it is. */
  | "missing"
  /** The request itself is wrong: trying again cannot help. */
  | "invalid"
  /** Anything else: wait, then go on from the same version. */
  | "transient";

/** Judges a Status by its code, its reason where codes are shared. */
export function judgeFailure(status: KubeStatus): FailureVerdict {
  if (isExpired(status)) return "expired";
  if (isResourceVersionTooLarge(status)) return "too-large";
  switch (statusCode(status)) {
    case 429:
      return "throttled";
    case 401:
    case 403:
      return "denied";
    case 404:
      return "missing";
    case 400:
    case 405:
    case 406:
    case 413:
    case 414:
    case 415:
    case 422:
      return "invalid";
    case 500:
      return status.reason === "InternalError" || status.reason === undefined ? "internal" : "transient";
    default:
      return "transient";
  }
}

/** The wait a Status itself asks for; servers put it there in ERROR events, where no header can go. */
export function statusRetryAfterMs(status: KubeStatus): number | undefined {
  const seconds = status.details?.retryAfterSeconds;
  return seconds === undefined || !(seconds > 0) ? undefined : Math.min(seconds, 3600) * 1000;
}
