// Credentials that change under a client of a real kube-apiserver: tokens in files, authorities behind a symbolic link.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createKubeClient, type KubeClient, loadKubeconfig, requestToken, reviewToken } from "@coracle/kube/io";
import { StatusError } from "@coracle/kube";
import { KubernetesVolume } from "@coracle/sim";
import {
  exchange,
  type KubeApiserver,
  kubernetesPeersReady,
  type ServiceAccountIdentity,
  waitFor,
} from "../peers/kubernetes/mod.ts";
import { CONFIG_MAPS, configMap, withCluster } from "./cluster.ts";
import { Followed } from "./followed.ts";

const RBAC = "rbac.authorization.k8s.io";
/** How long a kube-apiserver remembers that a token was good. */
const TOKEN_CACHE_MS = 10_000;

/** A service account that may read ConfigMaps. */
async function makeAccount(server: KubeApiserver): Promise<ServiceAccountIdentity> {
  const account = await server.json("POST", "/api/v1/namespaces/default/serviceaccounts", {
    metadata: { name: "agent" },
  });
  await server.json("POST", `/apis/${RBAC}/v1/clusterroles`, {
    metadata: { name: "agent" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }],
  });
  await server.json("POST", `/apis/${RBAC}/v1/clusterrolebindings`, {
    metadata: { name: "agent" },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "agent" },
    subjects: [{ kind: "ServiceAccount", name: "agent", namespace: "default" }],
  });
  return { namespace: "default", name: "agent", uid: uidOf(account) };
}

function uidOf(object: unknown): string {
  const { metadata } = object as { readonly metadata: { readonly uid: string } };
  return metadata.uid;
}

/** A client that reads its token and its authority from a projected volume. */
async function clientFromFiles(server: KubeApiserver, files: KubernetesVolume): Promise<KubeClient> {
  const path = files.path("config");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: server.url, "certificate-authority": files.path("ca.crt") } }],
    users: [{ name: "u", user: { tokenFile: files.path("token") } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "default" } }],
    "current-context": "x",
  };
  await writeFile(path, JSON.stringify(config));
  const client = createKubeClient(await loadKubeconfig({ path }));
  await client.ready();
  return client;
}

async function withVolume(body: (volume: KubernetesVolume) => Promise<void>): Promise<void> {
  const volume = await KubernetesVolume.create({});
  try {
    await body(volume);
  } finally {
    await volume.remove();
  }
}

if (kubernetesPeersReady("the tests of changing credentials on a real kube-apiserver")) {
  test("a bound token that runs out is replaced in its file during a watch", { timeout: 90_000 }, async () => {
    await withVolume(async (volume) => {
      await withCluster({}, async ({ server, client: admin }) => {
        const account = await makeAccount(server);
        const first = server.issueServiceAccountToken(account, 3);
        await volume.swap({ token: first, "ca.crt": server.caPem });
        const client = await clientFromFiles(server, volume);
        try {
          const followed = new Followed(client, CONFIG_MAPS, { namespace: "default", trackKeys: true });
          await followed.synced();
          // A token the server has seen is trusted for ten seconds more, and asking would renew that: one look, after that time.
          await delay(3000 + TOKEN_CACHE_MS + 1000);
          // The server has really stopped taking the token, but a watch lives on: it was admitted once.
          await waitFor("the token to be refused", () => refusal(server, first), { timeoutMs: 20_000 });
          await admin.create(CONFIG_MAPS, configMap("while-expired", "1"));
          await followed.until("a change on the old watch", (one) => one.objects.has("default/while-expired"));
          assert.equal(followed.count("error"), 0);

          // The watch ends with the server; the next one needs a token, and the file still has the old one.
          await server.kill9();
          await server.restart();
          await followed.until("a refusal", (one) =>
            one.milestones.some((event) => event.kind === "error" && event.status.code === 401),
          );
          await volume.swap({ token: server.issueServiceAccountToken(account, 3600), "ca.crt": server.caPem });
          await admin.create(CONFIG_MAPS, configMap("after", "1"));
          await followed.until("a change with the new token", (one) => one.objects.has("default/after"));
          assert.deepEqual(followed.problems, []);
          await followed.stop();
        } finally {
          client.close();
        }
      });
    });
  });

  test("a new authority behind the same files, with and without the old one", { timeout: 90_000 }, async () => {
    await withVolume(async (volume) => {
      await withCluster({}, async ({ server }) => {
        const account = await makeAccount(server);
        const token = server.issueServiceAccountToken(account, 3600);
        const oldCa = server.caPem;
        await volume.swap({ token, "ca.crt": oldCa });
        const client = await clientFromFiles(server, volume);
        try {
          const followed = new Followed(client, CONFIG_MAPS, { namespace: "default", trackKeys: true });
          await followed.synced();
          // The server changes first; whoever is connected stays connected.
          const newCa = await server.swapServingAuthority();
          await server.json("POST", "/api/v1/namespaces/default/configmaps", configMap("one", "1"));
          await followed.until("a change over the old connection", (one) => one.objects.has("default/one"));
          assert.equal(followed.count("error"), 0);

          // Both authorities, as a rotation has it for a while, then the new one alone.
          for (const [name, ca] of [
            ["two", oldCa + newCa],
            ["three", newCa],
          ] as const) {
            await volume.swap({ token, "ca.crt": ca });
            await server.kill9();
            await server.restart();
            await server.json("POST", "/api/v1/namespaces/default/configmaps", configMap(name, "1"));
            await followed.until(`a change under authority ${name}`, (one) => one.objects.has(`default/${name}`));
          }
          assert.deepEqual(followed.problems, []);

          // An authority that did not sign the server's certificate is refused, not waved through.
          await volume.swap({ token, "ca.crt": oldCa });
          await waitFor("a refusal of the server's certificate", async () => {
            const failed = await client.list(CONFIG_MAPS, { namespace: "default" }).then(
              () => undefined,
              (error: unknown) => error,
            );
            return failed instanceof Error && "code" in failed && failed.code === "TLS" ? true : undefined;
          });
          await followed.stop();
        } finally {
          client.close();
        }
      });
    });
  });

  test("tokens are asked for, reviewed, and refused for another audience", { timeout: 60_000 }, async () => {
    await withCluster({}, async ({ server, client }) => {
      await makeAccount(server);
      const granted = await requestToken(client, {
        namespace: "default",
        serviceAccount: "agent",
        audiences: ["coracle"],
        expirationSeconds: 600,
      });
      assert.equal(granted.lifeMs, 600_000);
      const review = await reviewToken(client, granted.token, { audiences: ["coracle"] });
      assert.equal(review.authenticated && review.user.username, "system:serviceaccount:default:agent");
      const elsewhere = await reviewToken(client, granted.token, { audiences: ["elsewhere"] });
      assert.equal(elsewhere.authenticated, false);
      await assert.rejects(
        requestToken(client, { namespace: "default", serviceAccount: "absent" }),
        (error: unknown) => error instanceof StatusError && error.httpCode === 404,
      );
    });
  });
}

/** True once the server refuses `token`. */
async function refusal(server: KubeApiserver, token: string): Promise<true | undefined> {
  const answer = await exchange(
    { url: server.url, caPem: server.caPem, token },
    { method: "GET", path: "/api/v1/namespaces/default/configmaps" },
  );
  return answer.status === 401 ? true : undefined;
}
