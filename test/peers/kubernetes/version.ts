// Which Kubernetes the tests run beside ours, and where its built programs are kept.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The release of `k8s.io/kubernetes` that is built: the one place that names it.
 * After a change `bun run peers` writes the Go module of `kube-apiserver/` anew; commit the result.
 */
export const KUBERNETES_VERSION = "v1.36.3";

/** The folder of the Go module that wraps kube-apiserver. */
export const kubeApiserverModule: string = join(import.meta.dirname, "kube-apiserver");

/** The folder peers are kept in: outside the checkout, so that a clean clone finds them again. */
export function peersFolder(): string {
  const cache = process.env["XDG_CACHE_HOME"];
  const base = cache !== undefined && cache !== "" ? cache : join(homedir(), ".cache");
  return join(base, "coracle", "peers");
}

/** Where the kube-apiserver of {@link KUBERNETES_VERSION} is, built or not. */
export function kubeApiserverPath(): string {
  return join(peersFolder(), `kube-apiserver-${KUBERNETES_VERSION}`, "kube-apiserver");
}

/** The full path of a program on `PATH`, or undefined. */
export function programOnPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":");
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** What `bun run peers` would still have to bring before a real kube-apiserver can start: one line each, none when all is there. */
export function missingKubernetesPeers(): string[] {
  const missing: string[] = [];
  if (!existsSync(kubeApiserverPath())) missing.push(`kube-apiserver ${KUBERNETES_VERSION} is not built`);
  if (programOnPath("etcd") === undefined) missing.push("etcd is not on PATH (Debian package etcd-server)");
  return missing;
}

/**
 * Whether tests against the real kube-apiserver can run here. Says on stderr, in one line, what will not run and why.
 * With `CORACLE_PEERS=required` in the environment (as in CI) their absence is an error.
 */
export function kubernetesPeersReady(whatRuns: string): boolean {
  const missing = missingKubernetesPeers();
  if (missing.length === 0) return true;
  const line = `Cannot run ${whatRuns}: ${missing.join("; ")}; \`bun run peers\` brings them`;
  if (process.env["CORACLE_PEERS"] === "required") throw new Error(line);
  process.stderr.write(`${line}\n`);
  return false;
}
