// Clients that never pause: each sends the next request when the last is answered, and notes everything that is not 200.
import * as http from "node:http";
import * as http2 from "node:http2";
import * as https from "node:https";

/** How one request came out. */
export type Answer =
  | { readonly kind: "status"; readonly status: number; readonly retryAfter: string | undefined; readonly body: string }
  /** The server said beforehand (GOAWAY) that it did not take the request: it is sent again elsewhere. */
  | { readonly kind: "not-taken" }
  | { readonly kind: "failed"; readonly error: string };

/** One client with one connection at a time. */
export interface HammerClient {
  request(path: string): Promise<Answer>;
  /** Connections opened so far. */
  readonly connections: number;
  close(): void;
}

/** Trust that may change while the client lives. */
export interface Trust {
  ca: readonly string[];
  cert?: string;
  key?: string;
}

/** What a worker saw. */
export interface Tally {
  ok: number;
  refused: number;
  replayed: number;
  readonly failures: string[];
}

/** Sends requests until one is refused with 429 or 503, or `until` aborts. Failures are kept, not thrown. */
export async function hammer(client: HammerClient, path: string, until: AbortSignal): Promise<Tally> {
  const tally: Tally = { ok: 0, refused: 0, replayed: 0, failures: [] };
  while (!until.aborted && tally.refused === 0 && tally.failures.length < 5) {
    const answer = await client.request(path);
    if (answer.kind === "not-taken") tally.replayed += 1;
    else if (answer.kind === "failed") tally.failures.push(answer.error);
    else if (answer.status === 200) tally.ok += 1;
    else if ((answer.status === 429 || answer.status === 503) && answer.retryAfter !== undefined) tally.refused += 1;
    else tally.failures.push(`status ${answer.status}: ${answer.body}`);
  }
  client.close();
  return tally;
}

/** A keep-alive HTTP/1.1 client on `http:` or `https:`; obeys `Connection: close`. */
export class Http1Client implements HammerClient {
  connections: number = 0;
  readonly #base: string;
  readonly #trust: Trust;
  readonly #agent: http.Agent | https.Agent;

  constructor(base: string, trust: Trust = { ca: [] }) {
    this.#base = base;
    this.#trust = trust;
    const options = { keepAlive: true, maxSockets: 1 };
    this.#agent = base.startsWith("https:") ? new https.Agent(options) : new http.Agent(options);
  }

  request(path: string): Promise<Answer> {
    const { ca, cert, key } = this.#trust;
    const options = { agent: this.#agent, ca: [...ca], ...(cert === undefined ? {} : { cert, key }) };
    const send = this.#base.startsWith("https:") ? https.get : http.get;
    return new Promise((resolve) => {
      const request = send(`${this.#base}${path}`, options, (response) => {
        if (!request.reusedSocket) this.connections += 1;
        let body = "";
        response.on("data", (chunk: Uint8Array) => (body += new TextDecoder().decode(chunk)));
        response.on("error", (error) => resolve({ kind: "failed", error: `body: ${describe(error)}` }));
        response.on("end", () => {
          const retryAfter = response.headers["retry-after"];
          resolve({ kind: "status", status: response.statusCode ?? 0, retryAfter, body });
        });
      });
      request.on("error", (error) => resolve({ kind: "failed", error: describe(error) }));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** An HTTP/2 client that opens a new connection after a GOAWAY and replays what the server did not take (RFC 9113 §6.8). */
export class Http2Client implements HammerClient {
  connections: number = 0;
  readonly #base: string;
  readonly #trust: Trust;
  #session: http2.ClientHttp2Session | undefined;
  readonly #told: WeakSet<http2.ClientHttp2Session> = new WeakSet();

  constructor(base: string, trust: Trust) {
    this.#base = base;
    this.#trust = trust;
  }

  async request(path: string): Promise<Answer> {
    let session: http2.ClientHttp2Session;
    try {
      session = await this.#connected();
    } catch (error) {
      return { kind: "failed", error: `connect: ${describe(error)}` };
    }
    return new Promise((resolve) => {
      const stream = session.request({ ":path": path });
      let status = 0;
      let retryAfter: string | undefined;
      let body = "";
      stream.on("response", (headers) => {
        status = Number(headers[":status"]);
        retryAfter = headers["retry-after"]?.toString();
      });
      stream.on("data", (chunk: Uint8Array) => (body += new TextDecoder().decode(chunk)));
      let failure = "";
      stream.on("error", (error) => (failure = describe(error)));
      stream.on("close", () => {
        const isWhole = failure === "" && status !== 0 && stream.rstCode === http2.constants.NGHTTP2_NO_ERROR;
        if (isWhole) resolve({ kind: "status", status, retryAfter, body });
        else if (status === 0 && this.#told.has(session)) resolve({ kind: "not-taken" });
        else resolve({ kind: "failed", error: `stream: ${failure} code ${stream.rstCode} status ${status}` });
      });
      stream.end();
    });
  }

  close(): void {
    this.#session?.close();
  }

  #connected(): Promise<http2.ClientHttp2Session> {
    const session = this.#session;
    if (session !== undefined && !session.closed && !session.destroyed && !this.#told.has(session))
      return Promise.resolve(session);
    const { ca, cert, key } = this.#trust;
    const fresh = http2.connect(this.#base, { ca: [...ca], ...(cert === undefined ? {} : { cert, key }) });
    this.#session = fresh;
    this.connections += 1;
    fresh.on("goaway", () => this.#told.add(fresh));
    return new Promise((resolve, reject) => {
      fresh.once("connect", () => resolve(fresh));
      fresh.once("error", reject);
      fresh.on("error", () => this.#told.add(fresh));
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${String(Reflect.get(error, "code"))} ${error.message}` : String(error);
}
