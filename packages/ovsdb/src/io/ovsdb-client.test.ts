// The client without a server: waits are bounded in number and time, requests are refused, a close answers all.
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openOvsdb } from "./mod.ts";

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
