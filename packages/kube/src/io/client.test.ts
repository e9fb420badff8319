// The client on the wire: verbs, forms, retries and failures, against a server that does what the test says.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { ManualClock, SeededRandom } from "@coracle/base";
import { HttpClientError } from "@coracle/runtime";
import { type GroupVersionResource, StatusError } from "../mod.ts";
import { KubeAnswerError } from "./client-error.ts";
import { createKubeClient } from "./create-kube-client.ts";
import type { RetrySample } from "./metrics-hook.ts";
import { failure, pod, podList, sendJson, sequence } from "./testing/answers.ts";
import type { Exchange, ExchangeHandler } from "./testing/scripted-server.ts";
import { withClient } from "./testing/with-client.ts";

const PODS: GroupVersionResource = { group: "", version: "v1", resource: "pods" };
const DEPLOYMENTS: GroupVersionResource = { group: "apps", version: "v1", resource: "deployments" };

/** Answers everything with an object and keeps what was asked. */
function recorder(): {
  readonly seen: { line: string; type: unknown; accept: unknown; body: string }[];
  readonly handler: ExchangeHandler;
} {
  const seen: { line: string; type: unknown; accept: unknown; body: string }[] = [];
  const handler = async (exchange: Exchange): Promise<void> => {
    const query = exchange.query.toString();
    const line = `${exchange.method} ${exchange.path}${query === "" ? "" : `?${query}`}`;
    const body = await exchange.body();
    seen.push({ line, type: exchange.headers["content-type"], accept: exchange.headers["accept"], body });
    sendJson(exchange, 200, pod("a", "5"));
  };
  return { seen, handler };
}

test("every verb is the right method, path, query, type and body", async () => {
  const { seen, handler } = recorder();
  await withClient(handler, async ({ client }) => {
    const target = { namespace: "ns", name: "a" };
    const object = { apiVersion: "v1", kind: "Pod", metadata: { namespace: "ns", name: "a" } };
    assert.equal((await client.get(PODS, target, { resourceVersion: "0" })).metadata.name, "a");
    await client.get(DEPLOYMENTS, { ...target, subresource: "scale" });
    await client.list(PODS, {}, { labelSelector: "a in (b,c)", limit: 5, continue: "tok" });
    await client.create(PODS, object, { dryRun: "All", fieldManager: "me" });
    await client.update(PODS, object, { subresource: "status", fieldValidation: "Strict" });
    await client.patch(PODS, target, [{ op: "remove", path: "/x" }], { type: "json" });
    await client.patch(PODS, target, { metadata: { labels: { a: null } } }, { type: "merge" });
    await client.patch(PODS, target, {}, { type: "strategic" });
    await client.patch(PODS, target, object, { type: "apply", fieldManager: "me", force: true });
    await client.delete(PODS, target, { propagationPolicy: "Foreground", preconditions: { uid: "u" }, dryRun: "All" });
    await client.deleteCollection(PODS, { namespace: "ns" }, { labelSelector: "a=b", gracePeriodSeconds: 0 });
  });
  assert.deepEqual(
    seen.map(({ line }) => line),
    [
      "GET /api/v1/namespaces/ns/pods/a?resourceVersion=0",
      "GET /apis/apps/v1/namespaces/ns/deployments/a/scale",
      "GET /api/v1/pods?labelSelector=a+in+%28b%2Cc%29&limit=5&continue=tok",
      "POST /api/v1/namespaces/ns/pods?dryRun=All&fieldManager=me",
      "PUT /api/v1/namespaces/ns/pods/a/status?fieldValidation=Strict",
      "PATCH /api/v1/namespaces/ns/pods/a",
      "PATCH /api/v1/namespaces/ns/pods/a",
      "PATCH /api/v1/namespaces/ns/pods/a",
      "PATCH /api/v1/namespaces/ns/pods/a?fieldManager=me&force=true",
      "DELETE /api/v1/namespaces/ns/pods/a",
      "DELETE /api/v1/namespaces/ns/pods?labelSelector=a%3Db",
    ],
  );
  assert.deepEqual(
    seen.slice(3).map(({ type }) => type),
    [
      "application/json",
      "application/json",
      "application/json-patch+json",
      "application/merge-patch+json",
      "application/strategic-merge-patch+json",
      "application/apply-patch+yaml",
      "application/json",
      "application/json",
    ],
  );
  assert.deepEqual(JSON.parse(seen[9]?.body ?? ""), {
    kind: "DeleteOptions",
    apiVersion: "v1",
    propagationPolicy: "Foreground",
    preconditions: { uid: "u" },
    dryRun: ["All"],
  });
  assert.deepEqual(JSON.parse(seen[10]?.body ?? ""), {
    kind: "DeleteOptions",
    apiVersion: "v1",
    gracePeriodSeconds: 0,
  });
  assert.equal(seen[2]?.accept, "application/json;drop=metadata.managedFields,application/json");
});

test("a failure is a StatusError with the server's Status, whatever its form", async () => {
  await withClient(
    sequence(
      (exchange) => sendJson(exchange, 404, failure(404, "NotFound", { name: "a", kind: "pods" })),
      (exchange) => sendJson(exchange, 409, failure(409, "Conflict")),
      (exchange) => sendJson(exchange, 502, "<html>bad gateway</html>", { "content-type": "text/html" }),
      (exchange) => sendJson(exchange, 200, "<html>log in</html>", { "content-type": "text/html" }),
      (exchange) => sendJson(exchange, 200, "[]"),
      (exchange) => {
        exchange.respond(302, { location: "https://elsewhere/" });
        exchange.end();
      },
    ),
    async ({ client }) => {
      const get = () => client.get(PODS, { namespace: "n", name: "a" });
      await assert.rejects(get(), (error) => {
        assert.ok(error instanceof StatusError);
        assert.equal(error.httpCode, 404);
        assert.equal(error.status.details?.name, "a");
        return true;
      });
      await assert.rejects(get(), (error) => error instanceof StatusError && error.reason === "Conflict");
      await assert.rejects(get(), (error) => error instanceof StatusError && error.httpCode === 502);
      await assert.rejects(get(), (error) => error instanceof KubeAnswerError && error.code === "NOT_JSON");
      await assert.rejects(get(), (error) => error instanceof KubeAnswerError && error.code === "NOT_AN_OBJECT");
      await assert.rejects(
        get(),
        (error) => error instanceof StatusError && error.httpCode === 302,
        "no redirect is followed",
      );
    },
  );
});

test("429 and 5xx with Retry-After are sent again for every verb, seconds or date, the body with them", async () => {
  const retries: RetrySample[] = [];
  const clock = new ManualClock({ wallMs: Date.parse("2030-01-01T00:00:00Z") });
  const bodies: string[] = [];
  const refuse =
    (status: number, retryAfter: string): ExchangeHandler =>
    async (exchange) => {
      bodies.push(await exchange.body());
      sendJson(exchange, status, failure(status, "TooManyRequests"), {
        "retry-after": retryAfter,
        "x-kubernetes-pf-flowschema-uid": "schema",
        "x-kubernetes-pf-prioritylevel-uid": "level",
      });
    };
  await withClient(
    sequence(refuse(429, "0"), refuse(503, "Tue, 01 Jan 2030 00:00:00 GMT"), refuse(500, "0"), async (exchange) => {
      bodies.push(await exchange.body());
      sendJson(exchange, 201, pod("a", "1"));
    }),
    async ({ client }) => {
      const object = { metadata: { namespace: "n", name: "a" } };
      assert.equal((await client.create(PODS, object)).metadata.resourceVersion, "1");
      assert.deepEqual(
        bodies,
        Array.from({ length: 4 }, () => JSON.stringify(object)),
      );
    },
    { clock, metrics: { retry: (sample) => retries.push(sample) } },
  );
  assert.deepEqual(
    retries.map(({ cause }) => cause),
    ["throttled", "unavailable", "unavailable"],
  );
  assert.equal(retries[0]?.flowSchemaUid, "schema");
  assert.equal(retries[0]?.priorityLevelUid, "level");
  assert.equal(retries[0]?.route, "/api/v1/namespaces/-/pods");
});

test("a request is retried ten times and no more, never without Retry-After, never for an absurd one", async () => {
  await withClient(
    (exchange) => {
      const retryAfter = exchange.query.get("labelSelector");
      const headers = retryAfter === null ? {} : { "retry-after": retryAfter };
      sendJson(exchange, 429, failure(429, "TooManyRequests"), headers);
    },
    async ({ server, client }) => {
      const refused = (error: unknown): boolean => error instanceof StatusError && error.httpCode === 429;
      await assert.rejects(client.list(PODS, {}, { labelSelector: "0" }), refused);
      assert.equal(server.requests.length, 11);
      await assert.rejects(client.list(PODS), refused);
      assert.equal(server.requests.length, 12);
      await assert.rejects(client.list(PODS, {}, { labelSelector: "3000" }), (error) => {
        assert.ok(error instanceof StatusError);
        assert.equal(error.status.details?.retryAfterSeconds, 3000);
        return true;
      });
      assert.equal(server.requests.length, 13);
    },
  );
});

test("clients that were told the same wait differ in theirs, and none is shorter than told", async () => {
  const waits: number[] = [];
  for (const seed of [1, 2, 3]) {
    const abort = new AbortController();
    await withClient(
      (exchange) => sendJson(exchange, 429, failure(429, "TooManyRequests"), { "retry-after": "60" }),
      async ({ client }) => {
        await assert.rejects(client.get(PODS, { name: "a" }, { signal: abort.signal }));
      },
      {
        random: new SeededRandom(seed),
        metrics: {
          retry: ({ waitMs }) => {
            waits.push(waitMs);
            abort.abort();
          },
        },
      },
    );
  }
  assert.equal(new Set(waits).size, 3);
  assert.ok(waits.every((waitMs) => waitMs >= 60_000 && waitMs <= 70_000));
});

test("aborting ends a wait between retries", async () => {
  await withClient(
    (exchange) => sendJson(exchange, 503, failure(503, "ServiceUnavailable"), { "retry-after": "100" }),
    async ({ client }) => {
      const abort = new AbortController();
      const call = client.get(PODS, { name: "a" }, { signal: abort.signal });
      abort.abort(new Error("enough"));
      await assert.rejects(call);
    },
  );
});

test("a broken connection is retried for GET and never for a write", async () => {
  const cut: ExchangeHandler = (exchange) => exchange.cut();
  await withClient(
    sequence(cut, (exchange) => sendJson(exchange, 200, pod("a", "1")), cut),
    async ({ server, client }) => {
      assert.equal((await client.get(PODS, { name: "a" })).metadata.name, "a");
      await assert.rejects(
        client.create(PODS, { metadata: { name: "b" } }),
        (error) => error instanceof HttpClientError && error.code === "RESET",
      );
      assert.deepEqual(
        server.requests.map(({ method }) => method),
        ["GET", "GET", "POST"],
      );
    },
    { retry: { networkWaitMs: 1 } },
  );
});

test("lists: items null, gzip, metadata only, Table and a size limit", async () => {
  const accepts: unknown[] = [];
  const record =
    (body: string, headers?: Record<string, string>): ExchangeHandler =>
    (exchange) => {
      accepts.push(exchange.headers["accept"]);
      sendJson(exchange, 200, body, headers);
    };
  const many = podList(
    "7",
    Array.from({ length: 200 }, (_, index) => pod(`p${index}`, "1")),
  );
  await withClient(
    sequence(
      record('{"kind":"PodList","items":null,"metadata":{"resourceVersion":"7"}}'),
      (exchange) => {
        assert.equal(exchange.headers["accept-encoding"], "gzip");
        exchange.respond(200, { "content-encoding": "gzip" });
        exchange.end(gzipSync(many));
      },
      record(podList("7", [])),
      record('{"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Name"}],"rows":[{"cells":["a"]}]}'),
      record(podList("7", [])),
      record(many),
    ),
    async ({ client }) => {
      assert.deepEqual((await client.list(PODS)).items, []);
      assert.equal((await client.list(PODS)).items.length, 200);
      await client.list(PODS, {}, { form: "metadata", dropManagedFields: false });
      assert.deepEqual((await client.table(PODS, {}, { includeObject: "None" })).rows?.[0]?.cells, ["a"]);
      await assert.rejects(
        client.table(PODS),
        (error) => error instanceof KubeAnswerError && error.code === "NOT_A_TABLE",
      );
      await assert.rejects(
        client.list(PODS, {}, { sizeBytesMax: 1000 }),
        (error) => error instanceof HttpClientError && error.code === "BODY_TOO_LARGE",
      );
    },
  );
  assert.match(String(accepts[1]), /^application\/json;as=PartialObjectMetadataList;/);
  assert.match(String(accepts[2]), /^application\/json;as=Table;/);
});

test("disable-compression asks for none", async () => {
  await withClient(
    (exchange) => {
      assert.equal(exchange.headers["accept-encoding"], undefined);
      sendJson(exchange, 200, podList("1", []));
    },
    async ({ client }) => {
      await client.list(PODS);
    },
    { config: { disableCompression: true } },
  );
});

test("impersonation goes over the wire with every group as a header of its own", async () => {
  await withClient(
    (exchange) => {
      sendJson(exchange, 200, { metadata: {}, seen: { ...exchange.headers } });
    },
    async ({ client }) => {
      const answer = await client.get(PODS, { name: "a" });
      const seen = answer["seen"] as Record<string, unknown>;
      assert.equal(seen["impersonate-user"], "u");
      assert.equal(seen["impersonate-group"], "a, b", "node joins repeated fields so");
      assert.equal(seen["impersonate-extra-x"], "1, 2");
      assert.equal(seen["authorization"], "Bearer secret");
      assert.equal(seen["user-agent"], "tester/1");
    },
    { userAgent: "tester/1", config: { impersonate: { user: "u", groups: ["a", "b"], extra: { x: ["1", "2"] } } } },
  );
});

test("nothing secret goes over plain http", async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(...Object.keys(request.headers));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(pod("a", "1")));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const client = createKubeClient({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    namespace: "default",
    tls: {},
    auth: { token: "secret" },
    impersonate: { user: "root" },
    disableCompression: false,
    origin: "test",
  });
  try {
    await client.get(PODS, { name: "a" });
    assert.ok(seen.includes("user-agent"));
    assert.ok(!seen.includes("authorization") && !seen.includes("impersonate-user"), seen.join(" "));
  } finally {
    client.close();
    server.closeAllConnections();
    server.close();
  }
});

test("warnings of the server reach the hook", async () => {
  const warnings: string[] = [];
  await withClient(
    (exchange) =>
      sendJson(exchange, 200, pod("a", "1"), { warning: '299 - "v1beta1 is \\"old\\"", 299 - "second", 199 - "no"' }),
    async ({ client }) => {
      await client.get(PODS, { name: "a" });
    },
    { metrics: { warning: (text) => warnings.push(text) } },
  );
  assert.deepEqual(warnings, ['v1beta1 is "old"', "second"]);
});
