// Values, framing, schema and transaction answers: recorded messages, round trips, caps, and no input that throws.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  type Atom,
  decodeValue,
  encodeValue,
  type Json,
  JsonFramer,
  namedUuid,
  ovsSet,
  parseSchema,
  parseTransactResult,
  rowIs,
  stringMap,
  Transaction,
  uuid,
  type Value,
} from "./mod.ts";
import { ovsdbVectors, SCHEMA } from "./io/testing/vectors.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const vectors = ovsdbVectors();

const atom: fc.Arbitrary<Atom> = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.uuid().map(uuid),
  fc.string().map(namedUuid),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  atom,
  fc.array(atom, { maxLength: 5 }).map(ovsSet),
  fc.array(fc.tuple(atom, atom), { maxLength: 5 }).map((entries) => ({ kind: "map", entries }) as const),
);

test("any value comes back equal, and no JSON makes the decoder throw", () => {
  fc.assert(
    fc.property(value, (given) => assert.deepEqual(decodeValue(encodeValue(given)), { ok: true, value: given })),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (json) => void decodeValue(json as Json)),
    { numRuns: 1000 },
  );
  for (const bad of [
    null,
    {},
    [],
    ["uuid"],
    ["uuid", 5],
    ["set", 5],
    ["map", [[1]]],
    ["map", [[1, 2, 3]]],
    ["set", [[]]],
  ]) {
    assert.equal(decodeValue(bad as Json).ok, false, JSON.stringify(bad));
  }
  assert.equal(decodeValue("0a0a0a0a-0000-4000-8000-000000000000").ok && typeof "", "string");
});

test("messages are found however the stream is cut, with braces and quotes inside strings", () => {
  const messages = [{ a: '}{"\\' }, { id: 1, result: [["set", []]], error: null }, { "]": { é: "\u{1f600}" } }];
  const stream = bytes(messages.map((message) => JSON.stringify(message)).join("\n"));
  for (let cut = 1; cut <= stream.length; cut++) {
    const framer = new JsonFramer(1000);
    const found: unknown[] = [];
    for (let at = 0; at < stream.length; at += cut) {
      framer.push(stream.subarray(at, at + cut));
      for (let next = framer.next(); next !== undefined; next = framer.next())
        found.push(next.ok ? next.value : next.error);
    }
    assert.deepEqual(found, messages, `pieces of ${cut}`);
    assert.equal(framer.pendingSizeBytes, 0);
  }
});

test("framing has caps: size whole and in pieces, depth; and refuses what is no message, once and for all", () => {
  const fails = (sizeBytesMax: number, ...chunks: string[]): string => {
    const framer = new JsonFramer(sizeBytesMax);
    for (const chunk of chunks) {
      framer.push(bytes(chunk));
      const next = framer.next();
      if (next?.ok === false) {
        framer.push(bytes("{}"));
        assert.equal(framer.next(), undefined);
        assert.equal(framer.pendingSizeBytes, 0);
        return next.error.code;
      }
    }
    return "none";
  };
  assert.equal(fails(20, `{"a":"${"x".repeat(20)}"}`), "TOO_LARGE");
  assert.equal(fails(20, `{"a":"`, "x".repeat(20)), "TOO_LARGE");
  assert.equal(fails(10_000, "[".repeat(300)), "TOO_DEEP");
  for (const text of ["x", "[]", "{]", "}", '{"a":}', "{\u0000}"]) assert.equal(fails(100, text), "NOT_JSON", text);
  assert.equal(fails(100, " \n\t\r{}"), "none");
});

test("no bytes make the framer throw", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom("{", "}", '"', "\\", '{"a":', "[1,", "]", " ").map(bytes),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (chunks) => {
      const framer = new JsonFramer(64);
      for (const chunk of chunks) {
        framer.push(chunk);
        for (let next = framer.next(); next?.ok === true; next = framer.next())
          assert.equal(typeof next.value, "object");
      }
    }),
    { numRuns: 1000 },
  );
});

test("recorded answers to transactions: results in order, errors with their operation", () => {
  const [done = null, badSyntax = null, aborted = null, dangling = null] = vectors.transactReplies;
  const five = new Transaction();
  const device = five.insert("Interface", { name: "x1", type: "dummy" });
  const port = five.insert("Port", { name: "x1", interfaces: device });
  five.mutate("Bridge", [["name", "==", "br0"]], [["ports", "insert", port]]);
  five.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1]]).select("Open_vSwitch", [], ["next_cfg"]);
  const results = parseTransactResult(done, five.operations);
  assert.ok(results.ok);
  assert.equal(results.value[0]?.uuid?.uuid, "8fb59439-e156-421d-adab-b9eb19e8cdb5");
  assert.equal(results.value[3]?.count, 1);
  assert.equal(results.value[4]?.rows?.[0]?.get("next_cfg"), 2);
  const told = (answer: Json, transaction: Transaction): unknown => {
    const failed = parseTransactResult(answer, transaction.operations);
    return failed.ok ? "none" : failed.error.errors.map(({ index, operation, error }) => [index, operation, error]);
  };
  const one = new Transaction();
  one.insert("Interface", {});
  assert.deepEqual(told(badSyntax, one), [[0, "insert Interface", "syntax error"]]);
  assert.deepEqual(told(aborted, new Transaction().delete("A", []).delete("B", []).comment("c")), [
    [2, "comment", "aborted"],
  ]);
  assert.deepEqual(told(dangling, new Transaction().delete("Interface", [])), [
    [undefined, "commit", "referential integrity violation"],
  ]);
  assert.deepEqual(told([], one), []);
  fc.assert(
    fc.property(fc.jsonValue(), (json) => void parseTransactResult(json as Json, one.operations)),
    { numRuns: 500 },
  );
});

test("a transaction is the JSON of RFC 7047", () => {
  const transaction = new Transaction();
  const row = transaction.insert("Port", { name: "p", tag: 5, external_ids: stringMap({ a: "b" }) });
  transaction.update("Bridge", rowIs(uuid("u")), { ports: ovsSet([row, uuid("v")]) });
  transaction
    .wait({ table: "Bridge", where: [], until: "==", rows: [{ name: "br0" }] })
    .assertLock("l")
    .comment("why");
  assert.deepEqual(transaction.operations, [
    {
      op: "insert",
      table: "Port",
      row: { name: "p", tag: 5, external_ids: ["map", [["a", "b"]]] },
      "uuid-name": "row1",
    },
    {
      op: "update",
      table: "Bridge",
      where: [["_uuid", "==", ["uuid", "u"]]],
      row: {
        ports: [
          "set",
          [
            ["named-uuid", "row1"],
            ["uuid", "v"],
          ],
        ],
      },
    },
    { op: "wait", timeout: 0, table: "Bridge", where: [], columns: ["name"], until: "==", rows: [{ name: "br0" }] },
    { op: "assert", lock: "l" },
    { op: "comment", comment: "why" },
  ]);
});

test("a schema is read, and nothing that is none makes the reader throw", () => {
  const schema = parseSchema(SCHEMA);
  assert.ok(schema.ok);
  const types = schema.value.tables.get("Interface");
  assert.deepEqual(types?.get("external_ids"), {
    key: "string",
    value: "string",
    min: 0,
    max: Number.POSITIVE_INFINITY,
  });
  assert.deepEqual(types?.get("name"), { key: "string", min: 1, max: 1 });
  for (const bad of [
    null,
    {},
    { name: "x", tables: { A: {} } },
    { name: "x", tables: { A: { columns: { b: { type: "blob" } } } } },
  ]) {
    assert.equal(parseSchema(bad).ok, false);
  }
  fc.assert(
    fc.property(fc.jsonValue(), (json) => void parseSchema({ name: "x", tables: json as Json })),
    { numRuns: 500 },
  );
});
