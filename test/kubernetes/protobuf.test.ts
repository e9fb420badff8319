// Every built-in kind of a real kube-apiserver, by JSON and by protobuf: the same objects to the byte, members in the same order.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compileProjection,
  FULL_PROJECTION,
  type GroupVersionResource,
  type KubeObject,
  protobufKind,
} from "@coracle/kube";
import { follow, type KubeClient } from "@coracle/kube/io";
import { podManifest, podStatus } from "../../bench/src/watch/sample-pod.ts";
import { kubernetesPeersReady } from "../peers/kubernetes/mod.ts";
import { PODS, withCluster } from "./cluster.ts";

const FIELDS = ["kind", "metadata.labels", "metadata.ownerReferences[].name", "spec.nodeName", "status.podIPs[].ip"];

const ATTEMPTS = 3;

/** The state of a collection as texts, as a stream or a list. */
async function stateOf(
  client: KubeClient,
  resource: GroupVersionResource,
  options: { readonly protobuf: boolean; readonly streamingList: boolean; readonly fields?: readonly string[] },
): Promise<readonly string[]> {
  const compiled = compileProjection(options.fields ?? []);
  assert.ok(compiled.ok);
  const projection = options.fields === undefined ? FULL_PROJECTION : compiled.value;
  const texts: string[] = [];
  for await (const event of follow(client, resource, { ...options, projection })) {
    if (event.kind === "item") texts.push(JSON.stringify(event.object));
    if (event.kind === "error") assert.fail(`${resource.resource}: ${event.status.message}`);
    if (event.kind === "sync-end") break;
  }
  return texts.toSorted();
}

/** Compares both forms of one collection; answers how many objects it has. */
async function compare(
  client: KubeClient,
  resource: GroupVersionResource,
  options: { readonly streamingList: boolean; readonly fields?: readonly string[] },
): Promise<number> {
  // The server renews leases of its own meanwhile.
  for (let attempt = 1; ; attempt++) {
    const [json, protobuf] = await Promise.all([
      stateOf(client, resource, { ...options, protobuf: false }),
      stateOf(client, resource, { ...options, protobuf: true }),
    ]);
    if (attempt < ATTEMPTS && protobuf.join("\n") !== json.join("\n")) continue;
    assert.deepEqual(protobuf, json, `${resource.group}/${resource.version} ${resource.resource}`);
    return json.length;
  }
}

/** Objects with what makes kinds differ: numbers or texts, quantities, times, bytes, empty and absent members. */
const SAMPLES: readonly (readonly [GroupVersionResource, KubeObject])[] = [
  [
    { group: "", version: "v1", resource: "secrets" },
    { metadata: { name: "bytes", namespace: "default" }, data: { a: "", b: "AA==", c: "AAEC" } },
  ],
  [
    { group: "", version: "v1", resource: "services" },
    {
      metadata: { name: "service", namespace: "default" },
      spec: {
        selector: { a: "b" },
        ports: [
          { port: 80, targetPort: "http" },
          { port: 81, name: "b", targetPort: 8080 },
        ].slice(0, 1),
      },
    },
  ],
  [
    { group: "", version: "v1", resource: "nodes" },
    { metadata: { name: "node" }, spec: { taints: [{ key: "k", effect: "NoSchedule" }] } },
  ],
  [
    { group: "apps", version: "v1", resource: "deployments" },
    {
      metadata: { name: "deployment", namespace: "default" },
      spec: {
        replicas: 0,
        selector: { matchLabels: { a: "b" } },
        strategy: { rollingUpdate: { maxSurge: "25%", maxUnavailable: 1 } },
        template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "localhost/none" }] } },
      },
    },
  ],
  [
    { group: "apps", version: "v1", resource: "controllerrevisions" },
    { metadata: { name: "revision", namespace: "default" }, revision: 3, data: { spec: { any: ["thing", 1, null] } } },
  ],
  [
    { group: "coordination.k8s.io", version: "v1", resource: "leases" },
    { metadata: { name: "lease", namespace: "default" }, spec: { renewTime: "2026-01-05T08:00:00.000120Z" } },
  ],
  [
    { group: "batch", version: "v1", resource: "cronjobs" },
    {
      metadata: { name: "job", namespace: "default" },
      spec: {
        schedule: "* * * * *",
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "localhost/none" }] } },
          },
        },
      },
    },
  ],
];

if (kubernetesPeersReady("the comparison of protobuf and JSON on a real kube-apiserver")) {
  test("every built-in kind is the same by protobuf and by JSON", { timeout: 180_000 }, async () => {
    await withCluster({}, async ({ client }) => {
      await client.create(PODS, {
        ...podManifest("pod"),
        metadata: { name: "pod", namespace: "default", labels: { a: "b" } },
      });
      const target = { name: "pod", namespace: "default", subresource: "status" };
      await client.patch(PODS, target, { status: podStatus() } as unknown as KubeObject, { type: "strategic" });
      for (const [resource, object] of SAMPLES) await client.create(resource, object);
      let compared = 0;
      for (const { group, version, resource, verbs } of await client.resources()) {
        const named = { group, version, resource };
        if (!verbs.includes("list") || !verbs.includes("watch")) continue;
        if (protobufKind(named, FULL_PROJECTION) === undefined) continue;
        for (const streamingList of [true, false]) {
          for (const fields of [undefined, FIELDS]) {
            compared += await compare(client, named, { streamingList, ...(fields === undefined ? {} : { fields }) });
          }
        }
      }
      assert.ok(compared > 4 * SAMPLES.length, `${compared} objects compared`);
    });
  });
}
