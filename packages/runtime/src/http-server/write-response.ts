// Writes a Response or a plain answer, as fast as the client reads and no faster.
import { Buffer } from "node:buffer";
import type { OutgoingHttpHeaders } from "node:http";
import type { Writable } from "node:stream";
import type { Exchange } from "./exchange.ts";
import type { PlainResponse } from "./types.ts";

/** Not allowed in HTTP/2 (RFC 9113 §8.2.2), and the server's own business in HTTP/1.1. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Writes an answer that is all there. `isLast` adds `Connection: close` in HTTP/1.1. */
export function writePlain(exchange: Exchange, plain: PlainResponse, isLast: boolean): void {
  const headers: OutgoingHttpHeaders = { ...plain.headers };
  const { body, status } = plain;
  if (!isBodyless(status)) {
    headers["content-length"] ??= typeof body === "string" ? Buffer.byteLength(body) : (body?.length ?? 0);
  }
  finish(exchange, status, withLast(exchange, headers, isLast), body);
}

/** Writes a Response; resolves when its body is written or the client is gone. */
export async function writeResponse(exchange: Exchange, answer: Response, isLast: boolean): Promise<void> {
  const headers = outgoingHeaders(answer.headers);
  const { body, status } = answer;
  if (body === null || exchange.method === "HEAD" || isBodyless(status)) {
    if (body === null && exchange.method !== "HEAD" && !isBodyless(status)) headers["content-length"] ??= 0;
    finish(exchange, status, withLast(exchange, headers, isLast), undefined);
    await body?.cancel();
    return;
  }
  await writeBody(exchange, status, withLast(exchange, headers, isLast), body);
}

/** Small bodies are complete after a read or two: those go out in one write with their length. */
async function writeBody(
  exchange: Exchange,
  status: number,
  headers: OutgoingHttpHeaders,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const reader = body.getReader() as unknown as BodyReader;
  const first = await settledRead(reader.read());
  if (first.read?.done === true) {
    headers["content-length"] ??= 0;
    finish(exchange, status, headers, undefined);
    return;
  }
  const chunk = first.read?.value;
  const second = chunk === undefined ? first : await settledRead(reader.read());
  if (chunk !== undefined && second.read?.done === true) {
    headers["content-length"] ??= chunk.length;
    finish(exchange, status, headers, chunk);
    return;
  }
  if (exchange.sink.destroyed) {
    await reader.cancel();
    return;
  }
  exchange.head(status, headers, false);
  if (chunk !== undefined) exchange.sink.write(chunk);
  else exchange.flushHead();
  await pump(exchange.sink, reader, second.pending);
}

function finish(
  exchange: Exchange,
  status: number,
  headers: OutgoingHttpHeaders,
  body: Uint8Array | string | undefined,
): void {
  if (exchange.sink.destroyed) return;
  const isEmpty = body === undefined || body.length === 0 || exchange.method === "HEAD" || isBodyless(status);
  exchange.head(status, headers, isEmpty);
  if (!isEmpty) exchange.sink.end(body);
}

function withLast(exchange: Exchange, headers: OutgoingHttpHeaders, isLast: boolean): OutgoingHttpHeaders {
  if (isLast && !exchange.isHttp2) headers["connection"] = "close";
  return headers;
}

/** The part of a web stream's reader that is used here; Bun and Node describe the whole differently. */
interface BodyReader {
  read(): Promise<Read>;
  cancel(): Promise<void>;
}

type Read = { readonly done: false; readonly value: Uint8Array } | { readonly done: true; readonly value?: undefined };

async function pump(sink: Writable, reader: BodyReader, firstRead: Promise<Read>): Promise<void> {
  let isGone = sink.destroyed;
  let wake: (() => void) | undefined;
  const onDrain = (): void => wake?.();
  const onClose = (): void => {
    isGone = true;
    wake?.();
    // Ends the pending read too, so that a stream that never speaks again is let go.
    reader.cancel().catch(() => undefined);
  };
  sink.on("drain", onDrain);
  sink.on("close", onClose);
  try {
    if (isGone) onClose();
    let read = firstRead;
    for (;;) {
      const { done, value } = await read;
      if (done || isGone) break;
      if (!sink.write(value)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (isGone || !sink.writableNeedDrain) resolve();
        });
        if (isGone) break;
      }
      read = reader.read();
    }
    if (!isGone) sink.end();
  } finally {
    sink.off("drain", onDrain);
    sink.off("close", onClose);
  }
}

/** A read, and its result if that was there within a few microtasks. */
interface SettledRead {
  readonly read: Read | undefined;
  readonly pending: Promise<Read>;
}

async function settledRead(pending: Promise<Read>): Promise<SettledRead> {
  const settled: { read?: Read } = {};
  pending.then(
    (read) => {
      settled.read = read;
    },
    () => undefined,
  );
  for (let turn = 0; turn < 4 && settled.read === undefined; turn++) await Promise.resolve();
  return { read: settled.read, pending };
}

function outgoingHeaders(headers: Headers): OutgoingHttpHeaders {
  const outgoing: OutgoingHttpHeaders = {};
  headers.forEach((value, name) => {
    if (!CONNECTION_HEADERS.has(name)) outgoing[name] = value;
  });
  if (outgoing["set-cookie"] !== undefined) outgoing["set-cookie"] = headers.getSetCookie();
  return outgoing;
}

function isBodyless(status: number): boolean {
  return status === 204 || status === 304;
}
