// Credentials that change under a running client: tokens, CA bundles, client certificates, plugins. Watches are never cut for it.
import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import { KubernetesVolume, makeTestPki } from "@coracle/sim";
import { type GroupVersionResource, StatusError } from "../mod.ts";
import type { KubeClientConfig } from "./client-config.ts";
import { createKubeClient } from "./create-kube-client.ts";
import type { KubeClient, KubeClientOptions } from "./kube-client.ts";
import { failure, pod, sendJson } from "./testing/answers.ts";
import { ScriptedServer, type ScriptedServerOptions } from "./testing/scripted-server.ts";
import { waitFor } from "./testing/wait-for.ts";
import { clientConfig, pki } from "./testing/with-client.ts";

const PODS: GroupVersionResource = { group: "", version: "v1", resource: "pods" };

interface Bench {
  readonly server: ScriptedServer;
  readonly client: KubeClient;
  readonly volume: KubernetesVolume;
}

interface Setup {
  readonly files: Readonly<Record<string, string>>;
  readonly server: Omit<ScriptedServerOptions, "pki">;
  readonly config: (volume: KubernetesVolume) => Partial<KubeClientConfig>;
  readonly options?: KubeClientOptions;
}

async function withRotation(setup: Setup, run: (bench: Bench) => Promise<void>): Promise<void> {
  const volume = await KubernetesVolume.create(setup.files);
  const server = await ScriptedServer.start({ pki, ...setup.server });
  const client = createKubeClient({ ...clientConfig(server.url), auth: {}, ...setup.config(volume) }, setup.options);
  try {
    await client.ready();
    await run({ server, client, volume });
    assert.deepEqual(server.failures, []);
  } finally {
    client.close();
    await server.close();
    await volume.remove();
  }
}

/** Opens an endless answer and gives back a function that checks that it is still alive. */
async function openStream(client: KubeClient): Promise<() => Promise<void>> {
  const response = await client.raw({ method: "GET", path: "/stream" });
  const chunks = response.body[Symbol.asyncIterator]();
  return async () => {
    const next = await chunks.next();
    assert.equal(next.done, false);
    assert.equal(new TextDecoder().decode(next.value), "tick");
  };
}

test("trap 13: the token rotates during a watch; the 401 is answered, then the new token is used", async () => {
  const clock = new ManualClock();
  let accepted = "Bearer one";
  let tick: () => Promise<void> = async () => undefined;
  await withRotation(
    {
      files: { token: "one" },
      config: (volume) => ({ auth: { tokenFile: volume.path("token") } }),
      options: { clock },
      server: {
        handler: (exchange) => {
          if (exchange.headers["authorization"] !== accepted)
            return sendJson(exchange, 401, failure(401, "Unauthorized"));
          if (exchange.path !== "/stream") return sendJson(exchange, 200, pod("a", "1"));
          exchange.respond(200);
          tick = () => exchange.write("tick");
        },
      },
    },
    async ({ server, client, volume }) => {
      const isAlive = await openStream(client);
      await volume.swap({ token: "two" });
      accepted = "Bearer two";
      clock.advance(1);
      await assert.rejects(
        client.get(PODS, { name: "a" }),
        (error) => error instanceof StatusError && error.httpCode === 401,
      );
      assert.equal((await client.get(PODS, { name: "a" })).metadata.name, "a");
      await tick();
      await isAlive();
      assert.equal(server.connectionCount, 1);
    },
  );
});

test("trap 14: the CA is swapped through ..data; new connections trust the new one, the watch on the old lives on", async () => {
  const next = await makeTestPki({ caName: "next" });
  const problems: string[] = [];
  let tick: () => Promise<void> = async () => undefined;
  await withRotation(
    {
      files: { "ca.crt": pki.ca },
      config: (volume) => ({ tls: { ca: { pem: pki.ca, path: volume.path("ca.crt") } } }),
      options: { metrics: { credentialProblem: (message) => problems.push(message) } },
      server: {
        handler: (exchange) => {
          if (exchange.path !== "/stream") return sendJson(exchange, 200, pod("a", "1"));
          exchange.respond(200);
          tick = () => exchange.write("tick");
        },
      },
    },
    async ({ server, client, volume }) => {
      const isAlive = await openStream(client);
      await volume.swap({ "ca.crt": "" });
      await waitFor("the empty file to be noticed", () => problems.length === 1);
      await volume.swap({ "ca.crt": pki.ca.slice(0, -60) });
      await waitFor("the torn file to be noticed", () => problems.length === 2);
      await client.get(PODS, { name: "a" });
      assert.equal(server.connectionCount, 1, "the old CA is kept");
      server.reloadTls(next);
      await volume.swap({ "ca.crt": next.ca });
      await waitFor("the old connection to drain", () => client.stats().connectionsDraining === 1);
      await client.get(PODS, { name: "a" });
      assert.equal(server.connectionCount, 2);
      await tick();
      await isAlive();
      assert.match(problems[0] ?? "", /ca\.crt.*old one stays/);
    },
  );
});

test("a client certificate rotates when certificate and key fit each other, and no watch is cut", async () => {
  const one = await pki.client({ commonName: "one" });
  const two = await pki.client({ commonName: "two" });
  const problems: string[] = [];
  let tick: () => Promise<void> = async () => undefined;
  await withRotation(
    {
      files: { crt: one.cert, key: one.key },
      config: (volume) => ({
        tls: {
          ca: { pem: pki.ca },
          certificate: { pem: one.cert, path: volume.path("crt") },
          key: { pem: one.key, path: volume.path("key") },
        },
      }),
      options: { metrics: { credentialProblem: (message) => problems.push(message) } },
      server: {
        clientCa: [pki.ca],
        handler: (exchange) => {
          if (exchange.path !== "/stream") return sendJson(exchange, 200, { metadata: { name: exchange.peerName } });
          exchange.respond(200);
          tick = () => exchange.write("tick");
        },
      },
    },
    async ({ client, volume }) => {
      const isAlive = await openStream(client);
      assert.equal((await client.get(PODS, { name: "a" })).metadata.name, "one");
      await volume.swap({ crt: two.cert, key: one.key });
      await waitFor("the mismatch to be noticed", () => problems.length === 1);
      assert.equal((await client.get(PODS, { name: "a" })).metadata.name, "one");
      await volume.swap({ crt: two.cert, key: two.key });
      await waitFor("the old connection to drain", () => client.stats().connectionsDraining === 1);
      assert.equal((await client.get(PODS, { name: "a" })).metadata.name, "two");
      await tick();
      await isAlive();
    },
  );
});

test("trap 16: a plugin that gives only a certificate authenticates the connection; after a 401 the next one is used", async () => {
  const one = await pki.client({ commonName: "one" });
  const two = await pki.client({ commonName: "two" });
  const clock = new ManualClock();
  const answer = (client: { cert: string; key: string }): string =>
    JSON.stringify({
      kind: "ExecCredential",
      apiVersion: "client.authentication.k8s.io/v1",
      status: { clientCertificateData: client.cert, clientKeyData: client.key },
    });
  await withRotation(
    {
      files: { answer: answer(one), plugin: "" },
      config: (volume) => ({
        auth: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1",
            command: "/bin/cat",
            args: [volume.path("answer")],
            env: {},
            interactiveMode: "Never",
          },
        },
      }),
      options: { clock },
      server: {
        clientCa: [pki.ca],
        handler: (exchange) => {
          assert.equal(exchange.headers["authorization"], undefined);
          if (exchange.path.endsWith("/refused") && exchange.peerName === "one") {
            sendJson(exchange, 401, failure(401, "Unauthorized"));
          } else sendJson(exchange, 200, { metadata: { name: exchange.peerName } });
        },
      },
    },
    async ({ server, client, volume }) => {
      assert.equal((await client.get(PODS, { name: "a" })).metadata.name, "one");
      await volume.swap({ answer: answer(two), plugin: "" });
      assert.equal((await client.get(PODS, { name: "a" })).metadata.name, "one", "cached");
      clock.advance(1);
      await assert.rejects(client.get(PODS, { name: "refused" }), StatusError);
      assert.equal((await client.get(PODS, { name: "refused" })).metadata.name, "two");
      assert.equal(server.connectionCount, 2);
    },
  );
});

test("a plugin that fails fails the request with its own error, and nothing is sent", async () => {
  await withRotation(
    {
      files: { plugin: "" },
      config: (volume) => ({
        auth: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1",
            command: volume.path("script"),
            args: [],
            env: {},
            interactiveMode: "Never",
          },
        },
      }),
      server: { handler: (exchange) => sendJson(exchange, 200, pod("a", "1")) },
    },
    async ({ server, client, volume }) => {
      await writeFile(volume.path("script"), "#!/bin/sh\nexit 7\n");
      await chmod(volume.path("script"), 0o755);
      await assert.rejects(client.get(PODS, { name: "a" }), /exit code 7/);
      assert.equal(server.requests.length, 0);
    },
  );
});

test("a CA file that changed between loading and watching is taken", async () => {
  const next = await makeTestPki({ caName: "next" });
  await withRotation(
    {
      files: { "ca.crt": pki.ca },
      // Loaded when the file still had another CA in it.
      config: (volume) => ({ tls: { ca: { pem: next.ca, path: volume.path("ca.crt") } } }),
      server: { handler: (exchange) => sendJson(exchange, 200, pod("a", "1")) },
    },
    async ({ client }) => {
      assert.equal((await client.get(PODS, { name: "a" })).metadata.name, "a");
    },
  );
});

test("a caller that leaves does not wait for its plugin", async () => {
  const abort = new AbortController();
  await withRotation(
    {
      files: { plugin: "" },
      config: () => ({
        auth: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1",
            command: "/bin/sleep",
            args: ["600"],
            env: {},
            interactiveMode: "Never",
          },
        },
      }),
      options: { execTimeoutMs: 500 },
      server: { handler: (exchange) => sendJson(exchange, 200, pod("a", "1")) },
    },
    async ({ client }) => {
      const patient = client.get(PODS, { name: "a" });
      const hasty = client.get(PODS, { name: "a" }, { signal: abort.signal });
      abort.abort(new Error("enough"));
      await assert.rejects(hasty, /enough/);
      await assert.rejects(patient, /did not finish in 500 ms/);
    },
  );
});
