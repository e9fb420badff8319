// One request from the caller's `request()` to its response: deadline, abort, replay, the single settlement.
import { URL } from "node:url";
import { Buffer } from "node:buffer";
import { startTimer, type Timer } from "../clock.ts";
import type { Counters } from "./counters.ts";
import { portOf, withoutBrackets } from "./no-proxy.ts";
import { type ResponseHead, type ResponseSource, StreamedResponse } from "./response.ts";
import { HttpClientError, type HttpRequest, type HttpResponse } from "./types.ts";

/** How often one request is sent again as no server looked at it. */
const REPLAYS_MAX = 5;

/** A request that waits, or is under way. */
export class PendingRequest {
  readonly request: HttpRequest;
  readonly url: URL;
  readonly response: Promise<HttpResponse>;
  /** Ends the exchange on the connection it is on. */
  cancelExchange: (() => void) | undefined;
  readonly #counters: Counters;
  readonly #requeue: (request: PendingRequest) => void;
  readonly #deadline: Timer | undefined;
  #resolve: (response: HttpResponse) => void = ignore;
  #reject: (error: HttpClientError) => void = ignore;
  #isSettled: boolean = false;
  #answer: StreamedResponse | undefined;
  #replays: number = 0;

  constructor(request: HttpRequest, url: URL, counters: Counters, requeue: (request: PendingRequest) => void) {
    this.request = request;
    this.url = url;
    this.#counters = counters;
    this.#requeue = requeue;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { headersTimeoutMs, signal } = request;
    if (headersTimeoutMs !== undefined) {
      this.#deadline = startTimer(headersTimeoutMs, () => {
        this.#end("TIMEOUT", `no headers came within ${headersTimeoutMs} ms`);
      });
    }
    if (signal?.aborted === true) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** True once the caller has an answer or a failure: a queue skips it. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** `METHOD scheme://host:port/path` without the query, for messages. */
  get label(): string {
    return `${this.request.method} ${this.url.origin}${this.url.pathname}`;
  }

  /** Gives the caller the response. */
  respond(head: ResponseHead, source: ResponseSource): void {
    if (this.#isSettled) {
      source.cancel();
      return;
    }
    this.#settle();
    const isGzipped = this.request.gzip === true;
    this.#answer = new StreamedResponse(head, source, this.#counters, isGzipped);
    source.stream.once("close", () => this.#unlisten());
    this.#resolve(this.#answer);
  }

  /** Fails the request, or its body; sends it again instead if no server looked at it. */
  fail(error: HttpClientError): void {
    if (this.#answer !== undefined) {
      this.#answer.fail(error);
      return;
    }
    if (this.#isSettled) return;
    if (error.isUnprocessed && error.code !== "CLOSED" && this.#mayReplay()) {
      this.#replays++;
      this.#counters.requestsReplayed++;
      this.cancelExchange = undefined;
      this.#requeue(this);
      return;
    }
    this.reject(error);
  }

  /** Fails the request for good. */
  reject(error: HttpClientError): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#unlisten();
    this.#reject(error);
  }

  #mayReplay(): boolean {
    return this.#replays < REPLAYS_MAX;
  }

  #settle(): void {
    this.#isSettled = true;
    this.#deadline?.cancel();
  }

  #unlisten(): void {
    this.request.signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#end("ABORTED", "its signal was aborted");
  };

  #end(code: "TIMEOUT" | "ABORTED", why: string): void {
    const error = new HttpClientError(code, `Cannot finish ${this.label} as ${why}`, {
      cause: code === "ABORTED" ? this.request.signal?.reason : undefined,
    });
    if (this.#answer !== undefined) this.#answer.fail(error);
    else {
      this.reject(error);
      this.cancelExchange?.();
    }
  }
}

/** The URL of a request, or `BAD_URL`. */
export function parseRequestUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new HttpClientError(
    "BAD_URL",
    `Cannot send a request as its URL is not http or https: current value is "${text.slice(0, 128)}"`,
  );
}

/** Size of a request's body on the wire; text goes as UTF-8. */
export function bodySizeBytes(body: Uint8Array | string): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}

/** Scheme, host and port of a URL. */
export function originOf(url: URL): {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
} {
  return {
    isSecure: url.protocol === "https:",
    host: withoutBrackets(url.hostname),
    port: portOf(url),
  };
}

function ignore(): void {
  // Replaced by the promise's own functions before anything can call it.
}
