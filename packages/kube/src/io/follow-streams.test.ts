// Streams beside one another: sharing connections, ending, and telling of themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow } from "./follow.ts";
import { bookmark, event, failure, pod, sequence, startWatch } from "./testing/answers.ts";
import { PODS, readUntil, withFollow } from "./testing/follow-bench.ts";
import type { Exchange, ExchangeHandler } from "./testing/scripted-server.ts";
import { waitFor } from "./testing/wait-for.ts";

test("several streams share one connection, and ending one leaves the others", async () => {
  const watches = new Map<string, Exchange>();
  const handler: ExchangeHandler = async (exchange) => {
    watches.set(exchange.path, exchange);
    await startWatch(exchange, bookmark("10", true));
  };
  await withFollow(handler, async ({ server, client }) => {
    const [one, two] = [follow(client, PODS, { namespace: "one" }), follow(client, PODS, { namespace: "two" })];
    await Promise.all([readUntil(one, "sync-end 10"), readUntil(two, "sync-end 10")]);
    assert.equal(server.connectionCount, 1);
    await one.return();
    await watches.get("/api/v1/namespaces/one/pods")?.closed;
    await watches.get("/api/v1/namespaces/two/pods")?.write(bookmark("11"));
    assert.deepEqual(await readUntil(two, "bookmark 11"), ["bookmark 11"]);
    await two.return();
    await waitFor("both streams to close", () => client.stats().streamsOpen === 0);
  });
});

test("without HTTP/2 a collection is followed all the same, a connection for each watch", async () => {
  await withFollow(
    async (exchange) => {
      await startWatch(exchange, event("ADDED", pod("a", "3")), bookmark("10", true));
      await exchange.write(event("MODIFIED", pod("a", "11")));
    },
    async ({ server, client, events }) => {
      await readUntil(events, "upsert a@11");
      const other = follow(client, PODS, { namespace: "n" });
      await readUntil(other, "upsert a@11");
      assert.equal(server.connectionCount, 2);
      await other.return();
    },
    { http: { http2: false } },
  );
});

test("aborting ends the stream without an error and the request with it", async () => {
  const abort = new AbortController();
  let watch: Exchange | undefined;
  await withFollow(
    async (exchange) => {
      watch = exchange;
      await startWatch(exchange, bookmark("10", true));
    },
    async ({ events }) => {
      await readUntil(events, "sync-end 10");
      const next = events.next();
      abort.abort();
      assert.equal((await next).done, true);
      await watch?.closed;
    },
    { follow: { signal: abort.signal } },
  );
});

test("samples tell bytes, events, reconnects, gaps and how far the consumer is", async () => {
  const samples: string[] = [];
  let sizeBytes = 0;
  const body = [event("ADDED", pod("a", "3")), bookmark("10", true), event("MODIFIED", pod("a", "12"))];
  await withFollow(
    sequence(
      async (exchange) => {
        await startWatch(exchange, ...body);
        exchange.end();
      },
      (exchange) => startWatch(exchange, event("ERROR", failure(410, "Expired"))),
      (exchange) => startWatch(exchange, bookmark("20", true)),
    ),
    async ({ events }) => {
      await readUntil(events, "sync-end 20");
    },
    {
      metrics: {
        follow: (sample) => {
          if (sample.kind === "chunk") sizeBytes += sample.sizeBytes;
          else if (sample.kind === "progress") {
            samples.push(`${sample.deliveredResourceVersion}/${sample.receivedResourceVersion} lag ${sample.lag}`);
          } else samples.push(`${sample.kind} ${"cause" in sample ? sample.cause : sample.message}`);
        },
      },
    },
  );
  assert.ok(samples.includes("reconnect closed"), samples.join(", "));
  assert.ok(samples.includes("gap expired"), samples.join(", "));
  assert.ok(samples.includes("12/12 lag 0"), samples.join(", "));
  assert.ok(sizeBytes >= body.join("").length);
});
