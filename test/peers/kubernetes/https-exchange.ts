// One HTTPS request with everything of it in the caller's hands: what a test needs and a good client hides.
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

/** Where requests go and as whom. */
export interface HttpsTarget {
  /** `https://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  readonly caPem: string;
  readonly certPem?: string;
  readonly keyPem?: string;
  readonly token?: string;
}

/** A request as it goes out; nothing is added but what HTTP itself needs and the target's token. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The whole exchange may take this long; 30 s by default. */
  readonly timeoutMs?: number;
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  /** Lower-case names; repeated headers as lists only where Node gives lists. */
  readonly headers: Readonly<Record<string, string>>;
  /** Every `Warning` header by itself. */
  readonly warnings: readonly string[];
  readonly text: string;
}

/** Sends one request and reads the whole answer. */
export async function exchange(target: HttpsTarget, sent: Exchange): Promise<Answer> {
  const chunks: Buffer[] = [];
  const stream = await openExchange(target, sent);
  for await (const chunk of stream.message) chunks.push(chunk as Buffer);
  return { ...stream.head, text: Buffer.concat(chunks).toString("utf8") };
}

/** An answer whose body is still coming. */
export interface OpenAnswer {
  readonly head: Omit<Answer, "text">;
  readonly message: IncomingMessage;
  /** Ends the exchange from this side. */
  close(): void;
}

/** Sends one request and hands out the body as it arrives. */
export async function openExchange(target: HttpsTarget, sent: Exchange): Promise<OpenAnswer> {
  const url = new URL(target.url);
  return await new Promise<OpenAnswer>((resolve, reject) => {
    const request = httpsRequest(
      {
        host: url.hostname,
        port: url.port,
        path: sent.path,
        method: sent.method,
        ca: target.caPem,
        ...(target.certPem === undefined ? {} : { cert: target.certPem }),
        ...(target.keyPem === undefined ? {} : { key: target.keyPem }),
        agent: false,
        headers: headersOf(target, sent),
        timeout: sent.timeoutMs ?? 30_000,
      },
      (message) => {
        // Whoever reads the body sees its errors; after close() nobody does.
        message.on("error", () => undefined);
        resolve({ head: headOf(message), message, close: () => request.destroy() });
      },
    );
    request.once("timeout", () => request.destroy(new Error(`Cannot wait longer for ${sent.method} ${sent.path}`)));
    request.on("error", reject);
    request.end(sent.body);
  });
}

function headersOf(target: HttpsTarget, sent: Exchange): Record<string, string> {
  const headers: Record<string, string> = { ...sent.headers };
  if (target.token !== undefined) headers["authorization"] ??= `Bearer ${target.token}`;
  if (sent.body !== undefined) headers["content-length"] = String(Buffer.byteLength(sent.body));
  return headers;
}

function headOf(message: IncomingMessage): Omit<Answer, "text"> {
  const headers: Record<string, string> = {};
  const warnings: string[] = [];
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const name = (message.rawHeaders[index] ?? "").toLowerCase();
    const value = message.rawHeaders[index + 1] ?? "";
    if (name === "warning") warnings.push(value);
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: message.statusCode ?? 0, headers, warnings };
}
