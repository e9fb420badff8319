// The memory store keeps the contract, and its history is bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { storeContract } from "./contract/mod.ts";
import { MemoryStore, revision, SortedKeys, StoreError } from "./mod.ts";

const freshSeed = (Math.random() * 0x1_0000_0000) >>> 0;

for (const contractCase of storeContract([1, 2, 3, freshSeed])) {
  test(`memory store: ${contractCase.name}`, async () => {
    const store = new MemoryStore();
    try {
      await contractCase.run(store);
    } finally {
      await store.close();
    }
  });
}

test("memory store: history is bounded, older revisions become compacted", async () => {
  const store = new MemoryStore({ historyMax: 10 });
  for (let index = 0; index < 100; index++) await store.put("/a", new Uint8Array(1));
  const [current, compacted] = [await store.currentRevision(), await store.compactRevision()];
  assert.equal(current, 101);
  assert.ok(current - compacted <= 20 && current - compacted >= 10, `history is ${current - compacted}`);
  await assert.rejects(store.range({ prefix: "/", revision: revision(5) }), (error) => {
    return error instanceof StoreError && error.code === "COMPACTED";
  });
});

test("memory store: the revision stops at the largest safe integer", async () => {
  const store = new MemoryStore({ startRevision: Number.MAX_SAFE_INTEGER - 1 });
  assert.equal((await store.put("/a", new Uint8Array(1))).ok, true);
  await assert.rejects(store.put("/a", new Uint8Array(1)), { code: "REVISION_OVERFLOW" });
});

test("sorted keys: equal a sorted array through splits and removals", () => {
  const keys = new SortedKeys();
  const model = new Set<string>();
  for (let index = 0; index < 5000; index++) {
    const key = `k${(index * 7919) % 3001}`;
    if (index % 3 === 2) assert.equal(keys.remove(key), model.delete(key));
    else {
      assert.equal(keys.add(key), !model.has(key));
      model.add(key);
    }
  }
  assert.deepEqual([...keys.range("")], [...model].sort());
  assert.deepEqual(
    [...keys.range("k1", "k15")],
    [...model].sort().filter((key) => key.startsWith("k1") && key >= "k15"),
  );
  assert.equal(keys.size, model.size);
});
