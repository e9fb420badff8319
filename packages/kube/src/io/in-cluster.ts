// The configuration every pod is given: service host and port, projected token, CA and namespace (client-go rest.InClusterConfig).
import { environment } from "@coracle/runtime";
import { type KubeClientConfig, KubeConfigError } from "./client-config.ts";
import { loadKubeconfig, type KubeconfigOptions, withEnvironmentProxy } from "./kubeconfig.ts";
import { isCertificatePem, type PemSource } from "./pem-source.ts";
import { readConfigFile, readPemFile, readTokenFile } from "./read-file.ts";

/** Where the kubelet mounts the service account. */
const SERVICE_ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/** For tests and unusual mounts. */
export interface InClusterOptions {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly directory?: string | undefined;
  /** Told when the CA file is missing or unusable: the system's roots are used then, as in client-go. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The configuration of a pod. Throws {@link KubeConfigError} NOT_IN_CLUSTER without the two service variables, and
 * MISSING_FILE without a token.
 */
export async function inClusterConfig(options: InClusterOptions = {}): Promise<KubeClientConfig> {
  const variables = options.environment ?? environment();
  const directory = options.directory ?? SERVICE_ACCOUNT_DIRECTORY;
  const host = variables["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = variables["KUBERNETES_SERVICE_PORT"] ?? "";
  if (host === "" || port === "") {
    throw new KubeConfigError(
      "NOT_IN_CLUSTER",
      "Cannot use the in-cluster configuration: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be set",
    );
  }
  const tokenFile = `${directory}/token`;
  const token = await readTokenFile(tokenFile, "service account token");
  const ca = await readCa(`${directory}/ca.crt`, options.onWarning);
  const config: KubeClientConfig = {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: await readNamespace(`${directory}/namespace`, variables["POD_NAMESPACE"]),
    tls: ca === undefined ? {} : { ca },
    auth: { token, tokenFile },
    disableCompression: false,
    origin: "in-cluster",
  };
  return withEnvironmentProxy(config, variables);
}

async function readCa(path: string, onWarning: InClusterOptions["onWarning"]): Promise<PemSource | undefined> {
  try {
    return await readPemFile(path, "cluster certificate authority", isCertificatePem);
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    onWarning?.(error.message);
    return undefined;
  }
}

async function readNamespace(path: string, fallback: string | undefined): Promise<string> {
  try {
    const text = (await readConfigFile(path, "pod namespace")).trim();
    if (text !== "") return text;
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
  }
  return fallback === undefined || fallback === "" ? "default" : fallback;
}

/**
 * What a program should use when it is told nothing: the kubeconfig when one is named or exists, else the in-cluster files.
 * A kubeconfig that exists and is broken is an error, never skipped.
 */
export async function defaultClientConfig(
  options: KubeconfigOptions & Pick<InClusterOptions, "directory" | "onWarning"> = {},
): Promise<KubeClientConfig> {
  try {
    return await loadKubeconfig(options);
  } catch (error) {
    if (!(error instanceof KubeConfigError) || error.code !== "NO_CONFIGURATION") throw error;
    const variables = options.environment ?? environment();
    if (variables["KUBERNETES_SERVICE_HOST"] === undefined) throw error;
    return inClusterConfig(options);
  }
}
