// The followed file of connection ID keys: a bad version at the start ends the process, a bad one later changes nothing and is counted.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, describe, it } from "node:test";
import { ExitError, type Logger } from "@coracle/lifecycle";
import { eventually } from "@coracle/sim";
import type { QuicLbKeys } from "../core/quic-lb-layout.ts";
import { TestFolder } from "../testing/router-process.ts";
import { CidKeyStore } from "./cid-key-store.ts";

const folder = new TestFolder();
after(() => folder.remove());
const KEYS: Readonly<Record<number, string>> = { 1: "11".repeat(16), 2: "22".repeat(16), 3: "33".repeat(16) };

function content(active: number, ids: readonly number[]): string {
  return JSON.stringify({ active, configurations: ids.map((id) => ({ id, key: KEYS[id] })) });
}

/** Keeps what is logged. */
function listeningLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (message: string, fields: unknown): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { log: { debug: write, info: write, warning: write, error: write } as unknown as Logger, lines };
}

describe("the store of connection ID keys", () => {
  it("follows its file, keeps what it has where the new content cannot be used, and shows no key", async () => {
    const path = folder.write("keys.json", content(1, [1]));
    const { log, lines } = listeningLog();
    const store = await CidKeyStore.open(path, log);
    const given: QuicLbKeys[] = [];
    store.onChange((keys) => given.push(keys));
    const inForce = (): unknown => [store.keys.active, store.keys.configurations.map(({ id }) => id)];
    try {
      assert.deepEqual(inForce(), [1, [1]]);
      folder.write("keys.json", content(1, [1, 2]));
      await eventually(() => given.length === 1, "the second key");
      folder.write("keys.json", content(2, [2, 1]));
      await eventually(() => given.length === 2, "the second key in use");
      assert.deepEqual(inForce(), [2, [2, 1]]);
      const bad = [
        content(3, [1, 2]),
        content(2, [2, 2]),
        "{",
        JSON.stringify({ active: 2, configurations: [{ id: 2, key: KEYS[3] }] }),
      ];
      for (const text of bad) {
        const { refused } = store.counts;
        folder.write("keys.json", text);
        await store.reload();
        assert.ok(store.counts.refused > refused, text);
        assert.deepEqual(inForce(), [2, [2, 1]]);
      }
      const { refused } = store.counts;
      rmSync(path);
      await store.reload();
      assert.ok(store.counts.refused > refused);
      assert.deepEqual(inForce(), [2, [2, 1]]);
      folder.write("keys.json", content(2, [2]));
      await store.reload();
      assert.deepEqual([inForce(), store.counts.replaced], [[2, [2]], 3]);
      await store.reload();
      assert.deepEqual([given.length, store.counts.replaced], [3, 3], "the same content again is no news");
    } finally {
      store.close();
    }
    assert.ok(lines.some((line) => line.includes("configuration 2 has another key than before")));
    for (const key of Object.values(KEYS)) assert.ok(lines.every((line) => !line.includes(key.slice(0, 8))));
  });

  for (const [name, text, reason] of [
    ["is not there", undefined, /absent\.json/],
    ["is empty", "", /not a JSON object/],
    ["has no active configuration", content(2, [1]), /active is 2/],
    ["is too large", " ".repeat(20_000), /16384|large|size/i],
  ] as const) {
    it(`ends the process with 2 if the file ${name}`, async () => {
      const path = text === undefined ? `${folder.path}/absent.json` : folder.write("bad.json", text);
      await assert.rejects(CidKeyStore.open(path, listeningLog().log), (error) => {
        assert.ok(error instanceof ExitError);
        assert.equal(error.exitCode, 2);
        assert.match(error.message, /^--cid-key-file: /);
        assert.match(error.message, reason);
        return true;
      });
    });
  }
});
