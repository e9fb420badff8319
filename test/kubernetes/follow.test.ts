// Following a real kube-apiserver: the streaming list and the old way, forms, selectors, kinds that come and go.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupVersionResource, KubeObject } from "@coracle/kube";
import type { KubeClient, TableColumn } from "@coracle/kube/io";
import { exchange, kubernetesPeersReady, programOnPath, startEtcd, waitFor } from "../peers/kubernetes/mod.ts";
import { CONFIG_MAPS, type Cluster, configMap, withCluster } from "./cluster.ts";
import { Followed, versionsOf } from "./followed.ts";

const CUSTOM_KINDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS: GroupVersionResource = { group: "example.com", version: "v1", resource: "widgets" };

/** How often the server has been asked to list ConfigMaps, all clients together. */
async function listsOfConfigMaps({ server }: Cluster): Promise<number> {
  const metrics = await exchange(server.target, { method: "GET", path: "/metrics" });
  const lines = metrics.text.split("\n").filter((line) => line.startsWith("apiserver_request_total{"));
  return lines
    .filter((line) => line.includes('resource="configmaps"') && line.includes('verb="LIST"'))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** Creates, changes and deletes one ConfigMap, and checks that a follower was told exactly that. */
async function liveChangesArrive(client: KubeClient, followed: Followed): Promise<void> {
  const before = followed.deliveries.length;
  const created = await client.create(CONFIG_MAPS, configMap("live", "1"));
  const changed = await client.update(CONFIG_MAPS, { ...configMap("live", "2"), metadata: created.metadata });
  await client.delete(CONFIG_MAPS, { namespace: "default", name: "live" });
  await followed.until("three changes", (one) => one.deliveries.length >= before + 3);
  const told = followed.deliveries.slice(before);
  assert.deepEqual(
    told.map((one) => [one.kind, one.key]),
    [
      ["upsert", "default/live"],
      ["upsert", "default/live"],
      ["remove", "default/live"],
    ],
  );
  assert.equal(told[0]?.resourceVersion, created.metadata.resourceVersion);
  assert.equal(told[1]?.resourceVersion, changed.metadata.resourceVersion);
  assert.deepEqual(followed.problems, []);
}

async function fill(client: KubeClient, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await client.create(CONFIG_MAPS, configMap(`map-${index}`, "1"));
}

async function isListed(client: KubeClient, followed: Followed): Promise<void> {
  const list = await client.list(CONFIG_MAPS, { namespace: "default" });
  assert.deepEqual(versionsOf(followed.objects.values()), versionsOf(list.items));
}

if (kubernetesPeersReady("the tests of following a real kube-apiserver")) {
  test("a streaming list needs no list, pages are followed, and both go on live", { timeout: 60_000 }, async () => {
    await withCluster({}, async (cluster) => {
      const { client } = cluster;
      await fill(client, 7);
      const listsBefore = await listsOfConfigMaps(cluster);
      const streamed = new Followed(client, CONFIG_MAPS, { namespace: "default" });
      await streamed.synced();
      assert.equal((await listsOfConfigMaps(cluster)) - listsBefore, 0);
      assert.equal(streamed.objects.size, 7);
      await liveChangesArrive(client, streamed);
      await isListed(client, streamed);
      assert.deepEqual(
        streamed.milestones.map((event) => event.kind),
        ["sync-start", "sync-end"],
      );
      await streamed.stop();

      const paged = new Followed(client, CONFIG_MAPS, { namespace: "default", streamingList: false, pageSize: 3 });
      await paged.synced();
      assert.equal(paged.objects.size, 7);
      assert.ok((await listsOfConfigMaps(cluster)) - listsBefore >= 1);
      await liveChangesArrive(client, paged);
      await isListed(client, paged);
      await paged.stop();
    });
  });

  test("metadata alone, the server's columns, and selectors", { timeout: 60_000 }, async () => {
    await withCluster({}, async ({ client }) => {
      await fill(client, 3);
      const metadata = new Followed(client, CONFIG_MAPS, { namespace: "default", form: "metadata" });
      await metadata.synced();
      for (const object of metadata.objects.values()) {
        assert.equal(object.kind ?? "PartialObjectMetadata", "PartialObjectMetadata");
        assert.equal(object["data"], undefined);
        assert.equal(object.metadata.labels?.["value"], "1");
      }
      await liveChangesArrive(client, metadata);
      await metadata.stop();

      let columns: readonly TableColumn[] = [];
      const table = new Followed(client, CONFIG_MAPS, {
        namespace: "default",
        form: "table",
        onColumns: (told) => (columns = told),
      });
      await table.synced();
      assert.deepEqual(
        columns.map((column) => column.name),
        ["Name", "Data", "Age"],
      );
      assert.equal(table.objects.size, 3);
      await liveChangesArrive(client, table);
      await table.stop();

      const selected = new Followed(client, CONFIG_MAPS, { namespace: "default", labelSelector: "value in (2,3)" });
      await selected.synced();
      assert.equal(selected.objects.size, 0);
      const relabel = (value: string): Promise<KubeObject> =>
        client.patch(
          CONFIG_MAPS,
          { namespace: "default", name: "map-1" },
          { metadata: { labels: { value } } },
          { type: "merge" },
        );
      await relabel("2");
      await relabel("3");
      const left = await relabel("4");
      await selected.until("three transitions", (one) => one.deliveries.length >= 3);
      assert.deepEqual(
        selected.deliveries.map((one) => one.kind),
        ["upsert", "upsert", "remove"],
      );
      // An object that stops matching is removed at the version of the change.
      assert.equal(selected.deliveries[2]?.resourceVersion, left.metadata.resourceVersion);
      assert.deepEqual(selected.problems, []);
      await selected.stop();
    });
  });

  test("a kind that appears, disappears and appears again", { timeout: 90_000 }, async () => {
    await withCluster({}, async ({ server, client }) => {
      const define = (): Promise<unknown> => server.json("POST", CUSTOM_KINDS, WIDGETS_DEFINITION);
      const widgets = new Followed(client, WIDGETS, { namespace: "default", trackKeys: true });
      await widgets.until("an error as long as there is no such kind", (one) => one.count("error") > 0);
      await soon("the kind to be defined", define);
      await widgets.synced();
      await soon("a widget", () => client.create(WIDGETS, widget("first")));
      await widgets.until("the first widget", (one) => one.objects.has("default/first"));

      await server.json("DELETE", `${CUSTOM_KINDS}/widgets.example.com`);
      await widgets.until("no widgets", (one) => one.objects.size === 0);

      await soon("the kind to be defined again", define);
      await soon("a widget", () => client.create(WIDGETS, widget("second")));
      await widgets.until("the second widget", (one) => one.objects.has("default/second"), 60_000);
      assert.deepEqual([...widgets.objects.keys()], ["default/second"]);
      assert.deepEqual(widgets.problems, []);
      await widgets.stop();
    });
  });

  test("an etcd too old for streaming lists: the client lists instead", { timeout: 60_000 }, async () => {
    if (programOnPath("etcd") === undefined) {
      assert.notEqual(process.env["CORACLE_TEST_PEERS"], "required", "Cannot test an old etcd: there is none on PATH");
      return;
    }
    const etcd = await startEtcd({ program: "debian" });
    try {
      await withCluster({ etcd }, async (cluster) => {
        const { client, server } = cluster;
        await fill(client, 5);
        // The real refusal is an ERROR event after HTTP 200, not a 422.
        const query = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
        const refused = await server.request({ method: "GET", path: `/api/v1/namespaces/default/configmaps?${query}` });
        assert.equal(refused.status, 200);
        assert.match(refused.text, /"type":"ERROR".*RequestWatchProgress/);

        const followed = new Followed(client, CONFIG_MAPS, { namespace: "default" });
        await followed.synced();
        assert.equal(followed.objects.size, 5);
        await liveChangesArrive(client, followed);
        await isListed(client, followed);
        await followed.stop();
      });
    } finally {
      await etcd.stop();
    }
  });
}

function widget(name: string): KubeObject {
  return { apiVersion: "example.com/v1", kind: "Widget", metadata: { name, namespace: "default" } };
}

/** Tries until it works: a kind is served a moment after it is defined, and defined anew a moment after it is gone. */
async function soon(what: string, attempt: () => Promise<unknown>): Promise<void> {
  await waitFor(what, async () => (await attempt()) ?? true, { timeoutMs: 20_000 });
}

const WIDGETS_DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets", singular: "widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
