// Kubeconfig files: merge, contexts, credentials, and one clear line for everything that is wrong.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeTestPki } from "@coracle/sim";
import { type KubeClientConfig, KubeConfigError } from "./client-config.ts";
import { defaultClientConfig, inClusterConfig } from "./in-cluster.ts";
import { parseKubeconfig } from "./kubeconfig-file.ts";
import { kubeconfigPaths, mergeKubeconfigs } from "./kubeconfig-merge.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

/** Files in a directory of their own for the time of `run`. */
async function withFiles(files: Record<string, string>, run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "coracle-kubeconfig-"));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function minimal(user: string, cluster: string = "server: https://one:6443"): string {
  return `
apiVersion: v1
kind: Config
current-context: main
contexts: [{name: main, context: {cluster: c, user: u, namespace: ns}}]
clusters: [{name: c, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
`;
}

/** Loads one file given as text. */
async function load(text: string): Promise<KubeClientConfig> {
  let config: KubeClientConfig | undefined;
  await withFiles({ config: text }, async (directory) => {
    config = await loadKubeconfig({ path: join(directory, "config"), environment: {} });
  });
  assert.ok(config);
  return config;
}

function refusal(code: string, ...words: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KubeConfigError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(!error.message.includes("\n"), "one line");
    for (const word of words) assert.ok(error.message.includes(word), `${error.message} has no ${word}`);
    return true;
  };
}

test("loadKubeconfig() takes context, cluster, user and namespace of the current context", async () => {
  const config = await load(minimal("token: abc", "server: https://host:6443/prefix/"));
  assert.equal(config.server, "https://host:6443/prefix");
  assert.equal(config.namespace, "ns");
  assert.deepEqual(config.auth, { token: "abc" });
  assert.equal(config.disableCompression, false);
});

test("trap 15: names in two files are no error, the first file's entry wins whole", async () => {
  const first = `
current-context: ""
clusters:
- {name: same, cluster: {server: "https://first:1"}}
users:
- {name: u, user: {token: first}}
`;
  const second = `
current-context: main
clusters:
- {name: same, cluster: {server: "https://second:2", tls-server-name: second}}
- {name: only-second, cluster: {server: "https://second:3"}}
users:
- {name: u, user: {token: second, as: someone}}
contexts:
- {name: main, context: {cluster: same, user: u}}
`;
  const third = `{"current-context": "other", "contexts": [{"name": "other", "context": {"cluster": "only-second"}}]}`;
  await withFiles({ first, second, third }, async (directory) => {
    const paths = ["first", "missing", "second", "first", "third"].map((name) => join(directory, name));
    const environment = { KUBECONFIG: paths.join(":") };
    const config = await loadKubeconfig({ environment });
    assert.equal(config.server, "https://first:1");
    assert.equal(config.tls.serverName, undefined, "entries are not mixed");
    assert.deepEqual(config.auth, { token: "first" });
    assert.equal(config.impersonate, undefined);
    assert.match(config.origin, /context "main"/);
    const other = await loadKubeconfig({ environment, context: "other", namespace: "chosen" });
    assert.equal(other.server, "https://second:3");
    assert.equal(other.namespace, "chosen");
    assert.deepEqual(other.auth, {});
  });
});

test("a name twice in one file is refused with its name", async () => {
  await assert.rejects(
    load("clusters: [{name: a, cluster: {server: x}}, {name: a, cluster: {server: y}}]"),
    refusal("INVALID", 'stands twice in this file, current value is "a"'),
  );
});

test("kubeconfigPaths() splits at colon and semicolon and drops duplicates and empty members", () => {
  assert.deepEqual(kubeconfigPaths("a:b;a::c"), ["a", "b", "c"]);
});

test("mergeKubeconfigs() takes the first current-context that is set", () => {
  const files = ["clusters: []", "current-context: b", "current-context: c"].map((text) => parseKubeconfig(text, "f"));
  assert.equal(mergeKubeconfigs(files).currentContext, "b");
});

test("relative paths are seen from the file they stand in, and in-line data beats a path", async () => {
  const pki = await makeTestPki();
  const client = await pki.client({ commonName: "me" });
  const user = `client-certificate: client.crt, client-key: client.key, client-key-data: ${btoa(client.key)}, tokenFile: t`;
  const cluster = `server: "https://one", certificate-authority: ca.crt`;
  const files = {
    config: minimal(user, cluster),
    "ca.crt": pki.ca,
    "client.crt": client.cert,
    t: "tok\n",
    "client.key": "not used",
  };
  await withFiles(files, async (directory) => {
    const config = await loadKubeconfig({ path: join(directory, "config"), environment: {} });
    assert.deepEqual(config.tls.ca, { pem: pki.ca, path: join(directory, "ca.crt") });
    assert.deepEqual(config.tls.certificate, { pem: client.cert, path: join(directory, "client.crt") });
    assert.deepEqual(config.tls.key, { pem: client.key });
    assert.deepEqual(config.auth, { token: "tok", tokenFile: join(directory, "t") });
  });
});

test("missing and unusable files give one line that names the file", async () => {
  const pki = await makeTestPki();
  const other = await pki.client({ commonName: "other" });
  const mine = await pki.client({ commonName: "mine" });
  await assert.rejects(
    loadKubeconfig({ path: "/nonexistent/config" }),
    refusal("MISSING_FILE", '"/nonexistent/config"', "no such file"),
  );
  await assert.rejects(
    loadKubeconfig({ environment: { KUBECONFIG: "/nonexistent/a:/nonexistent/b" } }),
    refusal("NO_CONFIGURATION", "/nonexistent/a", "/nonexistent/b"),
  );
  await assert.rejects(
    loadKubeconfig({ environment: { HOME: "/nonexistent" } }),
    refusal("NO_CONFIGURATION", "/nonexistent/.kube/config"),
  );
  await assert.rejects(
    load(minimal("token: x", `server: "https://one", certificate-authority: gone.crt`)),
    refusal("MISSING_FILE", "certificate authority", "gone.crt"),
  );
  await assert.rejects(
    load(minimal("client-certificate: gone.crt, client-key: gone.key")),
    refusal("MISSING_FILE", "client certificate", "gone.crt"),
  );
  await assert.rejects(
    load(minimal(`client-certificate-data: ${btoa(mine.cert)}, client-key-data: ${btoa(other.key)}`)),
    refusal("INVALID", "does not belong"),
  );
  await assert.rejects(
    load(minimal(`client-certificate-data: ${btoa(mine.cert)}`)),
    refusal("INVALID", "must be given together"),
  );
  await withFiles(
    { config: minimal("token: x", `server: "https://one", certificate-authority: ca`), ca: "" },
    async (directory) =>
      assert.rejects(
        loadKubeconfig({ path: join(directory, "config"), environment: {} }),
        refusal("INVALID", "certificate authority", join(directory, "ca"), "an empty file"),
      ),
  );
  await assert.rejects(loadKubeconfig({ path: tmpdir() }), refusal("UNREADABLE_FILE", tmpdir(), "directory"));
});

test("a token file must be there and hold a token when nothing else is given; auth-provider is refused by name", async () => {
  await assert.rejects(load(minimal("tokenFile: gone")), refusal("MISSING_FILE", "token file", "gone"));
  await withFiles({ config: minimal("tokenFile: t"), t: "\n" }, async (directory) =>
    assert.rejects(
      loadKubeconfig({ path: join(directory, "config"), environment: {} }),
      refusal("INVALID", join(directory, "t"), "empty"),
    ),
  );
  assert.equal((await load(minimal("token: x, tokenFile: gone"))).auth.token, "x");
  await assert.rejects(load(minimal("auth-provider: {name: gcp}")), refusal("INVALID", '"gcp"', "exec plugin"));
});

test("malformed documents are refused without quoting them", async () => {
  const secret = "hunter2-token";
  for (const text of [
    `users: [{name: u, user: {token: ${secret}}`,
    `users: ${secret}`,
    `users: [{name: u, user: {token: [${secret}]}}]`,
    `users: [{name: u, user: ${secret}}]`,
    `clusters: [{name: c, cluster: {insecure-skip-tls-verify: ${secret}}}]`,
    `a: &a [${secret}]\nb: [*a, *missing]`,
  ]) {
    await assert.rejects(load(text), (error) => {
      assert.ok(error instanceof KubeConfigError, String(error));
      assert.ok(["UNPARSABLE", "INVALID"].includes(error.code));
      assert.ok(!error.message.includes(secret), error.message);
      return true;
    });
  }
  await assert.rejects(load("kind: Pod"), refusal("INVALID", "config.kind", '"Pod"'));
  await assert.rejects(load(""), refusal("NO_CONTEXT", "current-context is empty"));
});

test("names that are not there are refused with those that are", async () => {
  await assert.rejects(
    load(minimal("token: x").replace("current-context: main", "current-context: gone")),
    refusal("NO_CONTEXT", '"gone"', '"main"'),
  );
  await assert.rejects(
    load(minimal("token: x").replace("cluster: c,", "cluster: gone,")),
    refusal("NO_CLUSTER", '"gone"', '"c"'),
  );
  await assert.rejects(
    load(minimal("token: x").replace("user: u,", "user: gone,")),
    refusal("NO_USER", '"gone"', '"u"'),
  );
});

test("a server that is no URL, a CA beside insecure-skip-tls-verify and an odd proxy are refused", async () => {
  const pki = await makeTestPki();
  await assert.rejects(load(minimal("token: x", 'server: ""')), refusal("INVALID", "cluster.server"));
  await assert.rejects(load(minimal("token: x", 'server: "ftp://x"')), refusal("INVALID", "cluster.server", "ftp://x"));
  await assert.rejects(load(minimal("token: x", 'server: "https://me:secret@x"')), (error) => {
    assert.ok(error instanceof KubeConfigError && !error.message.includes("secret"));
    return true;
  });
  await assert.rejects(
    load(
      minimal(
        "token: x",
        `server: "https://x", insecure-skip-tls-verify: true, certificate-authority-data: ${btoa(pki.ca)}`,
      ),
    ),
    refusal("INVALID", "both a certificate authority and insecure-skip-tls-verify"),
  );
  await assert.rejects(
    load(minimal("token: x", 'server: "https://x", proxy-url: "ftp://p"')),
    refusal("INVALID", "proxy-url", "ftp:"),
  );
  const config = await load(
    minimal(
      "token: x",
      'server: "https://x", insecure-skip-tls-verify: true, proxy-url: "socks5://p:1", disable-compression: true, tls-server-name: n',
    ),
  );
  assert.deepEqual(config.tls, { serverName: "n", insecureSkipVerify: true });
  assert.equal(config.proxyUrl, "socks5://p:1");
  assert.equal(config.disableCompression, true);
});

test("over plain http no credential of any kind is taken from the file", async () => {
  const config = await load(minimal("token: x, username: a, password: b, as: root", 'server: "http://one:8080"'));
  assert.deepEqual(config.auth, {});
  assert.equal(config.impersonate, undefined);
});

test("a token beats basic authentication, and those and a certificate beat a plugin", async () => {
  const exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: p, interactiveMode: Never}";
  assert.deepEqual((await load(minimal(`token: t, tokenFile: /f, username: a, ${exec}`))).auth, {
    token: "t",
    tokenFile: "/f",
  });
  assert.deepEqual((await load(minimal(`username: a, password: b, ${exec}`))).auth, {
    basic: { username: "a", password: "b" },
  });
  const pki = await makeTestPki();
  const client = await pki.client({ commonName: "c" });
  const certificate = `client-certificate-data: ${btoa(client.cert)}, client-key-data: ${btoa(client.key)}`;
  assert.deepEqual((await load(minimal(`${certificate}, ${exec}`))).auth, {});
});

test("an exec stanza is read whole, with the cluster when it asks for it", async () => {
  const pki = await makeTestPki();
  const config = await load(`
current-context: main
contexts: [{name: main, context: {cluster: c, user: u}}]
clusters:
- name: c
  cluster:
    server: https://one
    certificate-authority-data: ${btoa(pki.ca)}
    extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: x}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: bin/plugin
      args: [a, b]
      env: [{name: K, value: v}]
      installHint: get it
      provideClusterInfo: true
`);
  const { exec } = config.auth;
  assert.ok(exec);
  assert.match(exec.command, /^\/.*\/bin\/plugin$/, "a path is seen from the file");
  assert.deepEqual(exec.args, ["a", "b"]);
  assert.deepEqual(exec.env, { K: "v" });
  assert.equal(exec.interactiveMode, "IfAvailable");
  assert.equal(exec.installHint, "get it");
  assert.deepEqual(exec.cluster, {
    server: "https://one",
    "certificate-authority-data": btoa(pki.ca),
    config: { audience: "x" },
  });
  const stanza = (fields: string): string => minimal(`exec: {${fields}}`);
  await assert.rejects(load(stanza("command: p")), refusal("INVALID", "exec.apiVersion"));
  await assert.rejects(
    load(stanza("apiVersion: client.authentication.k8s.io/v1alpha1, command: p")),
    refusal("INVALID", "v1alpha1"),
  );
  await assert.rejects(
    load(stanza("apiVersion: client.authentication.k8s.io/v1, command: p")),
    refusal("INVALID", "interactiveMode"),
  );
  await assert.rejects(
    load(stanza("apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never")),
    refusal("INVALID", "command"),
  );
});

test("impersonation is read whole and refused without a user", async () => {
  const config = await load(minimal("token: x, as: u, as-uid: i, as-groups: [a, b], as-user-extra: {scopes: [s, t]}"));
  assert.deepEqual(config.impersonate, { user: "u", uid: "i", groups: ["a", "b"], extra: { scopes: ["s", "t"] } });
  await assert.rejects(load(minimal("token: x, as-groups: [a]")), refusal("INVALID", "user.as"));
});

test("HTTPS_PROXY and NO_PROXY apply unless the file names a proxy", async () => {
  await withFiles({ config: minimal("token: x") }, async (directory) => {
    const environment = { HTTPS_PROXY: "proxy:3128", NO_PROXY: "10.0.0.0/8,.local" };
    const config = await loadKubeconfig({ path: join(directory, "config"), environment });
    assert.equal(config.proxyUrl, "http://proxy:3128");
    assert.equal(config.noProxy, "localhost,127.0.0.0/8,::1,10.0.0.0/8,.local");
  });
});

test("inClusterConfig() reads the mounted files and needs both variables and a token", async () => {
  const pki = await makeTestPki();
  const environment = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
  await withFiles({ token: "tok\n", "ca.crt": pki.ca, namespace: "agents\n" }, async (directory) => {
    const config = await inClusterConfig({ environment, directory });
    assert.equal(config.server, "https://[fd00::1]:443");
    assert.equal(config.namespace, "agents");
    assert.deepEqual(config.auth, { token: "tok", tokenFile: join(directory, "token") });
    assert.deepEqual(config.tls, { ca: { pem: pki.ca, path: join(directory, "ca.crt") } });
    await assert.rejects(
      inClusterConfig({ environment: { KUBERNETES_SERVICE_HOST: "x" }, directory }),
      refusal("NOT_IN_CLUSTER", "KUBERNETES_SERVICE_PORT"),
    );
    const chosen = await defaultClientConfig({ environment: { ...environment, HOME: "/nonexistent" }, directory });
    assert.equal(chosen.origin, "in-cluster");
  });
  await withFiles({ token: "tok" }, async (directory) => {
    const warnings: string[] = [];
    const config = await inClusterConfig({ environment, directory, onWarning: (message) => warnings.push(message) });
    assert.equal(config.tls.ca, undefined);
    assert.equal(config.namespace, "default");
    assert.match(warnings[0] ?? "", /ca\.crt.*no such file/);
  });
  await withFiles({}, (directory) =>
    assert.rejects(inClusterConfig({ environment, directory }), refusal("MISSING_FILE", "service account token")),
  );
});

test("defaultClientConfig() never steps over a broken kubeconfig", async () => {
  await withFiles({ config: "users: 3" }, (directory) =>
    assert.rejects(
      defaultClientConfig({ environment: { KUBECONFIG: join(directory, "config"), KUBERNETES_SERVICE_HOST: "x" } }),
      refusal("INVALID", "config.users"),
    ),
  );
});
