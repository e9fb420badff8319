// Tens of thousands of pods in a real kube-apiserver: one is created through it, then stored again and again under other names.
import type { KubeApiserver } from "@coracle/test/peers/kubernetes";
import { podManifest, podStatus } from "./sample-pod.ts";

/** Pods in one transaction of etcd, which takes 128 operations and 1.5 MB. */
const BATCH_SIZE = 50;
const WRITERS = 4;

/** One pod as the server stores it, with what differs from pod to pod still to be filled in. */
export interface StoredPod {
  /** Size of the pod as the server sends it. */
  readonly sizeBytes: number;
  /** The stored JSON of pod number `index`. */
  readonly text: (index: number) => string;
}

/** Creates one pod through the server, as a user and a kubelet do, and takes it as the pattern of all. */
export async function takePattern(server: KubeApiserver): Promise<StoredPod> {
  const path = "/api/v1/namespaces/default/pods";
  const patch = "application/strategic-merge-patch+json";
  await server.json("POST", `${path}?fieldManager=kube-controller-manager`, podManifest("pattern"));
  await server.json("PATCH", `${path}/pattern/status?fieldManager=kubelet`, { status: podStatus() }, patch);
  const text = (await server.request({ method: "GET", path: `${path}/pattern` })).text;
  await server.json("DELETE", `${path}/pattern?gracePeriodSeconds=0`);
  const pattern = JSON.parse(text) as { metadata: { uid: string; resourceVersion?: string } };
  const { uid } = pattern.metadata;
  delete pattern.metadata.resourceVersion;
  const pieces = JSON.stringify(pattern);
  return {
    sizeBytes: text.length,
    text: (index) =>
      pieces
        .replace('"name":"pattern"', `"name":"${podName(index)}"`)
        .replace(uid, uidOf(index))
        .replace('"nodeName":"node-1"', `"nodeName":"node-${index % 200}"`)
        .replaceAll("10.32.0.1", `10.32.${index >> 8}.${index & 255}`)
        .replaceAll("fd00:10:32::1", `fd00:10:32::${index.toString(16)}`),
  };
}

/** Puts pods `from` to `to` (not included) straight into the server's etcd, where kube-apiserver takes JSON too. */
export async function storePods(server: KubeApiserver, pod: StoredPod, from: number, to: number): Promise<void> {
  let next = from;
  const writer = async (): Promise<void> => {
    while (next < to) {
      const first = next;
      next = Math.min(to, first + BATCH_SIZE);
      const success = Array.from({ length: next - first }, (_, index) => ({
        requestPut: {
          key: base64(`/registry/pods/default/${podName(first + index)}`),
          value: base64(pod.text(first + index)),
        },
      }));
      const answer = await fetch(`${server.etcd.url}/v3/kv/txn`, { method: "POST", body: JSON.stringify({ success }) });
      if (!answer.ok) throw new Error(`Cannot store pods: etcd answers ${answer.status} ${await answer.text()}`);
      await answer.body?.cancel();
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

function podName(index: number): string {
  return `checkout-7c9f6d5b84-${index.toString(36).padStart(5, "0")}`;
}

function uidOf(index: number): string {
  return `5f0c1a52-9a1e-4f0b-8d5a-${index.toString(16).padStart(12, "0")}`;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
