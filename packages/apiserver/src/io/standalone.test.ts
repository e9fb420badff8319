// A standalone server over the wire: who gets in, what is refused, watches, limits, shutdown, the data folder.
import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ExitError, startService } from "@coracle/lifecycle";
import { makeTestPki } from "@coracle/sim";
import { type Answered, configFor, StandaloneServer } from "../testing/standalone-server.ts";
import { setUpStandalone } from "./standalone.ts";

const SUBNETS = "/apis/network.coracle.dev/v1alpha1/namespaces/default/subnets";
const MAPS = "/api/v1/namespaces/default/configmaps";

const map = (name: string, data: Record<string, string> = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

function field(answer: Answered, path: string): unknown {
  let value: unknown = answer.body;
  for (const part of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}

describe("a standalone server", () => {
  let server: StandaloneServer;
  before(async () => {
    server = await StandaloneServer.start();
  });
  after(() => server.stop());

  it("serves the administrator and keeps its secrets to itself", async () => {
    const created = await server.ask(MAPS, { method: "POST", body: map("first", { a: "1" }) });
    assert.equal(created.status, 201);
    assert.equal((await server.ask(`${MAPS}/first`)).status, 200);
    for (const name of ["admin.kubeconfig", "coracle.db", "pki/ca.key", "pki/serving.key", "pki/service-account.jwk"]) {
      const { mode } = await stat(join(server.folder, name));
      assert.equal(mode & 0o777, 0o600, name);
    }
  });

  it("answers 401 to who has no credentials, another authority's certificate, or a bad token", async () => {
    const { ca } = server.tls;
    const stranger = await makeTestPki();
    const foreign = await stranger.client({ commonName: "coracle-admin", organizations: ["system:masters"] });
    const none = server.clientWith({ ca });
    const other = server.clientWith({ ca, ...foreign });
    const bad = { authorization: "Bearer eyJhbGciOiJub25lIn0.e30." };
    for (const [client, headers] of [
      [none, {}],
      [other, {}],
      [none, bad],
      [none, { authorization: "Basic YTpi" }],
    ] as const) {
      for (const path of [MAPS, "/api", "/openapi/v3", "/metrics"]) {
        const response = await client.request({ method: "GET", url: server.url + path, headers });
        assert.equal(response.status, 401, path);
        await response.text();
      }
    }
  });

  it("trap 13: takes no notice of front-proxy headers without the proxy's certificate", async () => {
    const forged = { "x-remote-user": "system:admin", "x-remote-group": "system:masters" };
    const none = server.clientWith({ ca: server.tls.ca });
    const response = await none.request({ method: "GET", url: server.url + MAPS, headers: forged });
    assert.equal(response.status, 401);
    await response.text();
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview", metadata: {} };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const who = await server.ask(path, { method: "POST", body: review, headers: forged });
    assert.equal(field(who, "status.userInfo.username"), "coracle-admin");
  });

  it("lets anyone look at health, in plain text", async () => {
    const none = server.clientWith({ ca: server.tls.ca });
    for (const path of ["/livez", "/readyz", "/healthz", "/readyz?verbose"]) {
      const response = await none.request({ method: "GET", url: server.url + path });
      assert.equal(response.status, 200, path);
      assert.match(await response.text(), /ok/);
    }
  });

  it("knows service accounts by tokens it made, for their audience, until the account is gone", async () => {
    const accounts = "/api/v1/namespaces/default/serviceaccounts";
    await server.ask(accounts, { method: "POST", body: { metadata: { name: "agent" } } });
    const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } };
    const issued = await server.ask(`${accounts}/agent/token`, { method: "POST", body: request });
    assert.equal(issued.status, 201);
    const token = String(field(issued, "status.token"));
    const review = async (audiences: readonly string[]): Promise<unknown> => {
      const spec = { token, ...(audiences.length === 0 ? {} : { audiences }) };
      const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec };
      return field(
        await server.ask("/apis/authentication.k8s.io/v1/tokenreviews", { method: "POST", body }),
        "status.authenticated",
      );
    };
    assert.equal(await review([]), true);
    assert.equal(await review(["elsewhere"]), undefined);
    const bearer = server.clientWith({ ca: server.tls.ca });
    const use = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await bearer.request({ method: "GET", url: server.url + MAPS, headers });
      await response.text();
      return response.status;
    };
    assert.equal(await use(), 200);
    await server.ask(`${accounts}/agent`, { method: "DELETE" });
    assert.equal(await use(), 401);
  });

  it("refuses bodies over 3 MiB with 413 and unreadable ones with 400 and 415", async () => {
    const large = JSON.stringify(map("large", { a: "x".repeat(3 * 1024 * 1024) }));
    assert.equal((await server.ask(MAPS, { method: "POST", body: large })).status, 413);
    assert.equal((await server.ask(MAPS, { method: "POST", body: "{" })).status, 400);
    const text = { "content-type": "text/plain" };
    assert.equal((await server.ask(MAPS, { method: "POST", body: "x", headers: text })).status, 415);
    const deep = `{"metadata":{"name":"deep"},"data":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    assert.equal((await server.ask(MAPS, { method: "POST", body: deep })).status, 400);
    const yaml = { "content-type": "application/yaml" };
    const created = await server.ask(MAPS, {
      method: "POST",
      body: "metadata: {name: from-yaml}\ndata: {a: b}\n",
      headers: yaml,
    });
    assert.equal(created.status, 201, JSON.stringify(created.body));
  });

  it("trap 4: answers 415 to a strategic merge patch of a custom kind", async () => {
    const headers = { "content-type": "application/strategic-merge-patch+json" };
    const patched = await server.ask(`${SUBNETS}/any`, { method: "PATCH", body: {}, headers });
    assert.equal(patched.status, 415);
    assert.doesNotMatch(String(field(patched, "message")), /strategic/);
  });

  it("tells warnings in headers and indents for curl", async () => {
    const unknown = { ...map("warned"), colour: "blue" };
    const created = await server.ask(MAPS, { method: "POST", body: unknown });
    assert.match(created.headers["warning"] ?? "", /299 - "unknown field/);
    const response = await server.open(`${MAPS}/warned`, { headers: { "user-agent": "curl/8.5.0" } });
    assert.match(await response.text(), /^\{\n {2}"/);
  });

  it("streams a list longer than any buffer, item by item", { timeout: 30_000 }, async () => {
    const names = Array.from({ length: 250 }, (_, index) => `long-${index}`);
    for (let start = 0; start < names.length; start += 25) {
      const batch = names.slice(start, start + 25);
      await Promise.all(
        batch.map((name) => server.ask(MAPS, { method: "POST", body: map(name, { a: "x".repeat(2000) }) })),
      );
    }
    const list = await server.ask(MAPS);
    const items = field(list, "items") as readonly { metadata: { name: string } }[];
    assert.ok(names.every((name) => items.some(({ metadata }) => metadata.name === name)));
    const first = await server.ask(`${MAPS}?limit=100`);
    assert.equal((field(first, "items") as readonly unknown[]).length, 100);
    assert.ok(Number(field(first, "metadata.remainingItemCount")) >= 150);
  });

  it("ends a watch at its time with a last bookmark", { timeout: 20_000 }, async () => {
    const list = await server.ask(SUBNETS);
    const version = String(field(list, "metadata.resourceVersion"));
    const watch = await server.open(
      `${SUBNETS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion=${version}`,
    );
    const lines = (await watch.text())
      .trim()
      .split("\n")
      .filter((line) => line !== "");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { type: string }).type),
      ["BOOKMARK"],
    );
  });

  it("serves HTTP/1.1 as well", async () => {
    const plain = server.clientWith(server.tls, false);
    const response = await plain.request({ method: "GET", url: `${server.url}/api` });
    assert.equal(response.status, 200);
    await response.text();
  });

  it("keeps serving with a thousand idle connections open", async () => {
    const { hostname, port } = new URL(server.url);
    const sockets = await Promise.all(
      Array.from(
        { length: 1000 },
        () =>
          new Promise<ReturnType<typeof connect>>((resolve, reject) => {
            const socket = connect(Number(port), hostname, () => resolve(socket));
            socket.once("error", reject);
          }),
      ),
    );
    try {
      assert.equal((await server.ask(`${MAPS}/first`)).status, 200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it("counts requests, watches and revisions", async () => {
    const { body } = await server.ask("/metrics");
    const text = String(body);
    assert.match(text, /apiserver_request_total\{verb="create",resource="configmaps",code="201"\} \d+/);
    for (const name of ["apiserver_registered_watchers", "apiserver_store_revision", "apiserver_watch_cache_events"]) {
      assert.ok(text.includes(name), name);
    }
  });
});

describe("trap 12: a client that stops reading its watch", () => {
  it("is closed while another watch gets every event and writes go on", { timeout: 60_000 }, async () => {
    const server = await StandaloneServer.start();
    try {
      const query = "?watch=true&resourceVersion=0&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
      const stalled = await server.open(MAPS + query);
      const reading = await server.open(MAPS + query);
      const seen = { count: 0 };
      const reader = (async () => {
        for await (const chunk of reading.body) seen.count += countLines(chunk);
      })();
      const text = "x".repeat(100_000);
      const writes = 250;
      for (let index = 0; index < writes; index++) {
        const body = map("busy", { text, index: String(index) });
        const method = index === 0 ? "POST" : "PUT";
        const answer = await server.ask(index === 0 ? MAPS : `${MAPS}/busy`, { method, body });
        assert.ok(answer.status < 300);
      }
      while (seen.count < writes) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(seen.count, writes);
      const metrics = String((await server.ask("/metrics")).body);
      assert.match(metrics, /apiserver_watch_slow_closed\{resource="configmaps"\} 1/);
      stalled.cancel();
      reading.cancel();
      await reader.catch(() => undefined);
    } finally {
      await server.stop();
    }
  });
});

function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (const byte of chunk) if (byte === 0x0a) lines++;
  return lines;
}

describe("limits on requests", () => {
  it("answer 429 with Retry-After above the cap, reads and writes apart", async () => {
    const server = await StandaloneServer.start({ args: ["--max-mutating-requests-inflight", "1"] });
    try {
      const writes = Array.from({ length: 30 }, (_, index) =>
        server.ask(MAPS, { method: "POST", body: map(`m${index}`) }),
      );
      const answers = await Promise.all(writes);
      const refused = answers.filter(({ status }) => status === 429);
      assert.ok(refused.length > 0);
      assert.equal(refused[0]?.headers["retry-after"], "1");
      assert.equal(field(refused[0] ?? { status: 0, headers: {}, body: {} }, "reason"), "TooManyRequests");
      assert.equal((await server.ask(MAPS)).status, 200);
    } finally {
      await server.stop();
    }
  });
});

describe("trap 15: shutting down", () => {
  it("ends watches with a clean close and cuts no write", async () => {
    const server = await StandaloneServer.start();
    const watch = await server.open(`${MAPS}?watch=true`);
    const ended = watch.text();
    let sending = true;
    const statuses: number[] = [];
    const hammer = (async () => {
      for (let index = 0; sending; index++) {
        try {
          statuses.push((await server.ask(MAPS, { method: "POST", body: map(`h${index}`) })).status);
        } catch {
          sending = false;
        }
      }
    })();
    while (statuses.length < 20) await new Promise((resolve) => setTimeout(resolve, 2));
    server.service.signal("SIGTERM");
    await ended;
    await hammer;
    await server.stop();
    assert.ok(
      statuses.every((status) => [201, 429, 503].includes(status)),
      String([...new Set(statuses)]),
    );
  });

  it("keeps everything for the next start, and revisions go on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "coracle-apiserver-"));
    try {
      const first = await StandaloneServer.start({ folder });
      const made = await first.ask(MAPS, { method: "POST", body: map("kept", { a: "b" }) });
      const kubeconfig = await readFile(join(folder, "pki/admin.crt"), "utf8");
      await first.stop();
      const second = await StandaloneServer.start({ folder });
      const found = await second.ask(`${MAPS}/kept`);
      assert.deepEqual(field(found, "metadata"), field(made, "metadata"));
      const next = await second.ask(MAPS, { method: "POST", body: map("next") });
      assert.ok(Number(field(next, "metadata.resourceVersion")) > Number(field(made, "metadata.resourceVersion")));
      assert.equal(await readFile(join(folder, "pki/admin.crt"), "utf8"), kubeconfig, "certificates are kept");
      await second.stop();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("a start that cannot succeed", () => {
  async function failure(folder: string, args: readonly string[] = []): Promise<string> {
    try {
      const service = await startService({
        component: "apiserver",
        config: configFor(folder, args),
        setup: setUpStandalone,
        environment: { logSink: () => undefined },
      });
      service.stop("it should not have started");
      await service.finished;
    } catch (error) {
      assert.ok(error instanceof ExitError, String(error));
      return error.message;
    }
    assert.fail("the server started");
  }

  it("says in one line that the folder is in use, a file, or damaged, or that the port is taken", async () => {
    const folder = await mkdtemp(join(tmpdir(), "coracle-apiserver-"));
    try {
      const running = await StandaloneServer.start({ folder });
      assert.match(await failure(folder), /cannot use the data folder .*: another server uses it/);
      const other = await mkdtemp(join(tmpdir(), "coracle-apiserver-"));
      try {
        const { host } = new URL(running.url);
        assert.match(await failure(other, ["--listen", host]), /cannot listen on 127\.0\.0\.1:\d+/);
      } finally {
        await rm(other, { recursive: true, force: true });
      }
      await running.stop();
      await writeFile(
        join(folder, "coracle.db"),
        "this is no database, not even nearly, and it is long enough\n".repeat(200),
      );
      assert.match(await failure(folder), /its database .*coracle\.db is damaged/);
      const file = join(folder, "file");
      await writeFile(file, "");
      assert.match(await failure(file), /cannot use the data folder .*: it is not a folder/);
    } finally {
      await chmod(folder, 0o700);
      await rm(folder, { recursive: true, force: true });
    }
  });
});
