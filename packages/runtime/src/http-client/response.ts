// A response whose body is pulled from a node stream: nothing is read ahead of the reader but the stream's own buffer.
import type { Readable } from "node:stream";
import { gunzipStream } from "../gzip.ts";
import { messageOf } from "../runtime-error.ts";
import type { Counters } from "./counters.ts";
import { HttpClientError, type HttpResponse } from "./types.ts";

const BODY_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** Where a response comes from. */
export interface ResponseSource {
  readonly stream: Readable;
  /** Ends the exchange at once. */
  cancel(): void;
  /** After the stream's end: why the body is not whole; undefined if it is. */
  failure(): HttpClientError | undefined;
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
  #failure: HttpClientError | undefined;
  #wake: (() => void) | undefined;

  constructor(head: ResponseHead, source: ResponseSource, counters: Counters, decodesGzip: boolean) {
    this.status = head.status;
    this.headers = head.headers;
    this.httpVersion = head.httpVersion;
    this.#source = source;
    const raw = this.#chunks(counters);
    const isGzip = decodesGzip && head.headers["content-encoding"] === "gzip";
    this.body = isGzip ? gunzipBody(raw, source) : raw;
    // A failure is told to the reader; without one here the runtime would take it for uncaught.
    source.stream.on("error", ignore);
  }

  /** Ends the body with this failure; its reader sees it. */
  fail(error: HttpClientError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#source.cancel();
    this.#wake?.();
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
    const { stream } = this.#source;
    const wake = (): void => this.#wake?.();
    let isEnded = stream.readableEnded;
    const end = (): void => {
      isEnded = true;
      wake();
    };
    stream.on("readable", wake).on("end", end).on("close", end).on("error", end);
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure;
        const chunk = stream.read() as Uint8Array | null;
        if (chunk !== null) {
          counters.bodyBytesReceived += chunk.length;
          yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
        } else if (isEnded || stream.destroyed) break;
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
      const failure = this.#failure ?? this.#source.failure();
      if (failure !== undefined) throw failure;
    } finally {
      stream.off("readable", wake).off("end", end).off("close", end).off("error", end);
      if (!stream.readableEnded) this.#source.cancel();
    }
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

function ignore(): void {
  // See the constructor.
}
