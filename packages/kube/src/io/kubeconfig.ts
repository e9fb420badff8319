// Finding and loading kubeconfig files as kubectl does: --kubeconfig, else $KUBECONFIG, else ~/.kube/config.
import { environment, homeDirectory } from "@coracle/runtime";
import { type KubeClientConfig, KubeConfigError } from "./client-config.ts";
import { type ContextOverrides, resolveKubeconfig } from "./kubeconfig-context.ts";
import { type Kubeconfig, parseKubeconfig } from "./kubeconfig-file.ts";
import { kubeconfigPaths, mergeKubeconfigs } from "./kubeconfig-merge.ts";
import { readConfigFile } from "./read-file.ts";

/** Which files to load and what to choose in them. */
export interface KubeconfigOptions extends ContextOverrides {
  /** One file given by the user; it must exist, and no other is read. */
  readonly path?: string | undefined;
  /** Defaults to this process's: KUBECONFIG, HOME, HTTPS_PROXY, NO_PROXY are read. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Files in one KUBECONFIG list. */
const FILES_MAX = 1000;

/**
 * Loads, merges and resolves kubeconfig files. Files of a KUBECONFIG list that do not exist are skipped; when none exists,
 * or an explicit path does not, throws {@link KubeConfigError} naming it.
 */
export async function loadKubeconfig(options: KubeconfigOptions = {}): Promise<KubeClientConfig> {
  const variables = options.environment ?? environment();
  const merged = mergeKubeconfigs(await readKubeconfigs(options.path, variables));
  return withEnvironmentProxy(await resolveKubeconfig(merged, options), variables);
}

async function readKubeconfigs(
  path: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<readonly Kubeconfig[]> {
  if (path !== undefined) return [parseKubeconfig(await readConfigFile(path, "kubeconfig"), path)];
  const listed = variables["KUBECONFIG"] ?? "";
  const paths = listed === "" ? [defaultPath(variables)] : kubeconfigPaths(listed);
  if (paths.length > FILES_MAX) {
    throw new KubeConfigError(
      "INVALID",
      `Cannot read KUBECONFIG as it lists more than ${FILES_MAX} files: current value is ${paths.length}`,
    );
  }
  const files: Kubeconfig[] = [];
  for (const each of paths) {
    const text = await readIfThere(each);
    if (text !== undefined) files.push(parseKubeconfig(text, each));
  }
  if (files.length > 0) return files;
  const names = paths.map((each) => `"${each}"`).join(", ");
  throw new KubeConfigError(
    "NO_CONFIGURATION",
    `Cannot find a kubeconfig: ${names} ${paths.length === 1 ? "does" : "do"} not exist`,
    paths[0] === undefined ? {} : { path: paths[0] },
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readConfigFile(path, "kubeconfig");
  } catch (error) {
    if (error instanceof KubeConfigError && error.code === "MISSING_FILE") return undefined;
    throw error;
  }
}

function defaultPath(variables: Readonly<Record<string, string | undefined>>): string {
  return `${variables["HOME"] ?? homeDirectory()}/.kube/config`;
}

/** Adds HTTPS_PROXY and NO_PROXY, which a `proxy-url` of the kubeconfig overrides. */
export function withEnvironmentProxy(
  config: KubeClientConfig,
  variables: Readonly<Record<string, string | undefined>>,
): KubeClientConfig {
  if (config.proxyUrl !== undefined) return config;
  const scheme = config.server.startsWith("https:") ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxyUrl = variables[scheme] ?? variables[scheme.toLowerCase()] ?? "";
  if (proxyUrl === "") return config;
  const noProxy = variables["NO_PROXY"] ?? variables["no_proxy"] ?? "";
  // Go's rule, which Kubernetes users know: the loopback is never reached by way of a proxy.
  const direct = ["localhost", "127.0.0.0/8", "::1", noProxy].filter((each) => each !== "").join(",");
  return { ...config, proxyUrl: proxyUrl.includes("://") ? proxyUrl : `http://${proxyUrl}`, noProxy: direct };
}
