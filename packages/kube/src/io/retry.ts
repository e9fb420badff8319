// When a request is sent again (client-go rest/with_retry.go; RFC 9110 §10.2.3 for Retry-After).
import { HttpClientError, type HttpClientErrorCode } from "@coracle/runtime";

/** How often and how long one request is retried. */
export interface RetryPolicy {
  /** Retries after the first attempt. */
  readonly retriesMax: number;
  /** A server that asks for a longer wait gets no retry: the caller is told at once. */
  readonly retryAfterMsMax: number;
  /** Wait after a broken connection. */
  readonly networkWaitMs: number;
}

/** client-go's numbers, with a bound on what a server may ask for. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = { retriesMax: 10, retryAfterMsMax: 120_000, networkWaitMs: 1000 };

/** The connection went away under the request. Nobody listening and slow answers are the caller's to judge. */
const BROKEN: ReadonlySet<HttpClientErrorCode> = new Set(["RESET", "PING_TIMEOUT", "GOAWAY"]);

/**
 * The wait a `Retry-After` value asks for, in milliseconds: whole seconds or an HTTP date. `undefined` when it is neither;
 * never negative.
 */
export function parseRetryAfterMs(value: string | undefined, wallMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // A date begins with a weekday; Date.parse would take far more than that.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - wallMs);
}

/** How long to wait before sending again after this answer, or `undefined` to take it as final. */
export function retryAfterAnswer(
  status: number,
  headers: Readonly<Record<string, string>>,
  wallMs: number,
): number | undefined {
  if (status !== 429 && (status < 500 || status > 599)) return undefined;
  return parseRetryAfterMs(headers["retry-after"], wallMs);
}

/**
 * Whether a request whose connection broke may be sent again: when the server certainly did not act on it, else only when
 * acting twice changes nothing (GET).
 */
export function mayRetryFailure(error: unknown, method: string): boolean {
  if (!(error instanceof HttpClientError) || !BROKEN.has(error.code)) return false;
  return error.isUnprocessed || method === "GET";
}
