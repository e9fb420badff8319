// Which Kubernetes the tests run beside ours, and where its built programs are kept.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A program built from a Go module of ours that wraps the published one. */
export interface GoPeer {
  readonly name: string;
  /** The module that holds the program, and its release: the one place that names it. */
  readonly module: string;
  readonly version: string;
  /** The folder of our wrapping module. */
  readonly folder: string;
}

/** After a change of the version `bun run peers` writes the Go module in `kube-apiserver/` anew; commit the result. */
export const KUBE_APISERVER: GoPeer = {
  name: "kube-apiserver",
  module: "k8s.io/kubernetes",
  version: "v1.36.3",
  folder: join(import.meta.dirname, "kube-apiserver"),
};

/** An etcd that answers watch progress requests; kube-apiserver serves WatchList on no older one. */
export const ETCD: GoPeer = {
  name: "etcd",
  module: "go.etcd.io/etcd/server/v3",
  version: "v3.6.16",
  folder: join(import.meta.dirname, "etcd"),
};

/** The folder peers are kept in: outside the checkout, so that a clean clone finds them again. */
export function peersFolder(): string {
  const cache = process.env["XDG_CACHE_HOME"];
  const base = cache !== undefined && cache !== "" ? cache : join(homedir(), ".cache");
  return join(base, "coracle", "peers");
}

/** Where a peer's program is, built or not. */
export function peerPath(peer: GoPeer): string {
  return join(peersFolder(), `${peer.name}-${peer.version}`, peer.name);
}

/** The full path of a program on `PATH`, or undefined. */
export function programOnPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":");
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** What `bun run peers` would still have to build before a real kube-apiserver can start: one line each, none when all is there. */
export function missingKubernetesPeers(): string[] {
  return [KUBE_APISERVER, ETCD]
    .filter((peer) => !existsSync(peerPath(peer)))
    .map((peer) => `${peer.name} ${peer.version} is not built`);
}

/**
 * Whether tests against the real kube-apiserver can run here. Says on stderr, in one line, what will not run and why.
 * With `CORACLE_TEST_PEERS=required` in the environment (as in CI) their absence is an error.
 */
export function kubernetesPeersReady(whatRuns: string): boolean {
  const missing = missingKubernetesPeers();
  if (missing.length === 0) return true;
  const line = `Cannot run ${whatRuns}: ${missing.join("; ")}; \`bun run peers\` brings them`;
  if (process.env["CORACLE_TEST_PEERS"] === "required") throw new Error(line);
  process.stderr.write(`${line}\n`);
  return false;
}
