// What breaks under a follower of a real kube-apiserver: the server, its store, its history, its patience.
import assert from "node:assert/strict";
import { test } from "node:test";
import { writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import type { KubeObject } from "@coracle/kube";
import { createKubeClient, type CursorStore, fileCursorStore, type KubeClient, loadKubeconfig } from "@coracle/kube/io";
import {
  exchange,
  type HttpsTarget,
  kubeconfig,
  kubernetesPeersReady,
  makeTemporaryFolder,
  removeTemporaryFolder,
  waitFor,
} from "../peers/kubernetes/mod.ts";
import { type Cluster, CONFIG_MAPS, configMap, withCluster } from "./cluster.ts";
import { Followed, versionsOf } from "./followed.ts";

async function write(client: KubeClient, name: string, value: string): Promise<KubeObject> {
  return await client.patch(CONFIG_MAPS, { namespace: "default", name }, configMap(name, value), {
    type: "apply",
    fieldManager: "test",
    force: true,
  });
}

/** Waits until the follower's state is the server's. */
async function caughtUp(client: KubeClient, followed: Followed): Promise<void> {
  const list = await client.list(CONFIG_MAPS, { namespace: "default" });
  const wanted = versionsOf(list.items);
  await followed.until(
    "the state of a fresh list",
    (one) => versionsOf(one.objects.values()).join() === wanted.join(),
    60_000,
  );
  assert.deepEqual(followed.problems, []);
}

/** What was delivered about one object, in order. */
function told(followed: Followed, name: string): readonly string[] {
  return followed.deliveries.filter((one) => one.key === `default/${name}`).map((one) => one.resourceVersion);
}

if (kubernetesPeersReady("the tests of faults under a follower of a real kube-apiserver")) {
  test(
    "kill -9 and restart without a watch cache: resumed, nothing lost, nothing twice",
    { timeout: 60_000 },
    async () => {
      await withCluster({ flags: { "watch-cache": "false" } }, async ({ server, client }) => {
        const followed = new Followed(client, CONFIG_MAPS, { namespace: "default" });
        await followed.synced();
        const versions: string[] = [];
        for (const value of ["1", "2"])
          versions.push((await write(client, "kept", value)).metadata.resourceVersion ?? "");
        await followed.until("two changes", (one) => one.deliveries.length === 2);
        await server.kill9();
        await server.restart();
        for (const value of ["3", "4"])
          versions.push((await write(client, "kept", value)).metadata.resourceVersion ?? "");
        await followed.until("two more changes", (one) => one.deliveries.length >= 4);
        // The store has the changes since our version, so there is no gap and no second state.
        assert.deepEqual(told(followed, "kept"), versions);
        assert.equal(followed.count("gap"), 0);
        assert.equal(followed.count("sync-end"), 1);
        await caughtUp(client, followed);
        await followed.stop();
      });
    },
  );

  test("kill -9 and restart with a watch cache: what changed is told once", { timeout: 90_000 }, async () => {
    await withCluster({}, async ({ server, client }) => {
      for (const name of ["same", "changed", "deleted"]) await write(client, name, "1");
      const streaming = new Followed(client, CONFIG_MAPS, { namespace: "default", trackKeys: true });
      const listing = new Followed(client, CONFIG_MAPS, {
        namespace: "default",
        trackKeys: true,
        streamingList: false,
      });
      const both = [streaming, listing];
      await Promise.all(both.map((one) => one.synced()));
      for (let round = 1; round <= 2; round++) {
        await server.kill9();
        await server.restart();
        await write(client, "changed", `after-${round}`);
        if (round === 1) await client.delete(CONFIG_MAPS, { namespace: "default", name: "deleted" });
        for (const followed of both) await caughtUp(client, followed);
      }
      for (const followed of both) {
        assert.equal(told(followed, "changed").length, 2);
        assert.equal(told(followed, "deleted").length, 1);
        assert.equal(told(followed, "same").length, 0);
        await followed.stop();
      }
    });
  });

  test("a store that dies and comes back under the server", { timeout: 90_000 }, async () => {
    await withCluster({}, async ({ server, client }) => {
      const followed = new Followed(client, CONFIG_MAPS, { namespace: "default", trackKeys: true });
      await followed.synced();
      await write(client, "before", "1");
      await server.etcd.kill9();
      await server.etcd.restart();
      await waitFor("a write to work again", async () => (await write(client, "after", "1")).metadata);
      await caughtUp(client, followed);
      assert.equal(told(followed, "before").length, 1);
      assert.equal(told(followed, "after").length, 1);
      await followed.stop();
    });
  });

  test("a cursor older than a compaction: an honest gap, then the whole state", { timeout: 60_000 }, async () => {
    const folder = await makeTemporaryFolder("coracle-cursor-");
    try {
      await withCluster({}, async ({ server, client }) => {
        const cursor: CursorStore = fileCursorStore(join(folder, "cursor"));
        await write(client, "old", "1");
        await write(client, "gone", "1");
        const first = new Followed(client, CONFIG_MAPS, { namespace: "default", cursor });
        await first.synced();
        await first.stop();
        assert.ok((await cursor.load())?.resourceVersion !== undefined);

        await write(client, "old", "2");
        await write(client, "new", "1");
        await client.delete(CONFIG_MAPS, { namespace: "default", name: "gone" });
        await server.compactEtcd();
        // The server's own window of recent changes outlives a compaction; a restart empties it.
        await server.restart();

        for (const streamingList of [true, false]) {
          const resumed = new Followed(client, CONFIG_MAPS, {
            namespace: "default",
            streamingList,
            // Each starts from the same old place.
            cursor: { load: () => cursor.load(), save: () => Promise.resolve() },
          });
          await resumed.synced();
          const gaps = resumed.milestones.filter((event) => event.kind === "gap").map((event) => event.cause);
          assert.deepEqual(gaps, ["expired"]);
          await caughtUp(client, resumed);
          assert.equal(resumed.objects.has("default/gone"), false);
          await resumed.stop();
        }
      });
    } finally {
      await removeTemporaryFolder(folder);
    }
  });

  test("a cursor young enough is resumed without a state", { timeout: 60_000 }, async () => {
    const folder = await makeTemporaryFolder("coracle-cursor-");
    try {
      await withCluster({}, async ({ client }) => {
        const cursor = fileCursorStore(join(folder, "cursor"));
        const first = new Followed(client, CONFIG_MAPS, { namespace: "default", cursor });
        await first.synced();
        await write(client, "seen", "1");
        await first.until("a change", (one) => one.deliveries.length === 1);
        await first.stop();
        const missed = await write(client, "missed", "1");
        const second = new Followed(client, CONFIG_MAPS, { namespace: "default", cursor });
        await second.until("the change in between", (one) => one.deliveries.length === 1);
        assert.equal(second.deliveries[0]?.resourceVersion, missed.metadata.resourceVersion);
        assert.equal(second.count("sync-start"), 0);
        await second.stop();
      });
    } finally {
      await removeTemporaryFolder(folder);
    }
  });

  test("a server that turns requests away: waited out as it asks, then followed", { timeout: 60_000 }, async () => {
    await withCluster({}, async (cluster) => {
      const { server } = cluster;
      await admitGuest(cluster);
      await throttle(cluster, 0);
      const client = await guestOf(cluster);
      let release = (): void => undefined;
      try {
        // A level without seats still lets one request through when it is idle, so one request keeps it busy.
        const guest = { ...server.target, ...(await server.issueClient("guest", ["guests"])) };
        release = holdSeat(guest);
        // The rules reach the server's own informers a moment after they are written; a seat taken before was another level's.
        let looks = 0;
        const refused = await waitFor("a refusal", async () => {
          const answer = await exchange(guest, { method: "GET", path: "/api/v1/namespaces/default/configmaps" });
          if (answer.status === 429) return answer;
          if (++looks % 10 === 0) {
            release();
            release = holdSeat(guest);
          }
          return undefined;
        });
        assert.match(refused.headers["retry-after"] ?? "", /^\d+$/);

        const followed = new Followed(client, CONFIG_MAPS, { namespace: "default" });
        await followed.until("two refusals", (one) => one.count("error") >= 2);
        for (const event of followed.milestones) {
          assert.equal(event.kind, "error");
          if (event.kind !== "error") continue;
          assert.equal(event.status.code, 429);
          assert.ok((event.retryInMs ?? 0) >= 1000, `retried after ${event.retryInMs} ms, before the server wanted it`);
        }
        release();
        await followed.synced();
        await write(cluster.client, "through", "1");
        await followed.until("a change", (one) => one.deliveries.length === 1);
        assert.equal(followed.count("gap"), 0);
        await followed.stop();
      } finally {
        release();
        client.close();
      }
    });
  });

  test("more requests at once than the server takes: all are answered in the end", { timeout: 90_000 }, async () => {
    // Few seats for everybody, so that the guest's share is one. The server's Retry-After grows with the pressure,
    // so five requests for the one seat take several rounds.
    const flags = { "max-requests-inflight": "8", "max-mutating-requests-inflight": "4" };
    await withCluster({ flags }, async (cluster) => {
      for (let index = 0; index < 20; index++) await write(cluster.client, `map-${index}`, "x".repeat(50_000));
      await admitGuest(cluster);
      await throttle(cluster, 5);
      const refusals: number[] = [];
      const client = await guestOf(cluster, (waitMs) => refusals.push(waitMs));
      try {
        const lists = await Promise.all(
          Array.from({ length: 5 }, () => client.list(CONFIG_MAPS, { namespace: "default" })),
        );
        for (const list of lists) assert.equal(list.items.length, 20);
        assert.ok(refusals.length > 0, "nothing was refused: the test has to press harder");
      } finally {
        client.close();
      }
    });
  });
}

/** Lets the user `guest` read, as no master: masters are exempt from flow control. */
async function admitGuest({ server }: Cluster): Promise<void> {
  const rbac = "rbac.authorization.k8s.io";
  await server.json("POST", `/apis/${rbac}/v1/clusterrolebindings`, {
    metadata: { name: "guest" },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: rbac, kind: "User", name: "guest" }],
  });
}

/** A client of the user whose requests {@link throttle} limits. */
async function guestOf({ server }: Cluster, onRetry: (waitMs: number) => void = () => undefined): Promise<KubeClient> {
  const path = join(server.folder, "guest.kubeconfig");
  const client = await server.issueClient("guest", ["guests"]);
  await writeFile(path, kubeconfig({ url: server.url, caPem: server.caPem, client }), { mode: 0o600 });
  return createKubeClient(await loadKubeconfig({ path }), {
    metrics: { retry: (sample) => onRetry(sample.waitMs) },
  });
}

/** Begins a request whose body never ends: the server waits for it with the seat taken. Returns how to give it up. */
function holdSeat(target: HttpsTarget): () => void {
  const { hostname, port } = new URL(target.url);
  const request = httpsRequest({
    host: hostname,
    port,
    path: "/api/v1/namespaces/default/configmaps",
    method: "POST",
    ca: target.caPem,
    cert: target.certPem ?? "",
    key: target.keyPem ?? "",
    agent: false,
    headers: { "content-type": "application/json", "content-length": "1000" },
  });
  request.on("error", () => undefined);
  request.write("{");
  return () => request.destroy();
}

/** Gives the user `guest` this many shares of the server's seats, and no queue. */
async function throttle({ server }: Cluster, shares: number): Promise<void> {
  const group = "flowcontrol.apiserver.k8s.io/v1";
  const apply = (resource: string, body: Record<string, unknown>): Promise<unknown> =>
    server.json(
      "PATCH",
      `/apis/${group}/${resource}/guest?fieldManager=test&force=true`,
      { apiVersion: group, metadata: { name: "guest" }, ...body },
      "application/apply-patch+yaml",
    );
  await apply("prioritylevelconfigurations", {
    kind: "PriorityLevelConfiguration",
    spec: {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: shares,
        lendablePercent: 0,
        borrowingLimitPercent: 0,
        limitResponse: { type: "Reject" },
      },
    },
  });
  await apply("flowschemas", {
    kind: "FlowSchema",
    spec: {
      priorityLevelConfiguration: { name: "guest" },
      matchingPrecedence: 2,
      rules: [
        {
          subjects: [{ kind: "User", user: { name: "guest" } }],
          resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true }],
        },
      ],
    },
  });
}
