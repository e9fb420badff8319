// The bytes of a watch as a kube-apiserver sends them: one JSON event a line, for decoders to be fed with.
import { podManifest, podStatus } from "./sample-pod.ts";

/** A recording. */
export interface RecordedWatch {
  readonly bytes: Uint8Array;
  readonly events: number;
}

/** `events` ADDED events of different pods; without a server the pods lack managedFields and are 4 kB smaller. */
export function recordWatch(podText: (index: number) => string, events: number): RecordedWatch {
  const lines = Array.from({ length: events }, (_, index) => {
    const pod = JSON.parse(podText(index)) as { metadata: Record<string, unknown> };
    pod.metadata["resourceVersion"] = String(1000 + index);
    return `{"type":"ADDED","object":${JSON.stringify(pod)}}\n`;
  });
  return { bytes: new TextEncoder().encode(lines.join("")), events };
}

/** A pod's text where no server can be asked for one. */
export function madeUpPod(index: number): string {
  const pod = podManifest(`pod-${index}`) as { metadata: object };
  const server = { namespace: "default", uid: `5f0c1a52-9a1e-4f0b-8d5a-${String(index).padStart(12, "0")}` };
  return JSON.stringify({ ...pod, metadata: { ...pod.metadata, ...server }, status: podStatus() });
}
