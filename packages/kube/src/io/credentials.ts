// The credentials of one client: which headers a request carries and, from plugins, which client certificate.
import type { Clock, Millis } from "@coracle/base";
import type { KubeClientConfig } from "./client-config.ts";
import { ExecSource } from "./exec-source.ts";
import { impersonationHeaders, type RequestHeaders } from "./impersonation.ts";
import { FileTokenSource, StaticTokenSource, type TokenSource } from "./token-source.ts";

/** A certificate and key a plugin gave. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What {@link createCredentials} needs besides the configuration. */
export interface CredentialsOptions {
  readonly clock: Clock;
  readonly execTimeoutMs?: number | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Told when a token file cannot be reread; the old token stays in use. */
  readonly onTokenError?: ((error: Error) => void) | undefined;
}

/** What a request is sent with. */
interface RequestCredential {
  /** `authorization` and `impersonate-*`. */
  readonly headers: RequestHeaders;
  /** From a plugin: connections must present it. */
  readonly certificate?: ClientCertificate;
}

/** Where requests get their credentials. */
export interface Credentials {
  /** Asked once per request. Throws when a plugin or a first read of a token file fails. */
  current(): Promise<RequestCredential>;
  /** A request sent at `sentAt` was answered 401: what was known then is not used again if there is a newer one. */
  reject(sentAt: Millis): void;
}

/** The credentials a configuration describes. Over plain HTTP there are none. */
export function createCredentials(config: KubeClientConfig, options: CredentialsOptions): Credentials {
  if (!config.server.startsWith("https:")) return { current: async () => ({ headers: {} }), reject: () => undefined };
  const impersonation = impersonationHeaders(config.impersonate);
  const { basic, exec } = config.auth;
  const tokens = tokenSource(config, options);
  if (tokens !== undefined) {
    return {
      current: async () => ({ headers: { authorization: `Bearer ${await tokens.token()}`, ...impersonation } }),
      reject: (sentAt) => tokens.reject(sentAt),
    };
  }
  if (basic !== undefined) {
    const bytes = new TextEncoder().encode(`${basic.username}:${basic.password}`);
    const headers = { authorization: `Basic ${bytes.toBase64()}`, ...impersonation };
    return { current: async () => ({ headers }), reject: () => undefined };
  }
  if (exec === undefined || config.tls.certificate !== undefined) {
    return { current: async () => ({ headers: impersonation }), reject: () => undefined };
  }
  const source = new ExecSource({
    plugin: exec,
    clock: options.clock,
    timeoutMs: options.execTimeoutMs,
    environment: options.environment,
  });
  return { current: () => pluginCredential(source, impersonation), reject: (sentAt) => source.reject(sentAt) };
}

async function pluginCredential(source: ExecSource, impersonation: RequestHeaders): Promise<RequestCredential> {
  const { token, certificate, key } = await source.credential();
  return {
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...impersonation },
    ...(certificate === undefined || key === undefined ? {} : { certificate: { certificate, key } }),
  };
}

function tokenSource(config: KubeClientConfig, options: CredentialsOptions): TokenSource | undefined {
  const { token, tokenFile } = config.auth;
  if (tokenFile !== undefined) {
    return new FileTokenSource({ path: tokenFile, clock: options.clock, token, onReadError: options.onTokenError });
  }
  return token === undefined ? undefined : new StaticTokenSource(token);
}
