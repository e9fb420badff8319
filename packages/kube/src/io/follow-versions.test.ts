// Traps of resource versions, selectors and clocks, on the wire.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bookmark, event, failure, listOf, pod, podList, sendJson, sequence, startWatch } from "./testing/answers.ts";
import { readUntil, withFollow } from "./testing/follow-bench.ts";
import type { ExchangeHandler } from "./testing/scripted-server.ts";

const LISTING = { streamingList: false } as const;

test("trap 18: versions above 2^53 are kept and compared digit by digit", async () => {
  await withFollow(
    sequence(
      async (exchange) => {
        await startWatch(exchange, bookmark("9007199254740992", true), event("MODIFIED", pod("a", "9007199254740993")));
        // Doubles cannot tell these two apart.
        await exchange.write(event("MODIFIED", pod("b", "9007199254740994")));
        await exchange.write(event("MODIFIED", pod("c", "340282366920938463463374607431768211455")));
        exchange.end();
      },
      (exchange) =>
        startWatch(
          exchange,
          event("MODIFIED", pod("c", "340282366920938463463374607431768211455")),
          bookmark("340282366920938463463374607431768211456"),
        ),
    ),
    async ({ server, events }) => {
      const read = await readUntil(events, "bookmark 340282366920938463463374607431768211456");
      assert.deepEqual(read, [
        "sync-start 0",
        "sync-end 9007199254740992",
        "upsert a@9007199254740993",
        "upsert b@9007199254740994",
        "upsert c@340282366920938463463374607431768211455",
        "bookmark 340282366920938463463374607431768211456",
      ]);
      assert.equal(server.requests[1]?.query.get("resourceVersion"), "340282366920938463463374607431768211455");
    },
  );
});

test("trap 19: an object that leaves and re-enters a selector between two disconnects is told both ways", async () => {
  let cut: () => void = () => undefined;
  const watch =
    (resourceVersion: string | null, ...lines: readonly string[]): ExchangeHandler =>
    async (exchange) => {
      assert.equal(exchange.query.get("labelSelector"), "app=web");
      assert.equal(exchange.query.get("resourceVersion"), resourceVersion);
      cut = () => exchange.cut();
      await startWatch(exchange, ...lines);
    };
  await withFollow(
    sequence(
      watch(null, event("ADDED", pod("a", "3")), bookmark("10", true)),
      watch("10", event("DELETED", pod("a", "11"))),
      watch("11", event("ADDED", pod("a", "12"))),
    ),
    async ({ events }) => {
      assert.deepEqual(await readUntil(events, "sync-end 10"), ["sync-start 0", "item a@3", "sync-end 10"]);
      cut();
      assert.deepEqual(await readUntil(events, "remove a@11"), ["remove a@11"]);
      cut();
      assert.deepEqual(await readUntil(events, "upsert a@12"), ["upsert a@12"]);
    },
    { follow: { labelSelector: "app=web" } },
  );
});

test("trap 19: the same unseen, told by a new state: with remembered keys as the changes it stands for", async () => {
  await withFollow(
    sequence(
      (exchange) => sendJson(exchange, 200, podList("10", [pod("a", "3"), pod("b", "4"), pod("c", "5")])),
      (exchange) => sendJson(exchange, 410, failure(410, "Gone")),
      (exchange) => sendJson(exchange, 200, podList("20", [pod("a", "18"), pod("c", "5")])),
      (exchange) => startWatch(exchange, event("ADDED", pod("b", "21"))),
    ),
    async ({ events }) => {
      const read = await readUntil(events, "upsert b@21");
      assert.deepEqual(read.slice(read.indexOf("gap expired")), [
        "gap expired",
        "upsert a@18",
        "remove b@4 unseen",
        "bookmark 20",
        "upsert b@21",
      ]);
    },
    { follow: { ...LISTING, trackKeys: true } },
  );
});

test("trap 20: a server restored from a backup is followed from its old versions on", async () => {
  await withFollow(
    sequence(
      listOf("90000", "a", "new"),
      (exchange) => startWatch(exchange, event("ERROR", failure(410, "Expired"))),
      listOf("50", "a"),
      (exchange) => startWatch(exchange, event("MODIFIED", pod("a", "51"))),
    ),
    async ({ server, events }) => {
      const read = await readUntil(events, "upsert a@51");
      assert.deepEqual(read.slice(read.indexOf("gap expired")), [
        "gap expired",
        "sync-start 1",
        "item a@50",
        "sync-end 50",
        "upsert a@51",
      ]);
      assert.equal(server.requests[3]?.query.get("resourceVersion"), "50");
    },
    { follow: LISTING },
  );
});

test("trap 21: a wall clock that jumps either way disturbs nothing", async () => {
  let send: (line: string) => Promise<void> = async () => undefined;
  await withFollow(
    async (exchange) => {
      await startWatch(exchange, bookmark("10", true));
      send = (line) => exchange.write(line);
    },
    async ({ server, clock, events }) => {
      await readUntil(events, "sync-end 10");
      clock.jumpWall(400 * 86_400_000);
      await send(bookmark("11"));
      await readUntil(events, "bookmark 11");
      clock.jumpWall(-800 * 86_400_000);
      await send(event("MODIFIED", pod("a", "12")));
      assert.deepEqual(await readUntil(events, "upsert a@12"), ["upsert a@12"]);
      assert.equal(server.requests.length, 1);
    },
    { speed: 1 },
  );
});
