// Traps of list and watch on the wire: what servers answer, and what a follower must make of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeStatus } from "../mod.ts";
import { bookmark, event, failure, listOf, pod, podList, sendJson, sequence, startWatch } from "./testing/answers.ts";
import { readUntil, withFollow } from "./testing/follow-bench.ts";
import type { Exchange, ExchangeHandler } from "./testing/scripted-server.ts";
import { pause } from "./testing/wait-for.ts";

const LISTING = { streamingList: false } as const;
const TOO_LARGE: KubeStatus = failure(504, "Timeout", {
  causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
  retryAfterSeconds: 1,
});

/** Answers a streaming list with pod a and stays open. */
const streamOfA: ExchangeHandler = (exchange) =>
  startWatch(exchange, event("ADDED", pod("a", "3")), bookmark("10", true));

test("a streaming list asks for what KEP-3157 says and goes on as a watch on the same connection", async () => {
  await withFollow(
    async (exchange) => {
      await streamOfA(exchange);
      await exchange.write(event("MODIFIED", pod("a", "11")));
      await exchange.write(bookmark("12"));
      await exchange.write(event("DELETED", pod("a", "13")));
    },
    async ({ server, events }) => {
      assert.deepEqual(await readUntil(events, "remove a@13"), [
        "sync-start 0",
        "item a@3",
        "sync-end 10",
        "upsert a@11",
        "bookmark 12",
        "remove a@13",
      ]);
      assert.equal(server.requests.length, 1);
      const query = Object.fromEntries(server.requests[0]?.query ?? []);
      const seconds = Number(query["timeoutSeconds"]);
      assert.ok(seconds >= 300 && seconds < 600, String(seconds));
      assert.deepEqual(query, {
        watch: "true",
        sendInitialEvents: "true",
        resourceVersionMatch: "NotOlderThan",
        allowWatchBookmarks: "true",
        timeoutSeconds: String(seconds),
      });
    },
  );
});

test("trap 1: 410 as the status of a watch is a gap and a new state", async () => {
  await withFollow(
    sequence(
      listOf("10", "a"),
      (exchange) => sendJson(exchange, 410, failure(410, "Expired")),
      listOf("20", "b"),
      (exchange) => startWatch(exchange, event("MODIFIED", pod("b", "21"))),
    ),
    async ({ server, events }) => {
      const read = await readUntil(events, "upsert b@21");
      assert.deepEqual(read, [
        "sync-start 0",
        "item a@10",
        "sync-end 10",
        "gap expired",
        "sync-start 1",
        "item b@20",
        "sync-end 20",
        "upsert b@21",
      ]);
      assert.equal(server.requests[2]?.query.get("resourceVersion"), null, "the newest state is asked for");
      assert.equal(server.requests[3]?.query.get("resourceVersion"), "20");
    },
    { follow: LISTING },
  );
});

test("trap 1: 410 as an ERROR event is a gap and a new state", async () => {
  await withFollow(
    sequence(
      (exchange) => startWatch(exchange, bookmark("10", true), event("ERROR", failure(410, "Expired"))),
      (exchange) => startWatch(exchange, event("ADDED", pod("b", "20")), bookmark("20", true)),
    ),
    async ({ server, events }) => {
      assert.deepEqual(await readUntil(events, "sync-end 20"), [
        "sync-start 0",
        "sync-end 10",
        "gap expired",
        "sync-start 1",
        "item b@20",
        "sync-end 20",
      ]);
      assert.equal(server.requests[1]?.query.get("resourceVersion"), null);
    },
  );
});

test("trap 1: 410 on a second page starts the list over, whole", async () => {
  await withFollow(
    sequence(
      (exchange) => sendJson(exchange, 200, podList("10", [pod("a", "1")], { continue: "token" })),
      (exchange) => sendJson(exchange, 410, failure(410, "Expired")),
      listOf("20", "a", "b"),
      (exchange) => startWatch(exchange, bookmark("21")),
    ),
    async ({ server, events }) => {
      const read = await readUntil(events, "bookmark 21");
      assert.deepEqual(read.slice(read.lastIndexOf("sync-start 1")), [
        "sync-start 1",
        "item a@20",
        "item b@20",
        "sync-end 20",
        "bookmark 21",
      ]);
      assert.ok(!read.slice(0, read.indexOf("sync-start 1")).some((each) => each.startsWith("sync-end")));
      assert.equal(server.requests[1]?.query.get("continue"), "token");
      assert.equal(server.requests[1]?.query.get("resourceVersion"), null);
      assert.equal(server.requests[2]?.query.get("continue"), null);
      assert.equal(server.requests[2]?.query.get("limit"), null);
    },
    { follow: LISTING },
  );
});

test("trap 2: an ERROR event with 429 waits as long as it says and goes on from the same version", async () => {
  const waits: (number | undefined)[] = [];
  await withFollow(
    sequence(
      (exchange) =>
        startWatch(
          exchange,
          bookmark("10", true),
          event("MODIFIED", pod("a", "11")),
          event("ERROR", failure(429, "TooManyRequests", { retryAfterSeconds: 7 })),
        ),
      (exchange) => startWatch(exchange, event("MODIFIED", pod("a", "12"))),
    ),
    async ({ server, events }) => {
      for await (const each of events) {
        if (each.kind === "error") waits.push(each.retryInMs);
        assert.notEqual(each.kind, "gap");
        if (each.kind === "upsert" && each.object.metadata.resourceVersion === "12") break;
      }
      const [waitMs = 0] = waits;
      assert.equal(waits.length, 1);
      // As long as asked and somewhat longer, so that followers do not come back in step.
      assert.ok(waitMs > 7000 && waitMs <= 14_000, String(waitMs));
      assert.equal(server.requests[1]?.query.get("resourceVersion"), "11");
    },
  );
});

test("trap 2: 429 as the status of a watch obeys Retry-After", async () => {
  await withFollow(
    sequence(
      listOf("10"),
      (exchange) => sendJson(exchange, 429, "slow down", { "retry-after": "9", "content-type": "text/plain" }),
      (exchange) => startWatch(exchange, bookmark("11")),
    ),
    async ({ events }) => {
      await readUntil(events, "sync-end 10");
      const refused = await events.next();
      assert.ok(refused.value?.kind === "error");
      const { retryInMs = 0 } = refused.value;
      assert.ok(retryInMs >= 9000 && retryInMs <= 18_000, String(retryInMs));
      assert.equal(refused.value.status.reason, "TooManyRequests");
      assert.deepEqual(await readUntil(events, "bookmark 11"), ["bookmark 11"]);
    },
    { follow: LISTING },
  );
});

test("trap 3: a server that ignores sendInitialEvents and stays silent is left for list and watch", async () => {
  await withFollow(
    sequence(
      (exchange) => startWatch(exchange, event("ADDED", pod("old", "1"))),
      listOf("10", "a"),
      (exchange) => startWatch(exchange, event("ADDED", pod("b", "11"))),
    ),
    async ({ server, events }) => {
      const read = await readUntil(events, "upsert b@11");
      assert.deepEqual(read.slice(-4), ["sync-start 1", "item a@10", "sync-end 10", "upsert b@11"]);
      assert.equal(server.requests[1]?.query.get("watch"), null);
      assert.equal(server.requests[1]?.query.get("resourceVersion"), "0");
    },
    { speed: 100 },
  );
});

test("trap 3: a server that ignores it and sends bookmarks all the while is left too", async () => {
  await withFollow(
    sequence(
      async (exchange) => {
        await startWatch(exchange, event("ADDED", pod("old", "1")));
        for (let version = 2; !exchange.isClosed(); version++) {
          await exchange.write(bookmark(String(version)));
          await pause(10);
        }
      },
      listOf("1000", "a"),
      (exchange) => startWatch(exchange, bookmark("1001")),
    ),
    async ({ events }) => {
      const read = await readUntil(events, "bookmark 1001");
      assert.deepEqual(read.slice(-4), ["sync-start 1", "item a@1000", "sync-end 1000", "bookmark 1001"]);
    },
    { speed: 300 },
  );
});

test("trap 4: a server that refuses streaming with 422 is listed at once and never asked again", async () => {
  await withFollow(
    sequence(
      (exchange) => sendJson(exchange, 422, failure(422, "Invalid")),
      listOf("10", "a"),
      (exchange) => sendJson(exchange, 410, failure(410, "Expired")),
      listOf("20", "a"),
      (exchange) => startWatch(exchange, bookmark("21")),
    ),
    async ({ server, events }) => {
      const read = await readUntil(events, "bookmark 21");
      assert.deepEqual(read.slice(0, 3), ["sync-start 0", "item a@10", "sync-end 10"]);
      assert.equal(server.requests[3]?.query.get("sendInitialEvents"), null);
    },
  );
});

test("trap 5: a version beyond the server's is a gap and a state at whatever the server has", async () => {
  await withFollow(
    sequence(
      listOf("1000", "a"),
      (exchange) => sendJson(exchange, 504, TOO_LARGE),
      listOf("50", "a"),
      (exchange) => startWatch(exchange, bookmark("51")),
    ),
    async ({ server, events }) => {
      const read = await readUntil(events, "bookmark 51");
      assert.deepEqual(read.slice(3), [
        "gap resource-version-too-large",
        "sync-start 1",
        "item a@50",
        "sync-end 50",
        "bookmark 51",
      ]);
      assert.equal(server.requests[2]?.query.get("resourceVersion"), null);
    },
    { follow: LISTING },
  );
});

test("trap 6: a watch that ends at once, for ever, backs off", async () => {
  const waits: number[] = [];
  await withFollow(
    async (exchange: Exchange) => {
      if (exchange.query.get("watch") === null) return listOf("10")(exchange);
      exchange.respond(200);
      exchange.end();
    },
    async ({ events }) => {
      for await (const each of events) {
        if (each.kind !== "error" || each.retryInMs === undefined) continue;
        waits.push(each.retryInMs);
        if (waits.length === 5) break;
      }
      for (const [index, wait] of waits.entries()) {
        const baseMs = 800 * 2 ** index;
        assert.ok(wait >= baseMs && wait < 2 * baseMs, `wait ${index} is ${wait}`);
      }
    },
    { follow: LISTING, speed: 200 },
  );
});

test("a stream ends for good when the server says that the request is wrong", async () => {
  await withFollow(
    (exchange) => sendJson(exchange, 400, failure(400, "BadRequest")),
    async ({ events }) => {
      await readUntil(events, "error 400 for good");
      assert.equal((await events.next()).done, true);
    },
    { follow: { ...LISTING, fieldSelector: "bad" } },
  );
});

test("a server that is gone for longer than giveUpAfterMs ends the stream", async () => {
  await withFollow(
    (exchange) => exchange.cut(),
    async ({ events }) => {
      const read = await readUntil(events, "error 503 for good");
      assert.ok(read.length > 2);
      assert.equal((await events.next()).done, true);
    },
    { follow: { giveUpAfterMs: 5000 }, speed: 20 },
  );
});

test("metadata only asks for PartialObjectMetadata, lists and watches alike", async () => {
  const accepts: unknown[] = [];
  await withFollow(
    sequence(
      async (exchange) => {
        accepts.push(exchange.headers["accept"]);
        await listOf("10")(exchange);
      },
      async (exchange) => {
        accepts.push(exchange.headers["accept"]);
        await startWatch(exchange, bookmark("11"));
      },
    ),
    async ({ client, events }) => {
      await readUntil(events, "bookmark 11");
      assert.equal(client.stats().connectionsOpened, 1);
    },
    { follow: { ...LISTING, form: "metadata" } },
  );
  assert.match(String(accepts[0]), /^application\/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1;drop=/);
  assert.match(String(accepts[1]), /^application\/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1;drop=/);
});

test("a Table is followed row by row, with the server's columns", async () => {
  const columns: string[][] = [];
  const table = (...names: readonly string[]): string =>
    JSON.stringify({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: "10" },
      columnDefinitions: [{ name: "Name", type: "string", format: "", description: "", priority: 0 }],
      rows: names.map((name) => ({ cells: [name], object: pod(name, "5") })),
    });
  await withFollow(
    sequence(
      (exchange) => {
        assert.match(String(exchange.headers["accept"]), /as=Table/);
        sendJson(exchange, 200, table("a"));
      },
      (exchange) => startWatch(exchange, bookmark("11")),
    ),
    async ({ server, events }) => {
      assert.deepEqual(await readUntil(events, "bookmark 11"), [
        "sync-start 0",
        "item a@5",
        "sync-end 10",
        "bookmark 11",
      ]);
      assert.equal(server.requests[0]?.query.get("sendInitialEvents"), null);
    },
    { follow: { form: "table", onColumns: (found) => columns.push(found.map(({ name }) => name)) } },
  );
  assert.deepEqual(columns, [["Name"]]);
});
