// The client without a server, and with one that goes away: waits are bounded in number and time, requests are refused, a close
// answers all, tries follow each other as they should.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import { until } from "./testing/private-ovs.ts";
import { JsonFramer } from "../mod.ts";
import { openOvsdb } from "./mod.ts";
import { SCHEMA } from "./testing/vectors.ts";

const WAITERS_MAX = 10_000;

test("the ten thousand and first who waits is refused; a close tells the others", async () => {
  const client = openOvsdb({ target: { path: join(tmpdir(), "coracle-no-database.sock") }, tables: [] });
  const waits = Array.from({ length: WAITERS_MAX }, () => client.waitFor(() => undefined, 60_000));
  const ends = Promise.allSettled(waits);
  await assert.rejects(
    client.waitFor(() => undefined, 60_000),
    { code: "BUSY" },
  );
  await assert.rejects(client.whenReady(0), { code: "BUSY" });
  await assert.rejects(client.request("echo", []), { code: "DISCONNECTED" });
  await client.close();
  const codes = (await ends).map((end) => (end.status === "rejected" ? (end.reason as { code: string }).code : ""));
  assert.deepEqual([...new Set(codes)], ["DISCONNECTED"]);
});

test("a wait ends at its time limit", async () => {
  const client = openOvsdb({ target: { path: join(tmpdir(), "coracle-no-database.sock") }, tables: [] });
  await assert.rejects(client.whenReady(1), { code: "TIMEOUT" });
  await client.close();
});

test("after a connection that was ready for a second the first try is soon again; after shorter ones it waits longer and longer", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coracle-database-"));
  const path = join(folder, "db.sock");
  let peer: Socket | undefined;
  const server = createServer((socket) => {
    peer = socket;
    // The client may be gone before its last answer.
    socket.on("error", () => undefined);
    const framer = new JsonFramer(1 << 16);
    socket.on("data", (chunk: Uint8Array) => {
      framer.push(chunk);
      for (let message = framer.next(); message?.ok === true; message = framer.next()) {
        const { id = null, method } = message.value;
        const result = method === "get_schema" ? SCHEMA : [false, "00000000-0000-0000-0000-000000000000", {}];
        socket.write(JSON.stringify({ id, error: null, result }));
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  const clock = new ManualClock();
  const waits: number[] = [];
  const client = openOvsdb({
    target: { path },
    tables: [],
    clock,
    backoff: { initialMs: 1, capMs: 1000, factor: 2, jitter: 0, resetMs: 1e9 },
    onNotice: (notice) => void (notice.kind === "down" && waits.push(notice.retryInMs)),
  });
  try {
    for (const [index, upMs] of [999, 999, 999, 1000, 0, 5000].entries()) {
      await client.whenReady();
      clock.advance(upMs);
      peer?.destroy();
      await until("the client notices", () => waits.length > index);
    }
    assert.deepEqual(waits, [1, 2, 4, 1, 2, 1]);
  } finally {
    await client.close();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
