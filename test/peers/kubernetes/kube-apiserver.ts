// A real kube-apiserver on a real etcd, on loopback, for one test: own data, own authority, own tokens, gone afterwards.
import type { CertificatePair } from "./certificates.ts";
import { type Credentials, writeCredentials } from "./credentials.ts";
import { type Etcd, startEtcd } from "./etcd.ts";
import { type Answer, type Exchange, exchange, type HttpsTarget } from "./https-exchange.ts";
import { commandLine, type FlagValues } from "./kube-apiserver-flags.ts";
import { type PeerProcess, startPeerProcess } from "./peer-process.ts";
import { freePorts } from "@coracle/sim";
import { type ServiceAccountIdentity, signServiceAccountToken } from "./service-account-token.ts";
import { removeTemporaryFolder } from "./temporary-folder.ts";
import { KUBE_APISERVER, missingKubernetesPeers, peerPath } from "./version.ts";
import { PeerGone, waitFor } from "./wait.ts";

/** Options of {@link startKubeApiserver}. */
export interface KubeApiserverOptions {
  /**
   * Flags by name without dashes; they replace the harness's own: `{"max-requests-inflight": "5"}`. A list repeats
   * the flag, null leaves it out.
   */
  readonly flags?: FlagValues;
  /** Use this etcd, which the caller stops; an own one by default. */
  readonly etcd?: Etcd;
  /** How long the start may take; 60 s by default. */
  readonly startTimeoutMs?: number;
}

/** A running kube-apiserver with an administrator's credentials. */
export interface KubeApiserver {
  /** `https://127.0.0.1:PORT`; stays the same over {@link KubeApiserver.restart}. */
  readonly url: string;
  /** The authority behind the server's certificate, PEM. */
  readonly caPem: string;
  /** A client certificate of group `system:masters`. */
  readonly admin: CertificatePair;
  /** A static token of the same rights. */
  readonly adminToken: string;
  /** A kubeconfig file of the administrator; it and all below `folder` disappear with the server. */
  readonly kubeconfigPath: string;
  readonly folder: string;
  readonly etcd: Etcd;
  /** The administrator's target for {@link exchange}. */
  readonly target: HttpsTarget;
  pid(): number;
  /** Whether the process is there. */
  running(): boolean;
  /** What the server last wrote to its log (64 KiB). */
  log(): string;
  /** Sends one request as administrator. */
  request(sent: Exchange): Promise<Answer>;
  /** Sends JSON and reads JSON as administrator; throws unless the answer is 2xx. */
  json(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown>;
  /** A client certificate of this server's client authority. */
  issueClient(user: string, groups: readonly string[], lifetimeSeconds?: number): Promise<CertificatePair>;
  /**
   * A bound service-account token that lives as briefly as a test wants: TokenRequest grants no less than ten minutes.
   * The server checks it as one of its own.
   */
  issueServiceAccountToken(account: ServiceAccountIdentity, lifetimeSeconds: number): string;
  /** Puts a serving certificate of a new authority in place and waits until new connections get it; returns the new authority. */
  swapServingAuthority(): Promise<string>;
  /** Makes etcd forget all revisions before `revision` (the current one by default). */
  compactEtcd(revision?: number): Promise<number>;
  /** Ends the server as a power cut would; etcd stays. */
  kill9(): Promise<void>;
  /** Starts the server again on the same port (after an orderly stop if it runs); `flags` replace those of the start. */
  restart(flags?: FlagValues): Promise<void>;
  /** Ends server and own etcd and removes all files. Safe to call twice. */
  stop(): Promise<void>;
}

const START_ATTEMPTS_MAX = 3;

/** Starts a kube-apiserver; it is ready and has its system namespaces when this returns (2–4 s). */
export async function startKubeApiserver(options: KubeApiserverOptions = {}): Promise<KubeApiserver> {
  const missing = missingKubernetesPeers();
  if (missing.length > 0) throw new Error(`Cannot start kube-apiserver: ${missing.join("; ")}`);
  const etcd = options.etcd ?? (await startEtcd());
  try {
    for (let attempt = 1; ; attempt++) {
      const server = new Server(await writeCredentials(), etcd, options);
      try {
        await server.start();
        return server;
      } catch (error) {
        const taken = server.log().includes("address already in use");
        await server.discard();
        if (!taken || attempt === START_ATTEMPTS_MAX) throw error;
      }
    }
  } catch (error) {
    if (options.etcd === undefined) await etcd.stop();
    throw error;
  }
}

class Server implements KubeApiserver {
  readonly etcd: Etcd;
  readonly #credentials: Credentials;
  readonly #options: KubeApiserverOptions;
  #flags: FlagValues;
  #port = 0;
  #caPem: string;
  #process: PeerProcess | undefined;

  constructor(credentials: Credentials, etcd: Etcd, options: KubeApiserverOptions) {
    this.#credentials = credentials;
    this.#caPem = credentials.serving.caPem;
    this.#flags = options.flags ?? {};
    this.#options = options;
    this.etcd = etcd;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }
  get caPem(): string {
    return this.#caPem;
  }
  get admin(): CertificatePair {
    return this.#credentials.admin;
  }
  get adminToken(): string {
    return this.#credentials.adminToken;
  }
  get folder(): string {
    return this.#credentials.folder;
  }
  get kubeconfigPath(): string {
    return this.#credentials.kubeconfigPath;
  }
  get target(): HttpsTarget {
    return { url: this.url, caPem: this.caPem, certPem: this.admin.certPem, keyPem: this.admin.keyPem };
  }

  pid(): number {
    return this.#process?.pid ?? 0;
  }
  running(): boolean {
    return this.#process?.running() ?? false;
  }
  log(): string {
    return this.#process?.output() ?? "";
  }

  async start(): Promise<void> {
    if (this.#port === 0) this.#port = (await freePorts(1))[0] ?? 0;
    await this.#credentials.writeKubeconfig(this.url, this.#caPem);
    this.#process = await startPeerProcess([
      peerPath(KUBE_APISERVER),
      ...commandLine(this.#credentials, { port: this.#port, etcdUrl: this.etcd.url }, this.#flags),
    ]);
    await waitFor("kube-apiserver", () => this.#ready(), { timeoutMs: this.#options.startTimeoutMs ?? 60_000 });
  }

  async #ready(): Promise<true | undefined> {
    if (!this.running()) throw new PeerGone(`Cannot start kube-apiserver, it ended: ${this.log().slice(-4000)}`);
    for (const path of ["/readyz", "/api/v1/namespaces/default"]) {
      const { status } = await this.request({ method: "GET", path, timeoutMs: 2000 });
      if (status !== 200) return undefined;
    }
    return true;
  }

  request(sent: Exchange): Promise<Answer> {
    return exchange(this.target, sent);
  }

  async json(method: string, path: string, body?: unknown, contentType = "application/json"): Promise<unknown> {
    const answer = await this.request({
      method,
      path,
      headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": contentType }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`Cannot ${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
    return JSON.parse(answer.text);
  }

  issueClient(user: string, groups: readonly string[], lifetimeSeconds = 86_400): Promise<CertificatePair> {
    return this.#credentials.clients.issue({
      commonName: user,
      organizations: groups,
      usage: "client",
      lifetimeSeconds,
    });
  }

  issueServiceAccountToken(account: ServiceAccountIdentity, lifetimeSeconds: number): string {
    return signServiceAccountToken(this.#credentials.signingKeyPem, account, lifetimeSeconds);
  }

  async swapServingAuthority(): Promise<string> {
    this.#caPem = await this.#credentials.replaceServing();
    await this.#credentials.writeKubeconfig(this.url, this.#caPem);
    await waitFor("kube-apiserver's new certificate", () => this.#ready(), { timeoutMs: 90_000 });
    return this.#caPem;
  }

  compactEtcd(revision?: number): Promise<number> {
    return this.etcd.compact(revision);
  }

  async kill9(): Promise<void> {
    await this.#process?.kill9();
  }

  async restart(flags?: FlagValues): Promise<void> {
    if (flags !== undefined) this.#flags = flags;
    await this.#process?.stop();
    await this.start();
  }

  /** Ends the process and removes its files, leaving etcd alone. */
  async discard(): Promise<void> {
    await this.#process?.stop(5000);
    await removeTemporaryFolder(this.folder);
  }

  async stop(): Promise<void> {
    // etcd last: a kube-apiserver without its store hangs on the way out.
    await this.discard();
    if (this.#options.etcd === undefined) await this.etcd.stop();
  }
}
