// When a request is sent again (client-go rest/with_retry.go).
import { HttpClientError, type HttpClientErrorCode } from "@coracle/runtime";
import { parseRetryAfter } from "../mod.ts";

/** How often and how long one request is retried. */
export interface RetryPolicy {
  /** Retries after the first attempt. */
  readonly retriesMax: number;
  /** A server that asks for a longer wait gets no retry: the caller is told at once. */
  readonly retryAfterMsMax: number;
  /** Wait after a broken connection, before it is spread. */
  readonly networkWaitMs: number;
}

/** client-go's numbers, with a bound on what a server may ask for. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = { retriesMax: 10, retryAfterMsMax: 120_000, networkWaitMs: 1000 };

/** Waits are longer than asked by at most this and by at most as much again, so that clients do not come back in step. */
export const RETRY_SPREAD_MS_MAX = 10_000;

/** The connection went away under the request. Nobody listening and slow answers are the caller's to judge. */
const BROKEN: ReadonlySet<HttpClientErrorCode> = new Set(["RESET", "PING_TIMEOUT", "GOAWAY"]);

/** How long to wait before sending again after this answer, or `undefined` to take it as final. */
export function retryAfterAnswer(
  status: number,
  headers: Readonly<Record<string, string>>,
  wallMs: number,
): number | undefined {
  if (status !== 429 && (status < 500 || status > 599)) return undefined;
  return parseRetryAfter(headers["retry-after"], wallMs);
}

/**
 * Whether a request whose connection broke may be sent again: when the server certainly did not act on it, else only when
 * acting twice changes nothing (GET).
 */
export function mayRetryFailure(error: unknown, method: string): boolean {
  if (!(error instanceof HttpClientError) || !BROKEN.has(error.code)) return false;
  return error.isUnprocessed || method === "GET";
}
