// Traps of connections: how bytes arrive, when they stop, and how many streams there are.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { constants, createGzip } from "node:zlib";
import { compileProjection } from "../mod.ts";
import { createKubeClient } from "./create-kube-client.ts";
import { follow } from "./follow.ts";
import { bookmark, event, failure, pod, podList, sendJson, sequence, startWatch } from "./testing/answers.ts";
import { PODS, readUntil, withFollow } from "./testing/follow-bench.ts";
import { FreezableProxy } from "./testing/freezable-proxy.ts";
import type { Exchange } from "./testing/scripted-server.ts";
import { pause, waitFor } from "./testing/wait-for.ts";
import { clientConfig, withClient } from "./testing/with-client.ts";

const LISTING = { streamingList: false } as const;
/** Two, three and four bytes of UTF-8, and every kind of escape. */
const AWKWARD = 'grün 漢字 \u{1f6f6} "quote" \\ back \u0001 \u2028 \ud83d\ude80';

test("trap 7: a half-open connection is found by PING and the watch goes on from where it was", async () => {
  const causes: string[] = [];
  const handler = sequence(
    (exchange) => startWatch(exchange, event("ADDED", pod("a", "3")), bookmark("10", true)),
    async (exchange) => {
      assert.equal(exchange.query.get("resourceVersion"), "10");
      await startWatch(exchange, event("MODIFIED", pod("a", "11")));
    },
  );
  await withClient(handler, async ({ server }) => {
    const proxy = await FreezableProxy.start(server.port);
    const client = createKubeClient(clientConfig(`https://127.0.0.1:${proxy.port}`), {
      http: { pingIdleMs: 50, pingTimeoutMs: 50 },
      metrics: { follow: (sample) => sample.kind === "reconnect" && causes.push(sample.cause) },
    });
    const events = follow(client, PODS);
    try {
      await readUntil(events, "sync-end 10");
      proxy.freeze();
      assert.deepEqual(await readUntil(events, "upsert a@11"), ["upsert a@11"]);
      assert.equal(client.stats().pingsLost, 1);
      assert.deepEqual(causes, ["broken"]);
    } finally {
      await events.return();
      client.close();
      await proxy.close();
    }
  });
});

test("trap 8: GOAWAY in the middle of a list lets it finish, and a page it had not taken is asked for again", async () => {
  const page = podList("10", [pod("b", "6"), pod("c", "7")]);
  await withFollow(
    sequence(
      (exchange) => sendJson(exchange, 200, podList("10", [pod("a", "5")], { continue: "token" })),
      // Streams above the first count as not processed: the client must send this page again by itself.
      (exchange) => exchange.goaway(1),
      async (exchange) => {
        assert.equal(exchange.query.get("continue"), "token");
        exchange.respond(200);
        await exchange.write(page.slice(0, 120));
        exchange.goaway(exchange.streamId);
        await exchange.write(page.slice(120));
        exchange.end();
      },
      (exchange) => startWatch(exchange, bookmark("11")),
    ),
    async ({ server, client, events }) => {
      assert.deepEqual(await readUntil(events, "bookmark 11"), [
        "sync-start 0",
        "item a@5",
        "item b@6",
        "item c@7",
        "sync-end 10",
        "bookmark 11",
      ]);
      assert.deepEqual(
        server.requests.map(({ connection }) => connection),
        [1, 1, 2, 3],
      );
      assert.equal(client.stats().requestsReplayed, 1);
    },
    { follow: LISTING },
  );
});

test("trap 8: GOAWAY in the middle of a watch does not cut it, and new requests go elsewhere", async () => {
  let watch: Exchange | undefined;
  await withFollow(
    async (exchange) => {
      if (exchange.query.get("watch") === null) return sendJson(exchange, 200, pod("x", "1"));
      watch = exchange;
      await startWatch(exchange, bookmark("10", true));
    },
    async ({ server, client, events }) => {
      await readUntil(events, "sync-end 10");
      watch?.goaway(watch.streamId);
      await waitFor("the connection to drain", () => client.stats().connectionsDraining === 1);
      await client.get(PODS, { name: "x" });
      await watch?.write(event("MODIFIED", pod("a", "11")));
      assert.deepEqual(await readUntil(events, "upsert a@11"), ["upsert a@11"]);
      assert.deepEqual(
        server.requests.map(({ connection }) => connection),
        [1, 2],
      );
    },
  );
});

test("trap 9: events split anywhere, over TLS records, inside UTF-8 sequences and escapes", async () => {
  const text = `${event("ADDED", pod("a", "3", { note: AWKWARD }))} \r\n\t${bookmark("10", true)}`;
  // An escaped form of the same note, as other servers write it.
  const escaped = text.replaceAll(
    /[^\x20-\x7e\s]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  for (const body of [text, escaped]) {
    const bytes = new TextEncoder().encode(body);
    for (const size of [1, 2, 3, 7]) {
      await withFollow(
        async (exchange) => {
          exchange.respond(200);
          for (let at = 0; at < bytes.length; at += size) await exchange.write(bytes.subarray(at, at + size));
        },
        async ({ events }) => {
          for await (const each of events) {
            if (each.kind === "item") assert.equal(each.object["note"], AWKWARD);
            if (each.kind === "sync-end") break;
            assert.notEqual(each.kind, "error");
          }
        },
        { speed: 1 },
      );
    }
  }
});

test("trap 10: an object of 16 MiB is read, and with a projection never built; a larger one is refused", async () => {
  const small = compileProjection(["kind"]);
  assert.ok(small.ok);
  const sizeBytes = 15.9 * 1024 * 1024;
  const big = pod("big", "11", { blob: "x".repeat(sizeBytes) });
  const handler = sequence(
    (exchange) => startWatch(exchange, bookmark("10", true), event("MODIFIED", big), bookmark("12")),
    (exchange) => startWatch(exchange, bookmark("13")),
  );
  await withFollow(
    handler,
    async ({ events }) => {
      for await (const each of events) {
        if (each.kind === "upsert") assert.deepEqual(Object.keys(each.object).sort(), ["kind", "metadata"]);
        if (each.kind === "bookmark") break;
        assert.notEqual(each.kind, "error");
      }
    },
    { follow: { projection: small.value } },
  );
  let attempts = 0;
  await withFollow(
    async (exchange) => {
      attempts++;
      if (attempts === 1) await startWatch(exchange, bookmark("10", true), event("MODIFIED", big));
      else if (attempts === 2) await startWatch(exchange, event("MODIFIED", big));
      else await startWatch(exchange, bookmark("30", true));
    },
    async ({ events }) => {
      const read = await readUntil(events, "sync-end 30");
      assert.ok(!read.some((each) => each.startsWith("upsert")));
      assert.ok(read.includes("error 503"), read.join(", "));
      assert.ok(read.includes("gap malformed"), read.join(", "));
    },
    { follow: { limits: { objectBytesMax: 1024 * 1024 } } },
  );
});

test("trap 11: metadata after items, items null, a list cut short", async () => {
  await withFollow(
    sequence(
      (exchange) =>
        sendJson(
          exchange,
          200,
          `{"items":[${JSON.stringify(pod("a", "5"))}],"kind":"PodList","metadata":{"resourceVersion":"10"}}`,
        ),
      (exchange) => sendJson(exchange, 410, failure(410, "Expired")),
      (exchange) => sendJson(exchange, 200, '{"items":null,"kind":"PodList","metadata":{"resourceVersion":"20"}}'),
      (exchange) => sendJson(exchange, 410, failure(410, "Expired")),
      (exchange) => sendJson(exchange, 200, podList("30", [pod("a", "5"), pod("b", "6")]).slice(0, -40)),
      (exchange) => sendJson(exchange, 200, podList("30", [pod("a", "5"), pod("b", "6")])),
      (exchange) => startWatch(exchange, bookmark("31")),
    ),
    async ({ events }) => {
      const read = await readUntil(events, "bookmark 31");
      assert.deepEqual(read.slice(0, read.indexOf("sync-end 20") + 1), [
        "sync-start 0",
        "item a@5",
        "sync-end 10",
        "gap expired",
        "sync-start 1",
        "sync-end 20",
      ]);
      const cut = read.slice(read.indexOf("sync-start 2"));
      assert.ok(cut.indexOf("error 503") > 0 && cut.indexOf("error 503") < cut.indexOf("sync-start 3"), cut.join(", "));
      assert.deepEqual(cut.slice(cut.indexOf("sync-start 3")), [
        "sync-start 3",
        "item a@5",
        "item b@6",
        "sync-end 30",
        "bookmark 31",
      ]);
    },
    { follow: LISTING },
  );
});

test("trap 12: a gzip watch gives each event when the server flushes it", async () => {
  let flush: (line: string) => Promise<void> = async () => undefined;
  await withFollow(
    async (exchange) => {
      assert.equal(exchange.headers["accept-encoding"], "gzip");
      exchange.respond(200, { "content-encoding": "gzip" });
      const gzip = createGzip();
      const writes: Promise<void>[] = [];
      gzip.on("data", (chunk: Uint8Array) => writes.push(exchange.write(chunk)));
      flush = async (line) => {
        gzip.write(line);
        await new Promise<void>((resolve) => {
          gzip.flush(constants.Z_SYNC_FLUSH, resolve);
        });
        await Promise.all(writes);
      };
      await flush(event("ADDED", pod("a", "3")) + bookmark("10", true));
    },
    async ({ events }) => {
      assert.deepEqual(await readUntil(events, "sync-end 10"), ["sync-start 0", "item a@3", "sync-end 10"]);
      for (const version of ["11", "12"]) {
        await flush(event("MODIFIED", pod("a", version)));
        assert.deepEqual(await readUntil(events, `upsert a@${version}`), [`upsert a@${version}`]);
      }
    },
  );
});

test("trap 13: a watch refused with 401 goes on once the token file has the new token", async () => {
  const directory = await mkdtemp(join(tmpdir(), "coracle-follow-"));
  const path = join(directory, "token");
  const seen: string[] = [];
  let cut: () => void = () => undefined;
  let accepted = "Bearer one";
  try {
    await writeFile(path, "one");
    await withFollow(
      async (exchange) => {
        seen.push(String(exchange.headers["authorization"]));
        if (seen.at(-1) !== accepted) return sendJson(exchange, 401, failure(401, "Unauthorized"));
        cut = () => exchange.cut();
        const version = exchange.query.get("resourceVersion");
        await (version === null ? startWatch(exchange, bookmark("10", true)) : startWatch(exchange, bookmark("11")));
      },
      async ({ events }) => {
        await readUntil(events, "sync-end 10");
        await writeFile(path, "two");
        accepted = "Bearer two";
        cut();
        assert.deepEqual(await readUntil(events, "bookmark 11"), ["error 401", "bookmark 11"]);
        assert.deepEqual(seen, ["Bearer one", "Bearer one", "Bearer two"]);
      },
      { config: { auth: { tokenFile: path } }, speed: 10 },
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("trap 17: 101 and more watches share as few connections as the server's limit allows", async () => {
  const watches: Exchange[] = [];
  await withFollow(
    async (exchange) => {
      watches.push(exchange);
      await startWatch(exchange, bookmark("10", true));
    },
    async ({ server, client }) => {
      const streams = Array.from({ length: 205 }, (_, index) => follow(client, PODS, { namespace: `n${index}` }));
      try {
        await Promise.all(streams.map((stream) => readUntil(stream, "sync-end 10")));
        assert.equal(server.connectionCount, 3);
        assert.equal(client.stats().streamsOpen, 205);
        for (const watch of watches) await watch.write(bookmark("11"));
        await Promise.all(streams.map((stream) => readUntil(stream, "bookmark 11")));
      } finally {
        await Promise.all(streams.map((stream) => stream.return()));
      }
    },
    { speed: 1, server: { streamsMax: 100 } },
  );
});

test("trap 22: a consumer that stops stops the server: little is sent ahead, and nothing is lost", async () => {
  const total = 400;
  const filler = "x".repeat(64 * 1024);
  let written = 0;
  await withFollow(
    async (exchange) => {
      await startWatch(exchange, bookmark("10", true));
      for (; written < total; written++)
        await exchange.write(event("MODIFIED", pod("a", String(11 + written), { filler })));
    },
    async ({ server, events }) => {
      await readUntil(events, "upsert a@11");
      let before = -1;
      // Until the server has stood still for a while.
      await waitFor("the server to be stopped", async () => {
        const isStill = before === written;
        before = written;
        await pause(100);
        return isStill;
      });
      assert.ok(written < total / 4, `${written} events of 64 KiB were sent ahead`);
      const read = await readUntil(events, `upsert a@${10 + total}`);
      assert.equal(read.length, total - 1);
      assert.equal(server.requests.length, 1, "the pause is not taken for the server's silence");
    },
  );
});
