// Ten thousand pods on a real kube-apiserver, and the bookmarks of a quiet collection meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareResourceVersions, compileProjection, type KubeObject } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import { kubernetesPeersReady } from "../peers/kubernetes/mod.ts";
import { CONFIG_MAPS, configMap, PODS, withCluster } from "./cluster.ts";
import { Followed, versionsOf } from "./followed.ts";

const PODS_COUNT = 10_000;
const WRITERS = 24;
/** A kube-apiserver sends each watch a bookmark about once a minute. */
const BOOKMARK_MS = 80_000;

function pod(index: number): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${index}`, namespace: "default", labels: { shard: String(index % 10) } },
    spec: {
      nodeName: `node-${index % 100}`,
      containers: [{ name: "main", image: "localhost/none:1", env: [{ name: "PADDING", value: "x".repeat(2000) }] }],
    },
  };
}

async function createPods(client: KubeClient): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (next < PODS_COUNT) await client.create(PODS, pod(next++));
    }),
  );
}

if (kubernetesPeersReady("the test of ten thousand pods on a real kube-apiserver")) {
  test("ten thousand pods arrive whole, and a quiet collection gets bookmarks", { timeout: 180_000 }, async () => {
    await withCluster({}, async ({ client }) => {
      await client.create(CONFIG_MAPS, configMap("quiet", "1"));
      const quiet = new Followed(client, CONFIG_MAPS, { namespace: "default" });
      await quiet.synced();
      const quietStart = quiet.resourceVersion;
      // Present from the beginning: told of each pod as it is made.
      const live = new Followed(client, PODS, { namespace: "default", form: "metadata" });
      await live.synced();
      await createPods(client);
      await live.until("every pod on the live watch", (one) => one.objects.size === PODS_COUNT, 60_000);
      assert.equal(live.deliveries.length, PODS_COUNT);

      const fresh = await client.list(PODS, { namespace: "default" }, { form: "metadata" });
      const wanted = versionsOf(fresh.items);
      assert.equal(wanted.length, PODS_COUNT);
      const projection = compileProjection(["metadata.labels.shard", "spec.nodeName"]);
      assert.ok(projection.ok);
      for (const streamingList of [true, false]) {
        const whole: Followed = new Followed(client, PODS, {
          namespace: "default",
          streamingList,
          projection: projection.value,
        });
        await whole.synced(60_000);
        assert.deepEqual(versionsOf(whole.objects.values()), wanted);
        const one = whole.objects.get("default/pod-4321");
        assert.deepEqual(one?.["spec"], { nodeName: "node-21" });
        await whole.stop();
      }
      const node = new Followed(client, PODS, { fieldSelector: "spec.nodeName=node-21" });
      await node.synced();
      assert.equal(node.objects.size, PODS_COUNT / 100);
      for (const followed of [live, node]) {
        assert.deepEqual(followed.problems, []);
        await followed.stop();
      }

      // Nothing has happened to ConfigMaps, yet their follower may not fall out of the server's history.
      await quiet.until("a bookmark", (one) => one.count("bookmark") > 0, BOOKMARK_MS);
      assert.equal(compareResourceVersions(quiet.resourceVersion, quietStart), 1);
      assert.deepEqual([quiet.deliveries.length, quiet.count("error"), quiet.problems.length], [0, 0, 0]);
      await quiet.stop();
    });
  });
}
