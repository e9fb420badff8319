// Clients that never pause: each sends the next request when the last is answered, and notes everything that is not 200.
import * as http from "node:http";
import * as http2 from "node:http2";
import * as tls from "node:tls";
import * as https from "node:https";

/** How one request came out. */
export type Answer =
  | { readonly kind: "status"; readonly status: number; readonly retryAfter: string | undefined; readonly body: string }
  /** The server said beforehand (GOAWAY) that it did not take the request: it is sent again elsewhere. */
  | { readonly kind: "not-taken" }
  | { readonly kind: "failed"; readonly error: string };

const ECHO_LENGTH = 30_000;

/** One client with one connection at a time. */
export interface HammerClient {
  /** A GET, or with a body a POST; the body is sent once `hold` resolves, and until then the request runs. */
  request(path: string, body?: string, hold?: Promise<void>): Promise<Answer>;
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

/** A worker under way. */
export interface Worker {
  /** What it has seen so far. */
  readonly tally: Tally;
  readonly done: Promise<void>;
}

/** Sends requests until one is refused with 429 or 503, or `until` aborts. An echo must come back whole. Failures are kept, not thrown. */
export function startWorker(client: HammerClient, path: string, until: AbortSignal): Worker {
  const tally: Tally = { ok: 0, refused: 0, replayed: 0, failures: [] };
  return { tally, done: work(client, path, until, tally) };
}

/** Resolves once every worker has had `count` more requests answered; rejects if one stopped before. */
export async function progress(workers: readonly Worker[], count: number): Promise<void> {
  const goals = workers.map(({ tally }) => tally.ok + count);
  while (workers.some(({ tally }, index) => tally.ok < (goals[index] ?? 0))) {
    const failures = workers.flatMap(({ tally }) => tally.failures);
    if (failures.length > 0) throw new Error(`Requests failed: ${failures.join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function work(client: HammerClient, path: string, until: AbortSignal, tally: Tally): Promise<void> {
  const body = path === "/echo" ? "x".repeat(ECHO_LENGTH) : undefined;
  while (!until.aborted && tally.refused === 0 && tally.failures.length < 5) {
    const answer = await client.request(path, body);
    if (answer.kind === "not-taken") tally.replayed += 1;
    else if (answer.kind === "failed") tally.failures.push(answer.error);
    else if (answer.status === 200 && (body === undefined || answer.body === body)) tally.ok += 1;
    else if ((answer.status === 429 || answer.status === 503) && answer.retryAfter !== undefined) tally.refused += 1;
    else tally.failures.push(`status ${answer.status}: ${answer.body.slice(0, 100)}`);
  }
  client.close();
}

/** Resolves once the service counts so many requests of a kind as running. */
export async function untilRunning(url: string, kind: "ordinary" | "long-running", count: number): Promise<void> {
  const client = new Http1Client(url);
  for (let text = ""; !text.includes(`in_flight{kind="${kind}"} ${count}\n`);) {
    const answer = await client.request("/metrics");
    text = answer.kind === "status" ? answer.body : "";
  }
  client.close();
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

  request(path: string, content?: string, hold: Promise<void> = Promise.resolve()): Promise<Answer> {
    const { ca, cert, key } = this.#trust;
    const method = content === undefined ? "GET" : "POST";
    const options = { method, agent: this.#agent, ca: [...ca], ...(cert === undefined ? {} : { cert, key }) };
    const send = this.#base.startsWith("https:") ? https.request : http.request;
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
      request.flushHeaders();
      void hold.then(() => request.end(content));
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
  #socket: tls.TLSSocket | undefined;
  readonly #told: WeakSet<http2.ClientHttp2Session> = new WeakSet();

  constructor(base: string, trust: Trust) {
    this.#base = base;
    this.#trust = trust;
  }

  async request(path: string, content?: string, hold: Promise<void> = Promise.resolve()): Promise<Answer> {
    let session: http2.ClientHttp2Session;
    try {
      session = await this.#connected();
    } catch (error) {
      return { kind: "failed", error: `connect: ${describe(error)}` };
    }
    return new Promise((resolve) => {
      const stream = session.request({ ":path": path, ":method": content === undefined ? "GET" : "POST" });
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
      void hold.then(() => stream.end(content));
    });
  }

  /** Ends the connection by FIN: a GOAWAY of ours can make a Deno server abort (denoland/deno#36788). */
  close(): void {
    this.#socket?.end();
  }

  #connected(): Promise<http2.ClientHttp2Session> {
    const session = this.#session;
    if (session !== undefined && !session.closed && !session.destroyed && !this.#told.has(session))
      return Promise.resolve(session);
    const { ca, cert, key } = this.#trust;
    const { hostname: host, port } = new URL(this.#base);
    const socket = tls.connect({
      host,
      port: Number(port),
      ca: [...ca],
      ALPNProtocols: ["h2"],
      ...(cert === undefined ? {} : { cert, key }),
    });
    const fresh = http2.connect(this.#base, { createConnection: () => socket });
    this.#socket = socket;
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
