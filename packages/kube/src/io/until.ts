// Waiting for one object to be as wanted, through every break of the connection.
import { type GroupVersionResource, type KubeObject, type KubeStatus, StatusError } from "../mod.ts";
import { follow } from "./follow.ts";
import type { FollowOptions } from "./follow-options.ts";
import type { KubeClient } from "./kube-client.ts";
import { objectStates } from "./object-states.ts";

/** The object did not become as wanted in time. `status` is the server's last failure, if it was failing at the end. */
export class UntilTimeoutError extends Error {
  override readonly name = "UntilTimeoutError";
  readonly code = "UNTIL_TIMEOUT" as const;
  readonly status: KubeStatus | undefined;

  constructor(message: string, status: KubeStatus | undefined) {
    super(message);
    this.status = status;
  }
}

/** Which object to wait for, and how. */
export interface UntilOptions<T extends KubeObject = KubeObject> extends Pick<
  FollowOptions,
  "projection" | "signal" | "times" | "giveUpAfterMs"
> {
  readonly name: string;
  readonly namespace?: string | undefined;
  /** Asked with every state, and with `undefined` while there is no such object. */
  readonly predicate: (object: T | undefined) => boolean;
  /** Give up after this long. Default: wait for ever. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Waits until the predicate holds and answers with the state it held for. Throws {@link UntilTimeoutError}, StatusError when the
 * server says no for good, or the signal's reason.
 */
export async function until<T extends KubeObject = KubeObject>(
  client: KubeClient,
  resource: GroupVersionResource,
  options: UntilOptions<T>,
): Promise<T | undefined> {
  const { name, predicate, timeoutMs, signal, ...rest } = options;
  const deadline = new AbortController();
  const timer = timeoutMs === undefined ? undefined : client.startTimer(timeoutMs, () => deadline.abort());
  const signals = signal === undefined ? [deadline.signal] : [deadline.signal, signal];
  let failure: KubeStatus | undefined;
  try {
    const events = follow<T>(client, resource, {
      ...rest,
      fieldSelector: `metadata.name=${name}`,
      signal: AbortSignal.any(signals),
    });
    for await (const state of objectStates(events)) {
      if (state.kind === "error") {
        if (state.retryInMs === undefined) throw new StatusError(state.status);
        failure = state.status;
        continue;
      }
      failure = undefined;
      if (predicate(state.object)) return state.object;
    }
  } finally {
    timer?.cancel();
  }
  signal?.throwIfAborted();
  const why = failure?.message === undefined ? "" : `; the server's last failure: ${failure.message}`;
  throw new UntilTimeoutError(
    `Cannot wait longer for ${resource.resource} "${name}": ${timeoutMs ?? 0} ms are over${why}`,
    failure,
  );
}
