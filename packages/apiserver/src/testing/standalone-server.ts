// A real standalone server in this process, on a port of its own and a folder that goes away, for tests over the wire.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommandLine, type RunningService, startService } from "@coracle/lifecycle";
import { createHttpClient, type HttpClient, type HttpResponse, type TlsClientOptions } from "@coracle/runtime";
import { parse } from "yaml";
import { type ApiServerConfig, apiServerConfig } from "../config.ts";
import { setUpStandalone } from "../io/standalone.ts";

/** What a test may change. */
export interface StandaloneServerOptions {
  /** Further command line arguments. */
  readonly args?: readonly string[];
  /** Uses this folder and leaves it there. */
  readonly folder?: string;
  /** Sets the server up instead of setUpStandalone. */
  readonly setup?: typeof setUpStandalone;
}

/** An answer with its body read. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What a request may carry. */
export interface Asking {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running server and its administrator. */
export class StandaloneServer {
  readonly service: RunningService;
  readonly folder: string;
  readonly url: string;
  readonly tls: TlsClientOptions & { readonly ca: readonly string[] };
  readonly client: HttpClient;
  readonly #ownsFolder: boolean;
  readonly #clients: HttpClient[] = [];

  private constructor(
    service: RunningService,
    folder: string,
    options: { readonly owns: boolean; readonly admin: Admin },
  ) {
    this.service = service;
    this.folder = folder;
    this.url = options.admin.url;
    this.tls = options.admin.tls;
    this.#ownsFolder = options.owns;
    this.client = this.clientWith(this.tls);
  }

  static async start(options: StandaloneServerOptions = {}): Promise<StandaloneServer> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "coracle-apiserver-")));
    try {
      const service = await startService({
        component: "apiserver",
        config: configFor(folder, options.args ?? []),
        setup: options.setup ?? setUpStandalone,
        environment: { logSink: () => undefined },
      });
      await ready(service);
      const admin = await readAdmin(folder);
      return new StandaloneServer(service, folder, { owns: options.folder === undefined, admin });
    } catch (error) {
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** A client with other credentials; closed with the server. */
  clientWith(tls: TlsClientOptions, http2 = true): HttpClient {
    const client = createHttpClient({ tls, http2 });
    this.#clients.push(client);
    return client;
  }

  /** A request as the administrator; objects are sent as JSON. */
  async ask(path: string, asking: Asking = {}): Promise<Answered> {
    const response = await this.open(path, asking);
    const text = await response.text(64 * 1024 * 1024);
    return { status: response.status, headers: response.headers, body: bodyOf(text) };
  }

  /** The same without reading the body. */
  open(path: string, asking: Asking & { readonly signal?: AbortSignal } = {}): Promise<HttpResponse> {
    const { method = "GET", body, headers = {}, signal } = asking;
    return this.client.request({
      method,
      url: this.url + path,
      headers: { "content-type": "application/json", "user-agent": "test/1", ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.service.stop("the test is over");
    await this.service.finished;
    if (this.#ownsFolder) await rm(this.folder, { recursive: true, force: true });
  }
}

/** The configuration a command line gives. */
export function configFor(folder: string, args: readonly string[] = []): ApiServerConfig {
  const line = ["--standalone", "--data", folder, "--listen", "127.0.0.1:0", "--shutdown-watch-grace", "0s", ...args];
  const parsed = parseCommandLine(apiServerConfig, line, {});
  if (parsed.kind !== "config") throw new Error(`the command line gives no configuration: ${parsed.kind}`);
  return parsed.config;
}

async function ready(service: RunningService): Promise<void> {
  for (;;) {
    const answer = await service.health.probe("readyz");
    if (answer.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Admin {
  readonly url: string;
  readonly tls: TlsClientOptions & { readonly ca: readonly string[] };
}

/** The administrator's credentials out of the folder. */
export async function readAdmin(folder: string): Promise<Admin> {
  const text = await readFile(join(folder, "admin.kubeconfig"), "utf8");
  const { clusters, users } = parse(text) as {
    clusters: readonly { cluster: { server: string; "certificate-authority-data": string } }[];
    users: readonly { user: { "client-certificate-data": string; "client-key-data": string } }[];
  };
  const cluster = clusters[0]?.cluster;
  const user = users[0]?.user;
  if (cluster === undefined || user === undefined) throw new Error("the kubeconfig is empty");
  return {
    url: cluster.server,
    tls: {
      ca: [atob(cluster["certificate-authority-data"])],
      cert: atob(user["client-certificate-data"]),
      key: atob(user["client-key-data"]),
    },
  };
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
