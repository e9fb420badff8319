// From a merged kubeconfig to the configuration of one client: context, cluster, user, and the files they name.
import { keyMatchesCertificate } from "@coracle/runtime";
import { type KubeAuth, type KubeClientConfig, KubeConfigError, type KubeTls } from "./client-config.ts";
import type { ExecClusterInfo } from "./exec-plugin.ts";
import type { Defined, Kubeconfig, KubeconfigCluster, KubeconfigUser, PemReference } from "./kubeconfig-file.ts";
import { isCertificatePem, isPrivateKeyPem, type PemSource } from "./pem-source.ts";
import { readPemFile, readTokenFile } from "./read-file.ts";

/** What a caller may choose instead of what the file says. */
export interface ContextOverrides {
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace?: string | undefined;
}

/** Name of the cluster extension handed to exec plugins (client-go: ExecInfo config). */
const EXEC_EXTENSION = "client.authentication.k8s.io/exec";

/**
 * The client configuration of a context, the current one unless `overrides` says otherwise. CA, certificate and key files
 * are read now. Throws {@link KubeConfigError} naming what is missing.
 */
export async function resolveKubeconfig(
  config: Kubeconfig,
  overrides: ContextOverrides = {},
): Promise<KubeClientConfig> {
  const context = pickContext(config, overrides);
  const clusterName = overrides.cluster ?? context?.value.cluster;
  const cluster = named(config.clusters, clusterName, "cluster");
  const userName = overrides.user ?? context?.value.user;
  const user = userName === undefined ? undefined : named(config.users, userName, "user");
  const server = serverUrl(cluster);
  // A password or token over plain HTTP is readable by everyone on the way: as kubectl, none is sent.
  const isEncrypted = server.startsWith("https:");
  const trimmedUser = isEncrypted ? user : undefined;
  const tls = await resolveTls(cluster, trimmedUser, clusterName ?? "");
  const { proxyUrl, disableCompression } = cluster.value;
  const contextName = overrides.context ?? config.currentContext ?? "";
  return {
    server,
    namespace: overrides.namespace ?? context?.value.namespace ?? "default",
    tls,
    auth: trimmedUser === undefined ? {} : await resolveAuth(trimmedUser, cluster.value, tls),
    ...(trimmedUser?.value.impersonate === undefined ? {} : { impersonate: trimmedUser.value.impersonate }),
    ...(proxyUrl === undefined ? {} : { proxyUrl: checkedProxy(proxyUrl, cluster) }),
    disableCompression,
    origin: `kubeconfig "${cluster.path}" context "${contextName}"`,
  };
}

function pickContext(
  config: Kubeconfig,
  overrides: ContextOverrides,
):
  | Defined<{
      readonly cluster: string | undefined;
      readonly user: string | undefined;
      readonly namespace: string | undefined;
    }>
  | undefined {
  const name = overrides.context ?? config.currentContext;
  if (name === undefined) {
    if (overrides.cluster !== undefined) return undefined;
    throw new KubeConfigError(
      "NO_CONTEXT",
      "Cannot use the kubeconfig as no context is chosen: current-context is empty",
    );
  }
  return named(config.contexts, name, "context");
}

function named<T>(
  entries: ReadonlyMap<string, Defined<T>>,
  name: string | undefined,
  kind: "context" | "cluster" | "user",
): Defined<T> {
  const entry = name === undefined ? undefined : entries.get(name);
  if (entry !== undefined) return entry;
  const codes = { context: "NO_CONTEXT", cluster: "NO_CLUSTER", user: "NO_USER" } as const;
  const known = [...entries.keys()]
    .slice(0, 20)
    .map((each) => `"${each}"`)
    .join(", ");
  throw new KubeConfigError(
    codes[kind],
    `Cannot find ${kind} "${name ?? ""}" in the kubeconfig: known are ${known === "" ? "none" : known}`,
  );
}

function serverUrl(cluster: Defined<KubeconfigCluster>): string {
  const { server } = cluster.value;
  const invalid = (): KubeConfigError =>
    new KubeConfigError(
      "INVALID",
      `Cannot use kubeconfig "${cluster.path}": cluster.server must be an http or https URL, current value is "${server ?? ""}"`,
      { path: cluster.path },
    );
  if (server === undefined) throw invalid();
  // As kubectl: a bare host means https.
  const text = server.includes("://") ? server : `https://${server}`;
  if (!URL.canParse(text)) throw invalid();
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw invalid();
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new KubeConfigError(
      "INVALID",
      `Cannot use kubeconfig "${cluster.path}": cluster.server may hold scheme, host, port and path only`,
      { path: cluster.path },
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function checkedProxy(proxyUrl: string, cluster: Defined<KubeconfigCluster>): string {
  const protocol = URL.canParse(proxyUrl) ? new URL(proxyUrl).protocol : "";
  if (protocol === "http:" || protocol === "https:" || protocol === "socks5:") return proxyUrl;
  throw new KubeConfigError(
    "INVALID",
    `Cannot use kubeconfig "${cluster.path}": cluster.proxy-url must be an http, https or socks5 URL, current scheme is "${protocol}"`,
    { path: cluster.path },
  );
}

async function resolveTls(
  cluster: Defined<KubeconfigCluster>,
  user: Defined<KubeconfigUser> | undefined,
  clusterName: string,
): Promise<KubeTls> {
  const { certificateAuthority, insecureSkipTlsVerify, tlsServerName } = cluster.value;
  const hasAuthority = certificateAuthority.data !== undefined || certificateAuthority.path !== undefined;
  if (insecureSkipTlsVerify && hasAuthority) {
    throw new KubeConfigError(
      "INVALID",
      `Cannot use kubeconfig "${cluster.path}": cluster "${clusterName}" sets both a certificate authority and insecure-skip-tls-verify`,
      { path: cluster.path },
    );
  }
  const ca = await readPem(certificateAuthority, "certificate authority", cluster.path);
  const certificate = user && (await readPem(user.value.clientCertificate, "client certificate", user.path));
  const key = user && (await readPem(user.value.clientKey, "client key", user.path));
  if (user !== undefined && (certificate === undefined) !== (key === undefined)) {
    throw new KubeConfigError(
      "INVALID",
      `Cannot use kubeconfig "${user.path}": a client certificate and its key must be given together`,
      { path: user.path },
    );
  }
  if (user !== undefined && certificate !== undefined && key !== undefined) {
    if (!keyMatchesCertificate(key.pem, certificate.pem)) {
      throw new KubeConfigError(
        "INVALID",
        `Cannot use kubeconfig "${user.path}": the client key does not belong to the client certificate`,
        { path: user.path },
      );
    }
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(tlsServerName === undefined ? {} : { serverName: tlsServerName }),
    ...(insecureSkipTlsVerify ? { insecureSkipVerify: true } : {}),
  };
}

async function readPem(
  reference: PemReference,
  role: "certificate authority" | "client certificate" | "client key",
  kubeconfigPath: string,
): Promise<PemSource | undefined> {
  const accepts = role === "client key" ? isPrivateKeyPem : isCertificatePem;
  const { data, path } = reference;
  if (data !== undefined) {
    if (accepts(data)) return { pem: data };
    throw new KubeConfigError(
      "INVALID",
      `Cannot use the in-line ${role} of kubeconfig "${kubeconfigPath}" as PEM: current value holds no such block`,
      { path: kubeconfigPath },
    );
  }
  return path === undefined ? undefined : readPemFile(path, role, accepts);
}

async function resolveAuth(user: Defined<KubeconfigUser>, cluster: KubeconfigCluster, tls: KubeTls): Promise<KubeAuth> {
  const { token, tokenFile, username, password, exec, authProvider } = user.value;
  if (token !== undefined) return { token, ...(tokenFile === undefined ? {} : { tokenFile }) };
  if (tokenFile !== undefined) return { token: await readTokenFile(tokenFile, "token file"), tokenFile };
  if (username !== undefined) return { basic: { username, password: password ?? "" } };
  if (tls.certificate !== undefined) return {};
  if (exec !== undefined) {
    return { exec: user.value.provideClusterInfo ? { ...exec, cluster: execClusterInfo(cluster, tls) } : exec };
  }
  if (authProvider === undefined) return {};
  throw new KubeConfigError(
    "INVALID",
    `Cannot use kubeconfig "${user.path}": auth-provider "${authProvider}" was removed in Kubernetes 1.26, use an exec plugin`,
    { path: user.path },
  );
}

function execClusterInfo(cluster: KubeconfigCluster, tls: KubeTls): ExecClusterInfo {
  const config = cluster.extensions.get(EXEC_EXTENSION);
  return {
    server: cluster.server ?? "",
    ...(cluster.tlsServerName === undefined ? {} : { "tls-server-name": cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify ? { "insecure-skip-tls-verify": true } : {}),
    ...(tls.ca === undefined ? {} : { "certificate-authority-data": btoa(tls.ca.pem) }),
    ...(cluster.proxyUrl === undefined ? {} : { "proxy-url": cluster.proxyUrl }),
    ...(cluster.disableCompression ? { "disable-compression": true } : {}),
    ...(config === undefined ? {} : { config }),
  };
}
