// What stands before every handler: asks whether to serve, counts what runs until its last byte, ends watches.
import type { FetchHandler, PeerInfo, PlainResponse } from "@coracle/runtime";
import type { Admission, RequestKind } from "../core/drain-types.ts";
import type { DrainDriver } from "./drain-driver.ts";
import { isExemptPath, isOperationsPath, type OperationsScope, pathOf } from "./operations-app.ts";
import type { RequestContext, ServiceHandler } from "./service-types.ts";

/** What a listener's requests go through. */
export interface GuardOptions {
  readonly driver: DrainDriver;
  readonly operations: ServiceHandler;
  readonly operationsScope: OperationsScope;
  readonly handler: ServiceHandler;
  readonly isLongRunning: (request: Request) => boolean;
  /** Told the status of every answer, health and metrics left out; a handler that throws counts as 500. */
  readonly onStatus: (status: number) => void;
  /** Called for a refused HTTP/2 request, whose connection takes no `Connection: close`. */
  readonly onRefusedStream: () => void;
}

const NEVER_ENDING: AbortSignal = new AbortController().signal;

/** Long-running by the usual signs: `watch=true` or `watch=1` in the query, or an event stream asked for. */
export function looksLongRunning(request: Request): boolean {
  if (request.headers.get("accept")?.startsWith("text/event-stream") === true) return true;
  return /[?&]watch=(true|1|t|T|TRUE|True)(&|#|$)/.test(request.url);
}

/** Makes the server's handler of a listener. */
export function guardRequests(options: GuardOptions): FetchHandler {
  const { driver, operations, operationsScope, handler, isLongRunning } = options;
  return (request, peer) => {
    const path = pathOf(request.url);
    const serve = isOperationsPath(path, operationsScope) ? operations : handler;
    if (isExemptPath(path)) return serve(request, { peer, ending: NEVER_ENDING });
    const kind: RequestKind = serve !== operations && isLongRunning(request) ? "long-running" : "ordinary";
    const abort = kind === "long-running" ? new AbortController() : undefined;
    const admission = driver.admit(kind, () => abort?.abort(new Error("The server is shutting down")));
    if (admission.kind === "refused") {
      options.onStatus(admission.status);
      return refuse(admission, peer, options);
    }
    const context: RequestContext = { peer, ending: abort?.signal ?? NEVER_ENDING };
    return serveCounted(serve, request, context, {
      onStatus: options.onStatus,
      release: () => driver.release(admission.id),
    });
  };
}

function refuse(
  admission: Extract<Admission, { kind: "refused" }>,
  peer: PeerInfo,
  options: GuardOptions,
): PlainResponse {
  const headers: Record<string, string> = {
    "retry-after": String(admission.retryAfterSeconds),
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
  };
  // HTTP/2 has no Connection header (RFC 9113 §8.2.2): there a GOAWAY says the same.
  if (peer.protocol === "http/1.1") headers["connection"] = "close";
  else options.onRefusedStream();
  return { status: admission.status, headers, body: "The server is shutting down, please try again later.\n" };
}

interface Accounting {
  readonly onStatus: (status: number) => void;
  readonly release: () => void;
}

async function serveCounted(
  serve: ServiceHandler,
  request: Request,
  context: RequestContext,
  { onStatus, release }: Accounting,
): Promise<Response | PlainResponse> {
  let response: Response | PlainResponse;
  try {
    response = await serve(request, context);
  } catch (error) {
    onStatus(500);
    release();
    throw error;
  }
  onStatus(response.status);
  if (!(response instanceof Response) || response.body === null) {
    release();
    return response;
  }
  const { status, statusText, headers } = response;
  return new Response(countedBody(response.body, release), { status, statusText, headers });
}

/** The same bytes, pulled one by one; `release` once they have all been taken, or nobody wants them any more. */
function countedBody(body: ReadableStream<Uint8Array>, release: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
          release();
        } catch (error) {
          release();
          throw error;
        }
      },
      async cancel(reason): Promise<void> {
        release();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
