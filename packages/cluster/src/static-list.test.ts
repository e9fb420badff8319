// The written form of a fixed table: what is read, and what is refused with which words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStaticList } from "./mod.ts";

test("a table names each node's id and address, over several lines and with comments", () => {
  const parsed = parseStaticList(
    "1=10.0.0.1:5884, 2=router-2.routers:5884 # the second\n255=[2001:db8::1]:1\n0=a:2 0=a:2\n",
  );
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.value.map(({ nodeId, host, port }) => [nodeId, host, port]),
    [
      [1, "10.0.0.1", 5884],
      [2, "router-2.routers", 5884],
      [255, "2001:db8::1", 1],
      [0, "a", 2],
    ],
  );
});

const REFUSED: readonly (readonly [text: string, reason: string])[] = [
  ["", "it is empty"],
  ["# 1=10.0.0.1:5884", "it is empty"],
  ["10.0.0.1:5884", '"10.0.0.1:5884" is not ID=HOST:PORT'],
  ["1=", '"1=" is not ID=HOST:PORT'],
  ["=10.0.0.1:5884", '"=10.0.0.1:5884" is not ID=HOST:PORT'],
  ["1=10.0.0.1", '"1=10.0.0.1" is not ID=HOST:PORT'],
  ["1=10.0.0.1:65536", '"1=10.0.0.1:65536" is not ID=HOST:PORT'],
  ["-1=10.0.0.1:5884", '"-1=10.0.0.1:5884" is not ID=HOST:PORT'],
  ["1=2=10.0.0.1:5884", '"1=2=10.0.0.1:5884" is not ID=HOST:PORT'],
  ["256=10.0.0.1:5884", '"256=10.0.0.1:5884" has no node id from 0 to 255'],
  ["1=a:1,1=b:1", 'node 1 is in it twice, as "1=a:1" and "1=b:1"'],
  ["1=a:1,2=a:1", "nodes 1 and 2 are both at a:1"],
];

for (const [text, reason] of REFUSED) {
  test(`a table is refused: ${JSON.stringify(text)}`, () => {
    const parsed = parseStaticList(text);
    assert.deepEqual(parsed.ok || parsed.error, {
      code: "BAD_PEER_LIST",
      message: `Cannot read the list of nodes: ${reason}`,
    });
  });
}

test("a table holds all 256 ids and no other", () => {
  const line = (id: number): string => `${id}=10.0.0.1:${id + 1}`;
  const all = Array.from({ length: 256 }, (_, id) => line(id));
  const parsed = parseStaticList(all.join("\n"));
  assert.equal(parsed.ok && parsed.value.length, 256);
  assert.ok(!parseStaticList([...all, line(256)].join("\n")).ok);
});
