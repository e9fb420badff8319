// What a client must know to reach one API server: the common result of kubeconfig files and the in-cluster files.
import type { ExecPlugin } from "./exec-plugin.ts";
import type { PemSource } from "./pem-source.ts";

/** How requests prove who sends them. The first member that is set wins, in this order; a certificate is part of TLS. */
export interface KubeAuth {
  /** Bearer token known at the start. */
  readonly token?: string;
  /** File the token is reread from (Kubernetes rewrites bound tokens at 80 % of their life). */
  readonly tokenFile?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  /** Used only when there is no token, basic authentication or certificate. */
  readonly exec?: ExecPlugin;
}

/** The user to act as, sent as `Impersonate-*` headers (kubernetes.io: user impersonation). */
export interface Impersonation {
  readonly user?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** TLS towards the API server, with the files its parts came from. */
export interface KubeTls {
  /** Trusted roots; absent means the system's. */
  readonly ca?: PemSource;
  readonly certificate?: PemSource;
  readonly key?: PemSource;
  /** Name to verify and to send as SNI in place of the server's host. */
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

/** Everything {@link createKubeClient} needs. Holds secrets: never print it. */
export interface KubeClientConfig {
  /** Base URL without a trailing slash: scheme, host, port and, behind some proxies, a path. */
  readonly server: string;
  /** Namespace used where a call names none. */
  readonly namespace: string;
  readonly tls: KubeTls;
  readonly auth: KubeAuth;
  readonly impersonate?: Impersonation;
  /** `http`, `https` or `socks5` proxy to reach the server by. */
  readonly proxyUrl?: string;
  /** Comma-separated hosts, domains and CIDR ranges reached directly. */
  readonly noProxy?: string;
  readonly disableCompression: boolean;
  /** Where this came from, for messages: a kubeconfig path with its context, or "in-cluster". */
  readonly origin: string;
}

/** Why a configuration could not be made. */
export type KubeConfigErrorCode =
  | "MISSING_FILE"
  | "UNREADABLE_FILE"
  | "UNPARSABLE"
  | "INVALID"
  | "NO_CONFIGURATION"
  | "NO_CONTEXT"
  | "NO_CLUSTER"
  | "NO_USER"
  | "NOT_IN_CLUSTER";

/** A configuration that cannot be used. The message is one line, names the file, and holds no secret. */
export class KubeConfigError extends Error {
  override readonly name = "KubeConfigError";
  readonly code: KubeConfigErrorCode;
  /** The file at fault, when there is one. */
  readonly path: string | undefined;

  constructor(
    code: KubeConfigErrorCode,
    message: string,
    options: { readonly path?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.path = options.path;
  }
}
