import { test } from "node:test";
import assert from "node:assert/strict";
import { startKubeApiserver } from "./peers/kubernetes/mod.ts";
import { createKubeClient, follow, loadKubeconfig, requestToken, reviewToken, until, readAndFollow, configText } from "../packages/kube/src/io/mod.ts";
const PODS = { group: "", version: "v1", resource: "pods" }, CM = { group: "", version: "v1", resource: "configmaps" };
test("smoke", async () => {
  const server = await startKubeApiserver();
  const config = await loadKubeconfig({ path: server.kubeconfigPath });
  const client = createKubeClient(config, { metrics: { request: (s) => console.log(s.method, s.route, s.status, s.failure ?? ""), warning: (w) => console.log("warning", w) } });
  try {
    console.log((await client.resolve("po"))?.kind, (await client.resolve("deploy"))?.group, (await client.resolve("events"))?.group, (await client.resources()).length);
    const events = follow(client, CM, { namespace: "default" });
    const seen: string[] = [];
    const reader = (async () => { for await (const e of events) { seen.push(e.kind + ("object" in e ? " " + e.object.metadata.name : "")); if (e.kind === "remove") break; } })();
    await until(client, CM, { name: "kube-root-ca.crt", namespace: "default", predicate: (o) => o !== undefined, timeoutMs: 1 }).catch((e) => console.log(e.message));
    await client.create(CM, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default" }, data: { x: "1" } });
    const t = { name: "a", namespace: "default" };
    await client.patch(CM, t, { data: { y: "2" } }, { type: "merge" });
    await client.patch(CM, t, { data: { y: "3" } }, { type: "strategic" });
    await client.patch(CM, t, [{ op: "add", path: "/data/z", value: "4" }], { type: "json" });
    await client.patch(CM, t, { apiVersion: "v1", kind: "ConfigMap", metadata: t, data: { y: "5" } }, { type: "apply", fieldManager: "me", force: true });
    const got = await client.get(CM, t); console.log(got["data"], got.metadata.managedFields?.length);
    console.log((await client.list(CM, { namespace: "default" }, { form: "metadata" })).kind, (await client.table(CM, { namespace: "default" })).columnDefinitions?.map((c) => c.name));
    for await (const e of readAndFollow(client, { kind: "ConfigMap", ...t })) { console.log(e.kind, e.kind === "value" && configText(e.value, "y")); break; }
    await client.create({ group: "", version: "v1", resource: "serviceaccounts" }, { metadata: { name: "sa", namespace: "default" } });
    const tok = await requestToken(client, { namespace: "default", serviceAccount: "sa", audiences: ["me"], expirationSeconds: 600 });
    console.log(tok.lifeMs, await reviewToken(client, tok.token, { audiences: ["me"] }), await reviewToken(client, tok.token, { audiences: ["other"] }));
    for (const http2 of [true, false]) {
      const imp = createKubeClient({ ...config, impersonate: { user: "jane", groups: ["g1", "g2", "system:authenticated"], extra: { "example.com/Scopes": ["a", "b"] } } }, { http: { http2 } });
      const who = await imp.create({ group: "authentication.k8s.io", version: "v1", resource: "selfsubjectreviews" }, { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview", metadata: {} });
      console.log(JSON.stringify(who["status"]));
      imp.close();
    }
    await client.delete(CM, t, { propagationPolicy: "Background" });
    await reader;
    console.log(seen.join(", "));
    console.log(JSON.stringify(client.stats()));
  } finally { client.close(); await server.stop(); }
});
