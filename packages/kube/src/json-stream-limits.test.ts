// The hard limits of the streaming parser, each reached from both sides.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FULL_PROJECTION, JsonStreamParser } from "./mod.ts";
import { errorOf, everyByte, parseBytes, parseText, projection } from "./testing/json-stream.ts";

const encoder = new TextEncoder();

test("JsonStreamParser keeps its limit on objects, skipped or not, in lists and watches", () => {
  const limits = { objectBytesMax: 200 };
  const big = JSON.stringify({ metadata: { name: "a" }, data: "x".repeat(200) });
  const small = JSON.stringify({ metadata: { name: "a" }, data: "x".repeat(50) });
  const narrow = projection("kind");
  for (const wanted of [narrow, FULL_PROJECTION]) {
    const event = `{"type":"ADDED","object":${big}}`;
    const list = `{"items":[${small},${small},${small},${big}]}`;
    for (const cuts of [[], everyByte(list)]) {
      assert.equal(errorOf(parseText({ mode: "watch", projection: wanted, limits }, event, cuts)), "OBJECT_TOO_LARGE");
      const outputs = parseText({ mode: "list", projection: wanted, limits }, list, cuts);
      assert.deepEqual(
        outputs.map((output) => output.kind),
        ["item", "item", "item", "error"],
      );
      assert.equal(errorOf(outputs), "OBJECT_TOO_LARGE");
    }
    const events = `{"type":"ADDED","object":${small}}\n`.repeat(20);
    assert.equal(parseText({ mode: "watch", projection: wanted, limits }, events).length, 20);
  }
  const head = `{"metadata":{"resourceVersion":"${"1".repeat(300)}"},"items":[]}`;
  assert.equal(errorOf(parseText({ mode: "list", limits }, head)), "OBJECT_TOO_LARGE");
});

test("JsonStreamParser stops an endless object at its limit while it arrives", () => {
  const limits = { objectBytesMax: 10_000 };
  const parser = new JsonStreamParser({ mode: "watch", projection: projection("kind"), limits });
  parser.push(encoder.encode('{"type":"ADDED","object":{"metadata":{},"data":"'));
  let output = parser.next();
  let pushed = 0;
  while (output === undefined && pushed < 20_000) {
    parser.push(encoder.encode("x".repeat(1000)));
    pushed += 1000;
    output = parser.next();
  }
  assert.ok(output?.kind === "error" && output.code === "OBJECT_TOO_LARGE");
  assert.equal(pushed, 10_000);
});

test("JsonStreamParser takes a 16 MiB object and no larger one", () => {
  const event = (size: number): Uint8Array =>
    encoder.encode(`{"type":"ADDED","object":{"metadata":{"name":"a"},"data":"${"x".repeat(size)}"}}`);
  const overhead = event(0).length;
  const cuts = Array.from({ length: 64 }, (_, index) => index * 262_144 + 77);
  const limits = { stringBytesMax: 16_777_216 };
  const largest = parseBytes({ mode: "watch", limits }, event(16_777_216 - overhead), cuts);
  assert.equal(largest[0]?.kind, "change");
  assert.equal(errorOf(parseBytes({ mode: "watch", limits }, event(16_777_217 - overhead), cuts)), "OBJECT_TOO_LARGE");
});

test("JsonStreamParser keeps its limits on depth, strings and pending bytes", () => {
  const nested = `{"type":"ADDED","object":{"metadata":{"a":${"[".repeat(20)}${"]".repeat(20)}}}}`;
  for (const wanted of [projection("kind"), FULL_PROJECTION]) {
    const options = { mode: "watch", projection: wanted } as const;
    assert.equal(errorOf(parseText({ ...options, limits: { depthMax: 22 } }, nested)), "TOO_DEEP");
    assert.equal(parseText({ ...options, limits: { depthMax: 23 } }, nested)[0]?.kind, "change");
  }
  assert.equal(errorOf(parseText({ mode: "watch", limits: { depthMax: 2 } }, nested)), "TOO_DEEP");
  const named = `{"type":"ADDED","object":{"metadata":{"name":"${"n".repeat(100)}"}}}`;
  const key = `{"type":"ADDED","object":{"${"k".repeat(100)}":1,"metadata":{}}}`;
  for (const text of [named, key]) {
    for (const cuts of [[], everyByte(text)]) {
      assert.equal(
        errorOf(parseText({ mode: "watch", limits: { stringBytesMax: 99 } }, text, cuts)),
        "STRING_TOO_LONG",
      );
      assert.equal(parseText({ mode: "watch", limits: { stringBytesMax: 100 } }, text, cuts)[0]?.kind, "change");
    }
  }
  const labels = `{"type":"ADDED","object":{"metadata":{"labels":{"a":"${"b".repeat(100)}"}}}}`;
  const limits = { pendingBytesMax: 50 };
  assert.equal(errorOf(parseText({ mode: "watch", limits }, labels, everyByte(labels))), "PENDING_TOO_LARGE");
  assert.equal(parseText({ mode: "watch", limits }, labels)[0]?.kind, "change");
});
