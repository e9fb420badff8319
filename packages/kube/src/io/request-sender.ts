// Sending until there is an answer: retries by Retry-After and after broken connections, failures as StatusError.
import type { Random } from "@coracle/base";
import { type HttpResponse, sleep } from "@coracle/runtime";
import { spreadWait, StatusError } from "../mod.ts";
import type { KubeMetricsHook, RetrySample } from "./metrics-hook.ts";
import { mayRetryFailure, RETRY_SPREAD_MS_MAX, retryAfterAnswer, type RetryPolicy } from "./retry.ts";
import { statusOfAnswer } from "./status-response.ts";
import type { KubeRequest, KubeTransport } from "./transport.ts";

/** Error bodies are read up to here. */
const ERROR_BYTES_MAX = 1024 * 1024;

/** What a {@link RequestSender} needs. */
export interface RequestSenderOptions {
  readonly transport: KubeTransport;
  readonly retry: RetryPolicy;
  readonly random: Random;
  readonly metrics?: KubeMetricsHook | undefined;
  /** Longest wait for the headers of an attempt that sets none itself. */
  readonly headersTimeoutMs: number;
}

/** Sends requests whose answers end: everything but watches. */
export class RequestSender {
  readonly #options: RequestSenderOptions;

  constructor(options: RequestSenderOptions) {
    this.#options = options;
  }

  /**
   * The answer, with a status below 400 and its body unread. Throws {@link StatusError} for every other answer and
   * HttpClientError when there is none.
   */
  async send(request: KubeRequest): Promise<HttpResponse> {
    const { retry, headersTimeoutMs } = this.#options;
    const timed = { headersTimeoutMs, ...request };
    for (let retries = 0; ; retries++) {
      const outcome = await this.#attempt(timed, retries < retry.retriesMax);
      if (outcome.kind === "answer") return outcome.response;
      this.#options.metrics?.retry?.(outcome.sample);
      await sleep(outcome.sample.waitMs, request.signal);
    }
  }

  async #attempt(request: KubeRequest, mayRetry: boolean): Promise<Attempt> {
    const { transport, retry } = this.#options;
    const { method } = request;
    const route = request.route ?? request.path;
    let response: HttpResponse;
    try {
      response = await transport.send(request);
    } catch (error) {
      if (!mayRetry || !mayRetryFailure(error, method)) throw error;
      return { kind: "retry", sample: { method, route, cause: "network", waitMs: this.#spread(retry.networkWaitMs) } };
    }
    const { status, headers } = response;
    if (status < 300) return { kind: "answer", response };
    const wallMs = transport.clock.wallMs();
    const waitMs = retryAfterAnswer(status, headers, wallMs);
    if (mayRetry && waitMs !== undefined && waitMs <= retry.retryAfterMsMax) {
      response.cancel();
      return { kind: "retry", sample: throttledSample({ method, route }, response, this.#spread(waitMs)) };
    }
    const body = await response.text(ERROR_BYTES_MAX).catch(() => "");
    throw new StatusError(statusOfAnswer({ code: status, headers, body, wallMs }));
  }

  #spread(waitMs: number): number {
    return spreadWait(waitMs, RETRY_SPREAD_MS_MAX, this.#options.random);
  }
}

type Attempt =
  | { readonly kind: "answer"; readonly response: HttpResponse }
  | { readonly kind: "retry"; readonly sample: RetrySample };

function throttledSample(
  request: { readonly method: string; readonly route: string },
  response: HttpResponse,
  waitMs: number,
): RetrySample {
  const flowSchemaUid = response.headers["x-kubernetes-pf-flowschema-uid"];
  const priorityLevelUid = response.headers["x-kubernetes-pf-prioritylevel-uid"];
  return {
    ...request,
    cause: response.status === 429 ? "throttled" : "unavailable",
    waitMs,
    ...(flowSchemaUid === undefined ? {} : { flowSchemaUid }),
    ...(priorityLevelUid === undefined ? {} : { priorityLevelUid }),
  };
}
