// Casual use: waiting for one object, and one ConfigMap or Secret with its changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, type KubeObject, StatusError } from "../mod.ts";
import { type ConfigEvent, configText, readAndFollow } from "./read-and-follow.ts";
import { bookmark, event, failure, pod, sendJson, sequence, startWatch } from "./testing/answers.ts";
import { FastClock } from "./testing/fast-clock.ts";
import { PODS, withFollow } from "./testing/follow-bench.ts";
import { withClient } from "./testing/with-client.ts";
import { until, UntilTimeoutError } from "./until.ts";

const running = (object: KubeObject | undefined): boolean => object?.["phase"] === "Running";

test("until() answers with the state the predicate held for, through a break", async () => {
  const asked: (string | undefined)[] = [];
  await withFollow(
    sequence(
      async (exchange) => {
        assert.equal(exchange.query.get("fieldSelector"), "metadata.name=a");
        assert.equal(exchange.path, "/api/v1/namespaces/n/pods");
        await startWatch(exchange, bookmark("10", true), event("ADDED", pod("a", "11", { phase: "Pending" })));
        exchange.end();
      },
      (exchange) => startWatch(exchange, event("MODIFIED", pod("a", "12", { phase: "Running" }))),
    ),
    async ({ client }) => {
      const found = await until(client, PODS, {
        name: "a",
        namespace: "n",
        predicate: (object) => {
          asked.push(object?.metadata.resourceVersion);
          return object?.["phase"] === "Running";
        },
      });
      assert.equal(found?.metadata.resourceVersion, "12");
      assert.deepEqual(asked, [undefined, "11", "12"]);
    },
  );
});

test("until() can wait for an object to be gone", async () => {
  await withFollow(
    (exchange) =>
      startWatch(exchange, event("ADDED", pod("a", "3")), bookmark("10", true), event("DELETED", pod("a", "11"))),
    async ({ client }) => {
      assert.equal(await until(client, PODS, { name: "a", predicate: (object) => object === undefined }), undefined);
    },
  );
});

test("until() gives up after its time with the server's last failure, or at once when the server says no for good", async () => {
  await withFollow(
    (exchange) => sendJson(exchange, 403, failure(403, "Forbidden")),
    async ({ client }) => {
      await assert.rejects(until(client, PODS, { name: "a", predicate: running, timeoutMs: 5000 }), (error) => {
        assert.ok(error instanceof UntilTimeoutError);
        assert.equal(error.status?.code, 403);
        assert.match(error.message, /pods "a".*5000 ms.*scripted Forbidden/);
        return true;
      });
    },
  );
  await withFollow(
    (exchange) => sendJson(exchange, 405, failure(405, "MethodNotAllowed")),
    async ({ client }) => {
      await assert.rejects(until(client, PODS, { name: "a", predicate: running }), StatusError);
    },
  );
});

test("until() ends with the signal's reason", async () => {
  const abort = new AbortController();
  await withFollow(
    async (exchange) => {
      await startWatch(exchange, bookmark("10", true));
      abort.abort(new Error("enough"));
    },
    async ({ client }) => {
      await assert.rejects(until(client, PODS, { name: "a", predicate: running, signal: abort.signal }), /enough/);
    },
  );
});

function object(kind: string, version: string, more: JsonObject): JsonObject {
  return {
    apiVersion: "v1",
    kind,
    metadata: { name: "c", namespace: "n", uid: "u", resourceVersion: version },
    ...more,
  };
}

/** Reads `count` events of a ConfigMap or Secret. */
async function readConfig(events: AsyncIterable<ConfigEvent>, count: number): Promise<readonly ConfigEvent[]> {
  const read: ConfigEvent[] = [];
  for await (const each of events) {
    read.push(each);
    if (read.length === count) break;
  }
  return read;
}

test("readAndFollow() gives a ConfigMap's values now, then each change and the deletion", async () => {
  await withFollow(
    sequence(
      async (exchange) => {
        assert.equal(exchange.path, "/api/v1/namespaces/n/configmaps");
        assert.equal(exchange.query.get("fieldSelector"), "metadata.name=c");
        await startWatch(
          exchange,
          event("ADDED", object("ConfigMap", "3", { data: { a: "grün" }, binaryData: { b: "AAH/" } })),
          bookmark("10", true),
          event("MODIFIED", object("ConfigMap", "11", { data: { a: "2" } })),
          event("ERROR", failure(410, "Expired")),
        );
      },
      // A relist that finds what is known tells nothing.
      (exchange) =>
        startWatch(
          exchange,
          event("ADDED", object("ConfigMap", "11", { data: { a: "2" } })),
          bookmark("20", true),
          event("DELETED", object("ConfigMap", "21", {})),
        ),
    ),
    async ({ client }) => {
      const reference = { kind: "ConfigMap", namespace: "n", name: "c" } as const;
      const [first, second, third] = await readConfig(readAndFollow(client, reference), 3);
      assert.ok(first?.kind === "value" && second?.kind === "value");
      assert.equal(configText(first.value, "a"), "grün");
      assert.deepEqual(first.value.data.get("b"), new Uint8Array([0, 1, 255]));
      assert.equal(configText(first.value, "c"), undefined);
      assert.equal(second.value.resourceVersion, "11");
      assert.equal(configText(second.value, "a"), "2");
      assert.equal(third?.kind, "absent");
    },
  );
});

test("readAndFollow() says that a Secret is absent, decodes it when it comes, and passes on trouble", async () => {
  const clock = new FastClock(50);
  await withClient(
    sequence(
      (exchange) => sendJson(exchange, 403, failure(403, "Forbidden")),
      (exchange) =>
        startWatch(
          exchange,
          bookmark("10", true),
          event("ADDED", object("Secret", "11", { type: "Opaque", data: { key: btoa("value"), broken: "!" } })),
        ),
    ),
    async ({ client }) => {
      const reference = { kind: "Secret", namespace: "n", name: "c" } as const;
      const [trouble, absent, value] = await readConfig(readAndFollow(client, reference), 3);
      assert.ok(trouble?.kind === "error" && trouble.status.code === 403 && trouble.retryInMs !== undefined);
      assert.equal(absent?.kind, "absent");
      assert.ok(value?.kind === "value");
      assert.equal(value.value.type, "Opaque");
      assert.equal(configText(value.value, "key"), "value");
      assert.equal(configText(value.value, "broken"), "");
    },
    { clock, startTimer: clock.startTimer },
  );
});
