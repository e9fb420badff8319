// The three followers of the watch benchmark: our compiled binary, client-go's informer and client-node's.
import { join } from "node:path";
import { buildPeer, type GoPeer, KUBE_APISERVER, peerPath, programOnPath } from "@coracle/test/peers/kubernetes";
import { CannotRun } from "../bench.ts";
import { buildBinaries } from "../binaries.ts";
import { bundleForNode, referenceNode } from "../node-program.ts";
import type { Follower } from "./follower-process.ts";

/** What our follower keeps of a pod besides its identity. */
export const PROJECTED_FIELDS: readonly string[] = [
  "metadata.labels",
  "metadata.deletionTimestamp",
  "spec.nodeName",
  "spec.hostNetwork",
  "status.phase",
  "status.podIP",
  "status.podIPs[].ip",
];

/** The shared informer, built from the Go module beside this file with the client-go of the server's own release. */
const CLIENT_GO_INFORMER: GoPeer = {
  name: "client-go-informer",
  module: "k8s.io/client-go",
  version: KUBE_APISERVER.version.replace(/^v1\./, "v0."),
  folder: join(import.meta.dirname, "client-go"),
};

const OURS_SYNCED = /"type":"SYNCED".*?"objects":(\d+)/;
const REFERENCE_SYNCED = /synced (\d+)/;

/** Our watcher on all pods. `streaming` asks for the first state as a stream (WatchList), else for a list. */
export function ourFollower(kubeconfig: string, streaming: boolean): Follower {
  const { watcher } = buildBinaries(["watcher"]);
  const form = streaming ? [] : ["--no-streaming-list"];
  const fields = ["--fields", PROJECTED_FIELDS.join(","), "--output", "jsonl"];
  return { argv: [watcher, "pods", "-A", "--kubeconfig", kubeconfig, ...fields, ...form], synced: OURS_SYNCED };
}

/** A client-go shared informer; built into the cache at the first use. */
export async function clientGoFollower(kubeconfig: string, progress: (text: string) => void): Promise<Follower> {
  if (programOnPath("go") === undefined) throw new CannotRun("go is not on PATH", "Install Go.");
  await buildPeer(CLIENT_GO_INFORMER, {
    step: (text) => progress(`client-go informer: ${text}`),
    compiled: () => undefined,
  });
  return { argv: [peerPath(CLIENT_GO_INFORMER), kubeconfig], synced: REFERENCE_SYNCED };
}

/** An informer of @kubernetes/client-node, on Node. */
export async function clientNodeFollower(kubeconfig: string, folder: string): Promise<Follower> {
  const program = bundleForNode(join(import.meta.dirname, "client-node-informer.ts"), folder);
  return { argv: [await referenceNode(), program, kubeconfig], synced: REFERENCE_SYNCED };
}
