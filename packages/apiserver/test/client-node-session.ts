// What a program with @kubernetes/client-node does against a server; run as a process of its own, since authorities come by environment.
import process from "node:process";
import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";

const [server = "", token = ""] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromOptions({
  clusters: [{ name: "c", server }],
  users: [{ name: "u", token }],
  contexts: [{ name: "x", cluster: "c", user: "u" }],
  currentContext: "x",
});
const core = config.makeApiClient(CoreV1Api);
const custom = config.makeApiClient(CustomObjectsApi);
const namespace = "default";
const said: string[] = [];

const seen: string[] = [];
const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
  core.listNamespacedConfigMap({ namespace }),
);
const watched = new Promise<void>((resolve) => {
  for (const verb of ["add", "update", "delete"] as const) {
    informer.on(verb, (object) => {
      if (object.metadata?.name !== "node") return;
      seen.push(verb);
      if (verb === "delete") resolve();
    });
  }
});
await informer.start();

await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "node" }, data: { a: "1" } } });
const read = await core.readNamespacedConfigMap({ namespace, name: "node" });
said.push(`read ${read.data?.["a"] ?? ""}`);
const patched = await core.patchNamespacedConfigMap(
  { namespace, name: "node", body: { data: { b: "2" } } },
  setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
);
said.push(`patched ${patched.data?.["b"] ?? ""}`);
const listed = await core.listNamespacedConfigMap({ namespace, fieldSelector: "metadata.name=node" });
said.push(`listed ${listed.items.length}`);
await core.deleteNamespacedConfigMap({ namespace, name: "node" });
await watched;
await informer.stop();
said.push(`watched ${seen.join(" ")}`);

const ours = { group: "network.coracle.dev", version: "v1alpha1", namespace, plural: "subnets" };
const body = {
  apiVersion: "network.coracle.dev/v1alpha1",
  kind: "Subnet",
  metadata: { name: "node" },
  spec: { ipv4: "10.9.0.0/24", vni: 99 },
};
await custom.createNamespacedCustomObject({ ...ours, body });
try {
  await custom.createNamespacedCustomObject({ ...ours, body });
} catch (error) {
  said.push(`refused ${String((error as { code?: number }).code)}`);
}
await custom.deleteNamespacedCustomObject({ ...ours, name: "node" });
process.stdout.write(`${JSON.stringify(said)}\n`);
process.exit(0);
