// A response whose body is pulled from a node stream: nothing is read ahead of the reader but the stream's own buffer.
import type { Readable } from "node:stream";
import { gunzipStream } from "../gzip.ts";
import { messageOf } from "../runtime-error.ts";
import type { Counters } from "./counters.ts";
import { HttpClientError, type HttpResponse } from "./types.ts";

const BODY_SIZE_BYTES_MAX = 64 * 1024 * 1024;
/** What waits here for the reader; the stream buffers as much again, and HTTP/2 a window. */
const QUEUE_SIZE_BYTES_MAX = 64 * 1024;

/** Where a response comes from. */
export interface ResponseSource {
  readonly stream: Readable;
  /** Ends the exchange at once. */
  cancel(): void;
  /** Once nothing follows: why the body is not whole; undefined if it is. `isEnded` says whether the stream ended in good order. */
  failure(isEnded: boolean): HttpClientError | undefined;
}

/** Status and header fields of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly httpVersion: "1.1" | "2";
}

/** A response as the caller sees it. */
export class StreamedResponse implements HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly httpVersion: "1.1" | "2";
  readonly body: AsyncIterable<Uint8Array>;
  readonly #source: ResponseSource;
  readonly #queue: ChunkQueue;
  #failure: HttpClientError | undefined;

  constructor(head: ResponseHead, source: ResponseSource, counters: Counters, decodesGzip: boolean) {
    this.status = head.status;
    this.headers = head.headers;
    this.httpVersion = head.httpVersion;
    this.#source = source;
    this.#queue = new ChunkQueue(source.stream);
    const raw = this.#chunks(counters);
    const isGzip = decodesGzip && head.headers["content-encoding"] === "gzip";
    this.body = isGzip ? gunzipBody(raw, source) : raw;
  }

  /** Ends the body with this failure; its reader sees it. */
  fail(error: HttpClientError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#source.cancel();
    this.#queue.wake();
  }

  cancel(): void {
    this.fail(new HttpClientError("ABORTED", "Cannot read on as the response was cancelled"));
  }

  async bytes(sizeBytesMax: number = BODY_SIZE_BYTES_MAX): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.body) {
      sizeBytes += chunk.length;
      if (sizeBytes > sizeBytesMax) {
        throw new HttpClientError("BODY_TOO_LARGE", `Cannot read the body as it is longer than ${sizeBytesMax} bytes`);
      }
      chunks.push(chunk);
    }
    return concatenate(chunks, sizeBytes);
  }

  async text(sizeBytesMax?: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(sizeBytesMax));
  }

  async *#chunks(counters: Counters): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure;
        const chunk = this.#queue.shift();
        if (chunk !== undefined) {
          counters.bodyBytesReceived += chunk.length;
          yield chunk;
        } else if (this.#queue.isOver) break;
        else await this.#queue.changed();
      }
      const failure = this.#source.failure(this.#queue.isEnded);
      if (failure !== undefined) throw failure;
    } finally {
      if (!this.#queue.isOver) this.#source.cancel();
    }
  }
}

/**
 * Takes chunks off a stream at once, up to a limit: what has arrived stays readable when the connection closes behind it.
 * At the limit the stream is paused, which stops the sender by flow control.
 */
class ChunkQueue {
  readonly #stream: Readable;
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes: number = 0;
  #wake: (() => void) | undefined;
  /** True once the stream said that nothing follows. */
  isEnded: boolean = false;
  #isClosed: boolean = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
      this.#sizeBytes += chunk.length;
      if (this.#sizeBytes >= QUEUE_SIZE_BYTES_MAX) stream.pause();
      this.wake();
    });
    stream.on("end", () => {
      this.isEnded = true;
      this.wake();
    });
    stream.on("close", () => {
      this.#isClosed = true;
      this.wake();
    });
    // A failure is told to the reader; without a listener the runtime would take it for uncaught.
    stream.on("error", () => this.wake());
  }

  /** True once no further chunk will come. */
  get isOver(): boolean {
    return this.isEnded || this.#isClosed;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    const wasFull = this.#sizeBytes >= QUEUE_SIZE_BYTES_MAX;
    this.#sizeBytes -= chunk.length;
    if (wasFull && this.#sizeBytes < QUEUE_SIZE_BYTES_MAX) this.#stream.resume();
    return chunk;
  }

  /** Resolves at the next chunk, the end, or {@link wake}. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

async function* gunzipBody(raw: AsyncIterable<Uint8Array>, source: ResponseSource): AsyncIterable<Uint8Array> {
  try {
    yield* gunzipStream(raw);
  } catch (thrown) {
    if (thrown instanceof HttpClientError) throw thrown;
    throw new HttpClientError("PROTOCOL", `Cannot decode the gzip body as ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    if (!source.stream.readableEnded) source.cancel();
  }
}

function concatenate(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
