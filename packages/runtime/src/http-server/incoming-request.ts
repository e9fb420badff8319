// A web Request over a node request, built only as far as the handler looks: most handlers read method, URL, two headers, perhaps the body.
import type { Readable } from "node:stream";
import { RuntimeError } from "../runtime-error.ts";
import type { Exchange } from "./exchange.ts";

/** A request's body was longer than the reader allowed; `code` is `BODY_TOO_LARGE`. */
export class BodyTooLargeError extends RuntimeError<"BODY_TOO_LARGE"> {
  override readonly name = "BodyTooLargeError";
}

const state: unique symbol = Symbol("state");

interface RequestState {
  readonly exchange: Exchange;
  readonly url: string;
  headers: Headers | undefined;
  controller: AbortController | undefined;
  isGone: boolean;
  isBodyTaken: boolean;
  full: Request | undefined;
}

/** Looks like a Request and is `instanceof Request`; the real one exists only after `clone()` or a rare property. */
class IncomingRequest {
  readonly [state]: RequestState;

  constructor(exchange: Exchange, url: string) {
    this[state] = {
      exchange,
      url,
      headers: undefined,
      controller: undefined,
      isGone: false,
      isBodyTaken: false,
      full: undefined,
    };
  }

  get method(): string {
    return this[state].exchange.method;
  }

  get url(): string {
    return this[state].url;
  }

  get headers(): Headers {
    const own = this[state];
    own.headers ??= headersOf(own.exchange);
    return own.headers;
  }

  get signal(): AbortSignal {
    return signalOf(this[state]);
  }

  get body(): ReadableStream<Uint8Array> | null {
    return hasBody(this.method) ? fullRequest(this[state]).body : null;
  }

  get bodyUsed(): boolean {
    const own = this[state];
    return own.isBodyTaken || (own.full?.bodyUsed ?? false);
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const own = this[state];
    if (own.full !== undefined) return new Uint8Array(await own.full.arrayBuffer());
    if (!hasBody(this.method)) return new Uint8Array(0);
    takeBody(own);
    return collect(chunksOf(own.exchange.source), Number.POSITIVE_INFINITY);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes();
    return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  blob(): Promise<Blob> {
    return fullRequest(this[state]).blob();
  }

  clone(): Request {
    return fullRequest(this[state]).clone() as Request;
  }
}

Object.setPrototypeOf(IncomingRequest.prototype, Request.prototype);
Object.defineProperty(IncomingRequest.prototype, "formData", {
  value(this: IncomingRequest): unknown {
    return fullRequest(this[state]).formData();
  },
});
for (const name of [
  "cache",
  "credentials",
  "destination",
  "integrity",
  "keepalive",
  "mode",
  "redirect",
  "referrer",
  "referrerPolicy",
]) {
  Object.defineProperty(IncomingRequest.prototype, name, {
    get(this: IncomingRequest): unknown {
      return Reflect.get(fullRequest(this[state]), name);
    },
  });
}

/** Makes the Request of an exchange; `url` is absolute. */
export function incomingRequest(exchange: Exchange, url: string): Request {
  return new IncomingRequest(exchange, url) as unknown as Request;
}

/** Tells the request that its client went away before the response was complete. */
export function abortRequest(request: Request): void {
  if (!(request instanceof IncomingRequest)) return;
  const own = request[state];
  own.isGone = true;
  own.controller?.abort(goneReason());
}

/**
 * Reads a request's whole body, without a web stream where this server made the request.
 * Throws {@link BodyTooLargeError} above `sizeBytesMax`, having kept no more than that.
 */
export async function readRequestBody(request: Request, sizeBytesMax: number): Promise<Uint8Array> {
  if (request instanceof IncomingRequest && request[state].full === undefined) {
    if (!hasBody(request.method)) return new Uint8Array(0);
    takeBody(request[state]);
    return collect(chunksOf(request[state].exchange.source), sizeBytesMax);
  }
  return request.body === null ? new Uint8Array(0) : collect(request.body, sizeBytesMax);
}

function fullRequest(own: RequestState): Request {
  if (own.full !== undefined) return own.full;
  const method = own.exchange.method;
  const body = hasBody(method) && !own.isBodyTaken ? bodyStream(own.exchange.source) : undefined;
  own.full = new Request(own.url, {
    method,
    headers: own.headers ?? headersOf(own.exchange),
    signal: signalOf(own),
    ...(body === undefined ? {} : { body, duplex: "half" }),
  });
  return own.full;
}

function takeBody(own: RequestState): void {
  if (own.isBodyTaken) throw new TypeError("Body has already been read");
  own.isBodyTaken = true;
}

function signalOf(own: RequestState): AbortSignal {
  if (own.controller === undefined) {
    own.controller = new AbortController();
    if (own.isGone) own.controller.abort(goneReason());
  }
  return own.controller.signal;
}

function goneReason(): Error {
  return new RuntimeError("CLIENT_GONE", "Cannot finish the answer as the client went away");
}

function hasBody(method: string): boolean {
  return method !== "GET" && method !== "HEAD";
}

function headersOf(exchange: Exchange): Headers {
  const headers = new Headers();
  const raw = exchange.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!name.startsWith(":")) headers.append(name, raw[index + 1] ?? "");
  }
  return headers;
}

async function collect(source: AsyncIterable<Uint8Array>, sizeBytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > sizeBytesMax) {
      throw new BodyTooLargeError("BODY_TOO_LARGE", `Cannot read the body as it is longer than ${sizeBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** A reader that leaves early must not end the stream: in HTTP/2 the answer goes out on the same one. */
function chunksOf(source: Readable): AsyncIterableIterator<Uint8Array> {
  return source.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Uint8Array>;
}

/** Pull-based: the node stream's own buffer is the only one. */
function bodyStream(source: Readable): ReadableStream<Uint8Array> {
  const iterator = chunksOf(source);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel(): Promise<void> {
        await iterator.return?.(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
