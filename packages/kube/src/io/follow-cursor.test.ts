// Cursors on disk: a follower that starts again goes on where the consumer was, or says that it cannot.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { millis } from "@coracle/base";
import { parseCursor, type WatchCursor } from "../mod.ts";
import { CursorSaver } from "./cursor-saver.ts";
import { type CursorStore, fileCursorStore } from "./cursor-store.ts";
import { follow } from "./follow.ts";
import { bookmark, event, failure, pod, sendJson, sequence, startWatch } from "./testing/answers.ts";
import { PODS, readUntil, withFollow } from "./testing/follow-bench.ts";

async function withCursorFile(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "coracle-cursor-"));
  try {
    await run(join(directory, "cursor"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function versionIn(path: string): Promise<string | undefined> {
  return parseCursor(await readFile(path, "utf8"))?.resourceVersion;
}

test("a second run resumes after the last event the first consumer came back from", async () => {
  await withCursorFile(async (path) => {
    const options = { cursor: fileCursorStore(path) };
    await withFollow(
      sequence(
        (exchange) =>
          startWatch(
            exchange,
            event("ADDED", pod("a", "3")),
            bookmark("10", true),
            event("MODIFIED", pod("a", "11")),
            event("MODIFIED", pod("a", "12")),
          ),
        (exchange) => startWatch(exchange, event("MODIFIED", pod("a", "12")), event("MODIFIED", pod("a", "13"))),
      ),
      async ({ server, client, events }) => {
        for await (const each of events) {
          // Leaving the loop here means that version 12 was not dealt with.
          if (each.kind === "upsert" && each.object.metadata.resourceVersion === "12") break;
        }
        assert.equal(await versionIn(path), "11");
        assert.equal((await stat(path)).mode & 0o777, 0o600);
        const again = follow(client, PODS, options);
        assert.deepEqual(await readUntil(again, "upsert a@13"), ["upsert a@12", "upsert a@13"]);
        await again.return();
        assert.equal(await versionIn(path), "12");
        assert.equal(server.requests[1]?.query.get("resourceVersion"), "11");
        assert.equal(server.requests[1]?.query.get("sendInitialEvents"), null);
      },
      { follow: options },
    );
  });
});

test("a cursor that is too old is a gap and a new state", async () => {
  await withCursorFile(async (path) => {
    const cursor: WatchCursor = { version: 1, resource: "/api/v1/pods", selector: "", resourceVersion: "5" };
    await writeFile(path, JSON.stringify(cursor));
    await withFollow(
      sequence(
        (exchange) => sendJson(exchange, 410, failure(410, "Expired")),
        (exchange) => startWatch(exchange, bookmark("50", true)),
      ),
      async ({ events }) => {
        assert.deepEqual(await readUntil(events, "sync-end 50"), ["gap expired", "sync-start 0", "sync-end 50"]);
      },
      { follow: { cursor: fileCursorStore(path) } },
    );
  });
});

test("a cursor of another query is not used, and one that cannot be read is none", async () => {
  for (const [content, expected] of [
    ['{"version":1,"resource":"/api/v1/nodes","selector":"","resourceVersion":"5"}', ["gap cursor-mismatch"]],
    [
      '{"version":1,"resource":"/api/v1/pods","selector":"labelSelector=a","resourceVersion":"5"}',
      ["gap cursor-mismatch"],
    ],
    ['{"version":1,"resource":"/api/v1/po', []],
    ["", []],
  ] as const) {
    await withCursorFile(async (path) => {
      await writeFile(path, content);
      await withFollow(
        (exchange) => startWatch(exchange, bookmark("50", true)),
        async ({ events }) => {
          assert.deepEqual(await readUntil(events, "sync-end 50"), [...expected, "sync-start 0", "sync-end 50"]);
        },
        { follow: { cursor: fileCursorStore(path) } },
      );
    });
  }
});

test("a cursor that cannot be written is reported and stops nothing", async () => {
  const problems: string[] = [];
  await withFollow(
    (exchange) => startWatch(exchange, bookmark("50", true), event("MODIFIED", pod("a", "51"))),
    async ({ events }) => {
      await readUntil(events, "upsert a@51");
      await events.return();
      assert.ok(problems.length >= 1);
      assert.match(problems[0] ?? "", /Cannot save the cursor: .*\/nonexistent\/cursor/);
    },
    {
      follow: { cursor: fileCursorStore("/nonexistent/cursor") },
      metrics: { follow: (sample) => sample.kind === "cursor-failed" && problems.push(sample.message) },
    },
  );
});

test("CursorSaver writes the newest cursor, one write at a time, at most once per interval", async () => {
  const saved: string[] = [];
  let finish: () => void = () => undefined;
  const store: CursorStore = {
    load: async () => undefined,
    save: (cursor) => {
      saved.push(cursor.resourceVersion);
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
  };
  const at = (resourceVersion: string): WatchCursor => ({ version: 1, resource: "r", selector: "", resourceVersion });
  const saver = new CursorSaver(store, 1000, () => undefined);
  saver.advance(at("1"), millis(0));
  saver.advance(at("2"), millis(1));
  assert.deepEqual(saved, ["1"], "one is being written");
  finish();
  await new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
  assert.equal(saver.dueAt(), 1000);
  saver.tick(millis(999));
  assert.deepEqual(saved, ["1"]);
  saver.advance(at("3"), millis(1000));
  assert.deepEqual(saved, ["1", "3"]);
  finish();
  const flushed = saver.flush(millis(1001));
  await flushed;
  assert.deepEqual(saved, ["1", "3"], "nothing new to write");
});
