// The streaming parser: golden documents, equality with JSON.parse under any chunking, and no exceptions.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  compileProjection,
  type JsonStreamOptions,
  type JsonStreamOutput,
  JsonStreamParser,
  type JsonValue,
  projectValue,
  UNTRIMMED_PROJECTION,
} from "./mod.ts";
import { errorOf, everyByte, parseBytes, parseText, projection } from "./testing/json-stream.ts";

const encoder = new TextEncoder();

const POD = {
  kind: "Pod",
  apiVersion: "v1",
  metadata: {
    name: "a",
    namespace: "n",
    uid: "u",
    resourceVersion: "9007199254740993",
    labels: { "app.kubernetes.io/name": "x", ünï: "✓😀" },
    managedFields: [{ manager: 'k"]}', fieldsV1: { 'k:{"a":"b"}': {} } }],
  },
  spec: { nodeName: "node-1", containers: [{ name: "c", args: ["\\", '"', "\u0000"] }] },
  status: { phase: "Running", podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }], n: -1.5e3, f: false, z: null },
};

test("JsonStreamParser builds only projected fields, whatever the chunks", () => {
  const text = `${JSON.stringify({ type: "ADDED", object: POD })}\n`;
  const options = {
    mode: "watch",
    projection: projection(
      "metadata.labels",
      "spec.nodeName",
      "status.podIPs[].ip",
      "status.f",
      "status.z",
      "status.n",
    ),
  } as const;
  const expected: JsonStreamOutput[] = [
    {
      kind: "change",
      type: "ADDED",
      object: {
        metadata: {
          name: "a",
          namespace: "n",
          uid: "u",
          resourceVersion: "9007199254740993",
          labels: { "app.kubernetes.io/name": "x", ünï: "✓😀" },
        },
        spec: { nodeName: "node-1" },
        status: { podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }], n: -1500, f: false, z: null },
      },
    },
  ];
  assert.deepEqual(parseText(options, text), expected);
  assert.deepEqual(parseText(options, text, everyByte(text)), expected);
});

test("JsonStreamParser drops managedFields unless they are asked for", () => {
  const text = JSON.stringify({ type: "MODIFIED", object: POD });
  const { managedFields, ...metadata } = POD.metadata;
  const trimmed = parseText({ mode: "watch" }, text)[0];
  assert.deepEqual(trimmed, { kind: "change", type: "MODIFIED", object: { ...POD, metadata } });
  const whole = parseText({ mode: "watch", projection: UNTRIMMED_PROJECTION }, text)[0];
  assert.deepEqual(whole, { kind: "change", type: "MODIFIED", object: POD });
  const named = parseText({ mode: "watch", projection: projection("metadata.managedFields[].manager") }, text)[0];
  assert.ok(named?.kind === "change");
  assert.deepEqual(named.object.metadata.managedFields, [{ manager: managedFields[0]?.manager }]);
});

test("JsonStreamParser reads lists in any key order and fills in the kind of items", () => {
  const item = { metadata: { name: "a", resourceVersion: "1" }, data: { k: "v" } };
  const head = '"kind":"ConfigMapList","apiVersion":"v1"';
  const metadata = '"metadata":{"resourceVersion":"7","continue":"c","remainingItemCount":3}';
  const items = `"items":[${JSON.stringify(item)}]`;
  const end = {
    kind: "list-end",
    listKind: "ConfigMapList",
    apiVersion: "v1",
    metadata: { resourceVersion: "7", continue: "c", remainingItemCount: 3 },
  };
  const filled = { kind: "item", object: { kind: "ConfigMap", apiVersion: "v1", ...item } };
  for (const text of [`{${head},${metadata},${items}}`, ` { ${head} , ${items} ,\n${metadata} }\r\n`]) {
    assert.deepEqual(parseText({ mode: "list" }, text, everyByte(text)), [filled, end]);
  }
  const late = parseText({ mode: "list" }, `{${items},${metadata},${head}}`);
  assert.deepEqual(late, [{ kind: "item", object: item }, end]);
});

test("JsonStreamParser takes null and missing items for none", () => {
  for (const items of ['"items":null,', '"items":[],', ""]) {
    const outputs = parseText({ mode: "list" }, `{${items}"metadata":{"resourceVersion":"7"}}`);
    assert.deepEqual(outputs, [
      { kind: "list-end", listKind: "", apiVersion: "", metadata: { resourceVersion: "7", continue: "" } },
    ]);
  }
});

test("JsonStreamParser never takes a broken list for a complete one", () => {
  const text = '{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}';
  for (let size = 0; size < text.length; size++) {
    const outputs = parseText({ mode: "list" }, text.slice(0, size));
    assert.equal(errorOf(outputs), "TRUNCATED", `cut at ${size}`);
    assert.ok(!outputs.some((output) => output.kind === "list-end"));
  }
  assert.equal(errorOf(parseText({ mode: "list" }, `${text}x`)), "TRAILING_DATA");
});

test("JsonStreamParser reads events with any space between them and the type after the object", () => {
  const object = '{"metadata":{"name":"a"},"spec":{"nodeName":"n","x":1}}';
  const text = `\n {"type":"ADDED","object":${object}}{"object":${object},"type":"DELETED"}\r\n\t{"type" : "MODIFIED" , "object" : ${object} }`;
  const outputs = parseText({ mode: "watch", projection: projection("spec.nodeName") }, text, everyByte(text));
  assert.deepEqual(
    outputs,
    ["ADDED", "DELETED", "MODIFIED"].map((type) => ({
      kind: "change",
      type,
      object: { metadata: { name: "a" }, spec: { nodeName: "n" } },
    })),
  );
});

test("JsonStreamParser answers with an event as soon as its last byte is there", () => {
  const parser = new JsonStreamParser({ mode: "watch" });
  const bytes = encoder.encode('{"type":"ADDED","object":{"metadata":{"name":"a"}}}');
  parser.push(bytes.subarray(0, -1));
  assert.equal(parser.next(), undefined);
  parser.push(bytes.subarray(-1));
  assert.equal(parser.next()?.kind, "change");
});

test("JsonStreamParser tells bookmarks, their end mark and ERROR events, before and after their type", () => {
  const bookmark =
    '{"kind":"Pod","metadata":{"resourceVersion":"12","annotations":{"k8s.io/initial-events-end":"true"}}}';
  const status =
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"m","reason":"Expired","details":{"retryAfterSeconds":2,"causes":[{"reason":"r","message":"c","field":3}]},"code":410}';
  const text = [
    `{"type":"BOOKMARK","object":${bookmark}}`,
    `{"object":${bookmark},"type":"BOOKMARK"}`,
    '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"13"}}}',
    `{"type":"ERROR","object":${status}}`,
    `{"object":${status},"type":"ERROR"}`,
  ].join("\n");
  const end = { kind: "bookmark", resourceVersion: "12", initialEventsEnd: true };
  const error = {
    kind: "status",
    status: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "m",
      reason: "Expired",
      details: { causes: [{ reason: "r", message: "c" }], retryAfterSeconds: 2 },
      code: 410,
    },
  };
  assert.deepEqual(parseText({ mode: "watch", projection: projection("spec.nodeName") }, text), [
    end,
    end,
    { kind: "bookmark", resourceVersion: "13", initialEventsEnd: false },
    error,
    error,
  ]);
});

test("JsonStreamParser reads Tables as objects with their cells", () => {
  const row = '{"cells":["a",1],"object":{"kind":"PartialObjectMetadata","metadata":{"name":"a","uid":"u"}}}';
  const columns = '"columnDefinitions":[{"name":"Name","type":"string"}]';
  const object = { kind: "PartialObjectMetadata", metadata: { name: "a", uid: "u" }, cells: ["a", 1] };
  const list = `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"5"},${columns},"rows":[${row}]}`;
  assert.deepEqual(parseText({ mode: "list", table: true }, list), [
    { kind: "item", object },
    {
      kind: "list-end",
      listKind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: "5", continue: "" },
      columns: [{ name: "Name", type: "string" }],
    },
  ]);
  const watch = `{"type":"ADDED","object":{"kind":"Table",${columns},"rows":[${row}]}}{"type":"DELETED","object":{"kind":"Table","columnDefinitions":[],"rows":[${row}]}}`;
  const outputs = parseText({ mode: "watch", table: true }, watch);
  assert.deepEqual(outputs, [
    { kind: "change", type: "ADDED", object, columns: [{ name: "Name", type: "string" }] },
    { kind: "change", type: "DELETED", object },
  ]);
  const bookmark =
    '{"type":"BOOKMARK","object":{"kind":"Table","metadata":{"resourceVersion":""},"rows":[{"cells":[],"object":{"metadata":{"resourceVersion":"8"}}}]}}';
  assert.deepEqual(parseText({ mode: "watch", table: true }, bookmark), [
    { kind: "bookmark", resourceVersion: "8", initialEventsEnd: false },
  ]);
});

test("JsonStreamParser refuses what is not a list or a watch event, and says where", () => {
  const cases: [JsonStreamOptions["mode"], string][] = [
    ["list", "[]"],
    ["list", "null"],
    ["list", '{"items":[}'],
    ["list", '{"items":[{"metadata":{}]}'],
    ["list", '{"items":[{"spec":{"a":[1}]}}]}'],
    ["list", '{"items":[{"spec":{}}]}'],
    ["list", '{"metadata":3}'],
    ["list", '{"kind"="PodList"}'],
    ["list", '{"kind":"PodList" "items":[]}'],
    ["list", '{"kind":nope}'],
    ["list", '{"kind":"\\x"}'],
    ["list", '{"kind":,}'],
    ["list", "{,}"],
    ["list", '{"kind":"a",}'],
    ["watch", '"ADDED"'],
    ["watch", '{"type":"ADDED"}'],
    ["watch", '{"type":"ADDED","object":null}'],
    ["watch", '{"type":"ADDED","object":{"spec":{}}}'],
    ["watch", '{"type":"GONE","object":{"metadata":{}}}'],
    ["watch", '{"object":{"metadata":{}}}'],
    ["watch", '{"type":"BOOKMARK","object":{"metadata":{}}}'],
    ["watch", "<html>"],
    ["watch", "\uFEFF{}"],
  ];
  for (const [mode, text] of cases) {
    const whole = parseText({ mode }, text);
    assert.equal(errorOf(whole), "MALFORMED", `${mode} ${text}`);
    assert.equal(errorOf(parseText({ mode }, text, everyByte(text))), "MALFORMED", `${mode} ${text} by bytes`);
    const last = whole.at(-1);
    assert.ok(last?.kind === "error" && /current position is byte \d+$/.test(last.message));
  }
});

test("JsonStreamParser repeats its error and takes no harm from more bytes", () => {
  const parser = new JsonStreamParser({ mode: "watch" });
  parser.push(encoder.encode("x{}"));
  const error = parser.next();
  assert.equal(error?.kind, "error");
  assert.equal(parser.next(), error);
  parser.push(encoder.encode("{}"));
  assert.equal(parser.next(), error);
  assert.equal(parser.end(), error);
});

test("JsonStreamParser asserts that a chunk is drained before the next", () => {
  const parser = new JsonStreamParser({ mode: "watch" });
  parser.push(encoder.encode(" {"));
  assert.throws(() => parser.push(encoder.encode("}")), /not drained/);
});

test("JsonStreamParser keeps members called __proto__ as members", () => {
  const text = '{"type":"ADDED","object":{"metadata":{"__proto__":{"a":1}},"__proto__":{"b":2}}}';
  const output = parseText({ mode: "watch" }, text)[0];
  assert.ok(output?.kind === "change");
  assert.equal(JSON.stringify(output.object), '{"metadata":{"__proto__":{"a":1}},"__proto__":{"b":2}}');
  assert.equal("b" in output.object, false);
});

const PATH_SETS = [[], ["a"], ["a.b", "c[]"], ["a[].b", "*.c"], ["*"], ["a.*.b", "a.c"], [""], ["metadata", "b[].a"]];

/** Objects whose keys often meet the paths above, and whose strings need every kind of escape. */
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(null, true, false, 0, "", '"', "\\"),
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.dictionary(
    fc.oneof(fc.constantFrom("a", "b", "c", "metadata", "managedFields", "__proto__"), fc.string()),
    tie("value"),
    { maxKeys: 5 },
  ),
})).object as fc.Arbitrary<Record<string, JsonValue>>;

test("JsonStreamParser equals JSON.parse and projectValue on any objects, spacing and chunks", () => {
  const property = fc.property(
    fc.array(document, { minLength: 1, maxLength: 3 }),
    fc.constantFrom(...PATH_SETS),
    fc.array(fc.nat(), { maxLength: 12 }),
    fc.record({ indent: fc.constantFrom(undefined, 1, "\t"), typeFirst: fc.boolean() }),
    (objects, paths, cuts, { indent, typeFirst }) => {
      const compiled = compileProjection(paths);
      assert.ok(compiled.ok);
      const sources = objects.map((object) => ({ ...object, metadata: { name: "x", extra: object["metadata"] ?? 1 } }));
      const events = sources.map((object) =>
        JSON.stringify(typeFirst ? { type: "ADDED", object } : { object, type: "ADDED" }, null, indent),
      );
      const expected = sources.map((object) => ({
        kind: "change",
        type: "ADDED",
        object: projectValue(compiled.value.root, JSON.parse(JSON.stringify(object)) as JsonValue),
      }));
      assert.deepEqual(parseText({ mode: "watch", projection: compiled.value }, events.join("\n"), cuts), expected);
      const list = JSON.stringify({ items: sources, metadata: {} }, null, indent);
      const items = parseText({ mode: "list", projection: compiled.value }, list, cuts).slice(0, -1);
      assert.deepEqual(
        items,
        expected.map(({ object }) => ({ kind: "item", object })),
      );
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test("JsonStreamParser steps over unwanted arrays whatever their strings and brackets look like", () => {
  const text = fc
    .array(fc.constantFrom("]", "}", "[", "{", ",", '"', ":", "\\", "x", '],"a', '}]},"b'), { maxLength: 8 })
    .map((parts) => parts.join(""));
  const leaf = fc.oneof(text, fc.constantFrom(0, null, [], {}));
  const element = fc.oneof(leaf, fc.dictionary(text, leaf, { maxKeys: 3 }), fc.array(leaf, { maxLength: 3 }));
  const options = { mode: "watch", projection: projection("b", "d.b") } as const;
  const property = fc.property(
    fc.array(element),
    fc.array(element),
    fc.array(fc.nat(), { maxLength: 3 }),
    (a, c, cuts) => {
      const event = {
        type: "ADDED",
        object: { metadata: { managedFields: a }, a, b: 1, c, d: { a: c, b: 2, c: a }, e: a },
      };
      const expected = [{ kind: "change", type: "ADDED", object: { metadata: {}, b: 1, d: { b: 2 } } }];
      assert.deepEqual(parseText(options, `${JSON.stringify(event)}\n`, cuts), expected);
    },
  );
  fc.assert(property, { numRuns: 1000 });
});

test("JsonStreamParser never throws, whatever the bytes, limits and chunks", () => {
  const seed = encoder.encode(
    `${JSON.stringify({ type: "ADDED", object: POD })}\n{"items":[{"metadata":{}}],"metadata":{}}`,
  );
  const property = fc.property(
    fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(fc.constantFrom(...'{}[]",:\\ \n0-tfnuADE'.split(""), '"type"', '"object"', '"metadata"', '"items"'), {
          maxLength: 60,
        })
        .map((parts) => encoder.encode(parts.join(""))),
      fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 6 }).map((edits) => {
        const bytes = seed.slice();
        for (const [at, byte] of edits) bytes[at] = byte;
        return bytes;
      }),
    ),
    fc.constantFrom<JsonStreamOptions["mode"]>("list", "watch"),
    fc.boolean(),
    fc.array(fc.nat(), { maxLength: 8 }),
    (bytes, mode, table, cuts) => {
      const limits = { objectBytesMax: 4096, depthMax: 16, stringBytesMax: 64, pendingBytesMax: 256 };
      const whole = parseBytes({ mode, table, limits }, bytes);
      const pieces = parseBytes({ mode, table, limits }, bytes, cuts);
      // Pending bytes depend on the chunks, everything else must not.
      if (errorOf(whole) === undefined && errorOf(pieces) !== "PENDING_TOO_LARGE") assert.deepEqual(pieces, whole);
    },
  );
  fc.assert(property, { numRuns: 2000 });
});

test("JsonStreamParser accepts no event that JSON.parse refuses when everything is wanted", () => {
  const property = fc.property(
    fc.array(fc.constantFrom(...'{}[]",:\\ 0-1.e'.split(""), "true", "nul", "\\u12", '"k":'), { maxLength: 12 }),
    (parts) => {
      const text = `{"type":"ADDED","object":{"metadata":{},"x":${parts.join("")}}}`;
      const outputs = parseText({ mode: "watch", projection: UNTRIMMED_PROJECTION }, text);
      if (errorOf(outputs) !== undefined || outputs.length !== 1) return;
      assert.doesNotThrow(() => JSON.parse(text), text);
    },
  );
  fc.assert(property, { numRuns: 2000 });
});
