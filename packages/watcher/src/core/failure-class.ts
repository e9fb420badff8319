// Which failures end the watcher, and with which exit code: only what cannot mend by itself before anything was ever seen.
import { type KubeStatus, statusCode } from "@coracle/kube";

/** Why following ends. */
export type EndReason = "auth" | "not-found" | "gave-up" | "failed";

/** A failure as the stream tells it. */
export interface StreamFailure {
  readonly status: KubeStatus;
  /** The stream goes on by itself. */
  readonly willRetry: boolean;
  /** A complete state was seen before: rights and resources that were there may come back. */
  readonly hasSynced: boolean;
}

/** Whether to end, and why; `undefined` to go on. */
export function judgeEnd(failure: StreamFailure): EndReason | undefined {
  const code = statusCode(failure.status);
  if (!failure.hasSynced) {
    if (code === 401 || code === 403) return "auth";
    if (code === 404) return "not-found";
  }
  if (failure.willRetry) return undefined;
  const isRefusal = code === 400 || code === 405 || code === 406 || code === 415 || code === 422;
  return isRefusal ? "failed" : "gave-up";
}
