// The server as an extension of a real Kubernetes: registered as an APIService, users vouched for by the front proxy, rights
// asked of kube-apiserver, tokens reviewed there, its namespaces obeyed (kube-api §2.8, §2.9; server traps 13 and 14).
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parseCommandLine, type RunningService, startService } from "@coracle/lifecycle";
import { createHttpClient, type HttpClient, type TlsClientOptions } from "@coracle/runtime";
import { type KubeApiserver, kubernetesPeersReady, startKubeApiserver } from "@coracle/test/peers/kubernetes";
import { apiServerConfig } from "../src/config.ts";
import { setUpServer } from "../src/io/set-up-server.ts";

const GROUP = "/apis/network.coracle.dev/v1alpha1";
const SUBNETS = `${GROUP}/namespaces/default/subnets`;
const LIMIT = { timeout: 120_000 };

interface Answered {
  readonly status: number;
  readonly body: { readonly [field: string]: unknown };
}

const subnet = (name: string, vni: number): object => ({
  apiVersion: "network.coracle.dev/v1alpha1",
  kind: "Subnet",
  metadata: { name },
  spec: { ipv4: "10.7.0.0/24", vni },
});

if (kubernetesPeersReady("the tests of the server as an extension of a real kube-apiserver")) {
  describe("an extension API server", extensionTests);
}

function extensionTests(): void {
  let kubernetes: KubeApiserver;
  let service: RunningService;
  let folder: string | undefined;
  let ca: string;
  const clients: HttpClient[] = [];

  it("starts beside a kube-apiserver and registers with it", LIMIT, async () => {
    kubernetes = await startKubeApiserver();
    const data = await mkdtemp(join(tmpdir(), "coracle-aggregated-"));
    folder = data;
    const line = ["--data", data, "--listen", "127.0.0.1:0", "--kubeconfig", kubernetes.kubeconfigPath];
    line.push("--serving-name", "coracle.default.svc", "--shutdown-watch-grace", "0s");
    const parsed = parseCommandLine(apiServerConfig, line, {});
    assert.ok(parsed.kind === "config");
    service = await startService({
      component: "apiserver",
      config: parsed.config,
      setup: setUpServer,
      environment: { logSink: () => undefined },
    });
    await until(async () => (await service.health.probe("readyz")).status === 200);
    ca = await readFile(join(data, "pki/ca.crt"), "utf8");
    await register();
  });

  after(async () => {
    for (const client of clients) client.close();
    service?.stop("the test is over");
    await service?.finished;
    await kubernetes?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function until(what: () => Promise<boolean>): Promise<void> {
    while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** A Service that leads to this process, and the APIService that names it. */
  async function register(): Promise<void> {
    const port = Number(new URL(service.url("api")).port);
    const spec = { type: "ExternalName", externalName: "localhost", ports: [{ port }] };
    await kubernetes.json("POST", "/api/v1/namespaces/default/services", { metadata: { name: "coracle" }, spec });
    await kubernetes.json("POST", "/apis/apiregistration.k8s.io/v1/apiservices", {
      metadata: { name: "v1alpha1.network.coracle.dev" },
      spec: {
        group: "network.coracle.dev",
        version: "v1alpha1",
        service: { namespace: "default", name: "coracle", port },
        caBundle: Buffer.from(ca).toString("base64"),
        groupPriorityMinimum: 1000,
        versionPriority: 15,
      },
    });
    await until(async () => {
      const path = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.network.coracle.dev";
      const { status = {} } = (await kubernetes.json("GET", path)) as {
        status?: { conditions?: readonly { type: string; status: string }[] };
      };
      return (status.conditions ?? []).some((one) => one.type === "Available" && one.status === "True");
    });
  }

  function client(tls: TlsClientOptions): HttpClient {
    const made = createHttpClient({ tls });
    clients.push(made);
    return made;
  }

  async function ask(
    through: HttpClient,
    url: string,
    asking: { readonly method?: string; readonly body?: object; readonly headers?: Record<string, string> } = {},
  ): Promise<Answered> {
    const { method = "GET", body, headers = {} } = asking;
    const response = await through.request({
      method,
      url,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? (JSON.parse(text) as Answered["body"]) : {} };
  }

  /** A user of the cluster, through kube-apiserver. */
  async function user(name: string, ...groups: readonly string[]): Promise<HttpClient> {
    const { certPem, keyPem } = await kubernetes.issueClient(name, groups);
    return client({ ca: [kubernetes.caPem], cert: certPem, key: keyPem });
  }

  it("is served through the aggregator: discovery, writes, watches", LIMIT, async () => {
    await until(async () => (await kubernetes.request({ method: "GET", path: GROUP })).status === 200);
    const made = (await kubernetes.json("POST", SUBNETS, subnet("a", 1))) as { metadata: { resourceVersion: string } };
    const list = (await kubernetes.json("GET", SUBNETS)) as { items: readonly unknown[] };
    assert.equal(list.items.length, 1);
    const admin = await user("root", "system:masters");
    const version = made.metadata.resourceVersion;
    const watch = await ask(
      admin,
      `${kubernetes.url}${SUBNETS}?watch=true&resourceVersion=${version}&timeoutSeconds=1`,
    );
    assert.equal(watch.status, 200);
  });

  it("knows the user behind the proxy, and asks kube-apiserver what they may do", LIMIT, async () => {
    const jane = await user("jane", "dev");
    const refused = await ask(jane, kubernetes.url + SUBNETS);
    assert.equal(refused.status, 403);
    assert.match(String(refused.body["message"]), /User "jane" cannot list resource "subnets"/);
    const rules = [{ apiGroups: ["network.coracle.dev"], resources: ["subnets"], verbs: ["get", "list"] }];
    await kubernetes.json("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", {
      metadata: { name: "look" },
      rules,
    });
    await kubernetes.json("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
      metadata: { name: "look" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "look" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "dev" }],
    });
    await until(async () => (await ask(jane, kubernetes.url + SUBNETS)).status === 200);
    const write = await ask(jane, kubernetes.url + SUBNETS, { method: "POST", body: subnet("jane", 2) });
    assert.equal(write.status, 403);
  });

  it("trap 13: takes no notice of proxy headers from anyone but the proxy", LIMIT, async () => {
    const forged = { "x-remote-user": "root", "x-remote-group": "system:masters" };
    const direct = service.url("api") + SUBNETS;
    const stranger = client({ ca: [ca] });
    assert.equal((await ask(stranger, direct, { headers: forged })).status, 401);
    const { certPem, keyPem } = await kubernetes.issueClient("mallory", []);
    const mallory = client({ ca: [ca], cert: certPem, key: keyPem });
    const answer = await ask(mallory, direct, { headers: forged });
    assert.equal(answer.status, 403);
    assert.match(String(answer.body["message"]), /User "mallory"/);
    const cert = await readFile(join(kubernetes.folder, "front-proxy-client.crt"), "utf8");
    const key = await readFile(join(kubernetes.folder, "front-proxy-client.key"), "utf8");
    const proxy = client({ ca: [ca], cert, key });
    assert.equal((await ask(proxy, direct, { headers: forged })).status, 200);
    assert.equal((await ask(proxy, direct)).status, 401, "the proxy itself is nobody");
  });

  it("reviews tokens of service accounts that come directly", LIMIT, async () => {
    const account = (await kubernetes.json("POST", "/api/v1/namespaces/default/serviceaccounts", {
      metadata: { name: "agent" },
    })) as { metadata: { uid: string } };
    const identity = { namespace: "default", name: "agent", uid: account.metadata.uid };
    const token = kubernetes.issueServiceAccountToken(identity, 600);
    const direct = client({ ca: [ca] });
    const headers = { authorization: `Bearer ${token}` };
    const refused = await ask(direct, service.url("api") + SUBNETS, { headers });
    assert.equal(refused.status, 403);
    assert.match(String(refused.body["message"]), /User "system:serviceaccount:default:agent"/);
    const bad = await ask(direct, service.url("api") + SUBNETS, { headers: { authorization: `Bearer ${token}x` } });
    assert.equal(bad.status, 401);
  });

  it("obeys the namespaces of the cluster", LIMIT, async () => {
    const elsewhere = `${GROUP}/namespaces/nowhere/subnets`;
    const missing = await kubernetes.request({ method: "POST", path: elsewhere, body: JSON.stringify(subnet("x", 9)) });
    assert.equal(missing.status, 404);
    await kubernetes.json("POST", "/api/v1/namespaces", { metadata: { name: "ending" } });
    await kubernetes.json("DELETE", "/api/v1/namespaces/ending");
    const path = `${GROUP}/namespaces/ending/subnets`;
    await until(async () => {
      const late = await kubernetes.request({ method: "POST", path, body: JSON.stringify(subnet("x", 9)) });
      return late.status === 403;
    });
  });

  it("trap 14: follows a change of the proxy's authorities without a restart", LIMIT, async () => {
    const map = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    const { createTestAuthority } = await import("@coracle/test/peers/kubernetes");
    const other = await createTestAuthority("next-front-proxy-ca");
    const next = await other.issue({ commonName: "front-proxy-client", usage: "client" });
    const proxy = client({ ca: [ca], cert: next.certPem, key: next.keyPem });
    const headers = { "x-remote-user": "root", "x-remote-group": "system:masters" };
    const direct = service.url("api") + SUBNETS;
    assert.equal((await ask(proxy, direct, { headers })).status, 401);
    const before = (await kubernetes.json("GET", map)) as { data: Record<string, string> };
    const both = `${before.data["requestheader-client-ca-file"] ?? ""}${other.caPem}`;
    const data = { "requestheader-client-ca-file": both };
    await kubernetes.json("PATCH", map, { data }, "application/merge-patch+json");
    await until(async () => (await ask(proxy, direct, { headers })).status === 200);
  });
}
