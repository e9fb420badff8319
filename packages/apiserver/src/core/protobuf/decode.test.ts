// Protobuf bodies: what kubectl and typed Go clients send, read field by field; and bytes that are none.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CONFIG_MAP,
  CORE_DEFINITIONS,
  EVENT,
  POD,
  REVIEW_DEFINITIONS,
  SECRET,
  SELF_SUBJECT_ACCESS_REVIEW,
  type StructuralSchema,
} from "@coracle/api";
import * as fc from "fast-check";
import { findMessageFields, PROTOBUF_MEDIA_TYPE, StatusError } from "@coracle/kube";
import { DELETE_OPTIONS_SCHEMA, withoutProtobuf } from "./body.ts";
import { decodeProtobuf } from "./decode.ts";
import { readFields } from "./wire.ts";

const text = (value: string): number[] => [...new TextEncoder().encode(value)];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(left & 0x7fn);
    left >>= 7n;
    bytes.push(left === 0n ? low : low | 0x80);
  } while (left !== 0n);
  return bytes;
}

/** A length-delimited field. */
function field(number: number, ...content: readonly (readonly number[])[]): number[] {
  const bytes = content.flat();
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
}

const integer = (number: number, value: number): number[] => [...varint(number * 8), ...varint(value)];

function envelope(apiVersion: string, kind: string, ...content: readonly (readonly number[])[]): Uint8Array {
  const type = field(1, field(1, text(apiVersion)), field(2, text(kind)));
  return Uint8Array.from([...text("k8s"), 0, ...type, ...field(2, ...content)]);
}

function decoded(bytes: Uint8Array, schema: Parameters<typeof decodeProtobuf>[1]): unknown {
  const result = decodeProtobuf(bytes, schema);
  assert.ok(result.ok, result.ok ? "" : result.error);
  return result.value;
}

describe("decodeProtobuf()", () => {
  it("reads metadata, maps and binary data", () => {
    const entry = (key: string, value: string): number[] => [...field(1, text(key)), ...field(2, text(value))];
    const metadata = field(1, field(1, text("c")), field(11, entry("a", "1")), field(11, entry("b", "2")));
    const map = envelope("v1", "ConfigMap", metadata, field(2, entry("k", "v")), field(3, entry("bin", "hello")));
    assert.deepEqual(decoded(map, CONFIG_MAP.schema), {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c", labels: { a: "1", b: "2" } },
      data: { k: "v" },
      binaryData: { bin: "aGVsbG8=" },
    });
    const secret = envelope("v1", "Secret", field(2, entry("p", "x")));
    assert.deepEqual(decoded(secret, SECRET.schema), { apiVersion: "v1", kind: "Secret", data: { p: "eA==" } });
  });

  it("reads times, negative numbers and booleans", () => {
    const time = integer(1, 1_700_000_000);
    const micro = [...integer(1, 1_700_000_000), ...integer(2, 123_456_000)];
    const event = envelope("v1", "Event", field(6, time), field(10, micro), integer(8, -3), field(7));
    assert.deepEqual(decoded(event, EVENT.schema), {
      apiVersion: "v1",
      kind: "Event",
      firstTimestamp: "2023-11-14T22:13:20Z",
      eventTime: "2023-11-14T22:13:20.123456Z",
      lastTimestamp: null,
      count: -3,
    });
  });

  it("puts fields of embedded structs into the object that embeds them", () => {
    const volume = field(1, field(1, text("v")), field(2, field(19, field(1, field(1, text("m"))))));
    const quantity = field(1, field(1, text("cpu")), field(2, field(1, text("100m"))));
    const container = field(2, field(1, text("c")), field(8, quantity));
    const port = [...integer(1, 1), ...field(3, text("http"))];
    const probe = field(10, field(1, field(2, field(2, port))), integer(4, 7));
    const probed = field(2, field(1, text("d")), probe);
    const pod = envelope("v1", "Pod", field(2, volume, container, probed));
    assert.deepEqual(decoded(pod, POD.schema), {
      apiVersion: "v1",
      kind: "Pod",
      spec: {
        volumes: [{ name: "v", configMap: { name: "m" } }],
        containers: [
          { name: "c", resources: { limits: { cpu: "100m" } } },
          { name: "d", livenessProbe: { httpGet: { port: "http" }, periodSeconds: 7 } },
        ],
      },
    });
  });

  it("reads the reviews that kubectl auth sends", () => {
    const attributes = field(1, field(1, text("default")), field(2, text("get")), field(5, text("pods")));
    const review = envelope("authorization.k8s.io/v1", "SelfSubjectAccessReview", field(2, attributes));
    const { spec } = decoded(review, SELF_SUBJECT_ACCESS_REVIEW.schema) as { spec: unknown };
    assert.deepEqual(spec, { resourceAttributes: { namespace: "default", verb: "get", resource: "pods" } });
  });

  it("answers with a sentence to bytes without the prefix and to broken messages", () => {
    assert.ok(!decodeProtobuf(Uint8Array.from(text("{}")), POD.schema).ok);
    const cut = envelope("v1", "Pod", field(1, text("x"))).subarray(0, 20);
    assert.ok(!decodeProtobuf(cut, POD.schema).ok);
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const result = decodeProtobuf(Uint8Array.from([...text("k8s"), 0, ...field(2, [...bytes])]), POD.schema);
        assert.equal(typeof result.ok, "boolean");
        assert.equal(typeof readFields(bytes).ok, "boolean");
      }),
    );
  });
});

describe("withoutProtobuf()", () => {
  it("turns a body into JSON and leaves others as they are", () => {
    const bytes = envelope("meta.k8s.io/v1", "DeleteOptions", field(4, text("Background")), field(5, text("All")));
    const body = withoutProtobuf({ bytes, contentType: PROTOBUF_MEDIA_TYPE }, DELETE_OPTIONS_SCHEMA);
    assert.equal(body.contentType, "application/json");
    const { propagationPolicy, dryRun } = JSON.parse(new TextDecoder().decode(body.bytes)) as Record<string, unknown>;
    assert.deepEqual([propagationPolicy, dryRun], ["Background", ["All"]]);
    const json = { bytes: Uint8Array.from(text("{}")), contentType: "application/json" };
    assert.equal(withoutProtobuf(json, DELETE_OPTIONS_SCHEMA), json);
    const custom = { bytes, contentType: PROTOBUF_MEDIA_TYPE };
    assert.equal(withoutProtobuf(custom, undefined), custom);
    const broken = { bytes: Uint8Array.from([1]), contentType: PROTOBUF_MEDIA_TYPE };
    assert.throws(() => withoutProtobuf(broken, DELETE_OPTIONS_SCHEMA), StatusError);
  });
});

/** What stands in a message of its own form, which JSON writes as one value. */
const ONE_VALUE = /\.(Time|MicroTime|FieldsV1|Quantity|IntOrString)$/;

/** Members of built-in definitions under `schema` that their messages do not have. */
function* unknownMembers(schema: StructuralSchema, seen: Set<string>): Generator<string> {
  const { definitionName = "", properties = {}, items, additionalProperties } = schema;
  for (const child of [items, additionalProperties, ...Object.values(properties)]) {
    if (typeof child === "object" && !seen.has(child.definitionName ?? "")) yield* unknownMembers(child, seen);
  }
  if (definitionName === "" || seen.has(definitionName) || ONE_VALUE.test(definitionName)) return;
  seen.add(definitionName);
  const [group = "", version = "", kind = ""] = definitionName.split(".").slice(-3);
  const names = namesOf(`${group}/${version}.${kind}`);
  for (const name of Object.keys(properties)) {
    if (!names.has(name) && name !== "apiVersion" && name !== "kind") yield `${definitionName} ${name}`;
  }
}

function namesOf(message: string): Set<string> {
  const fields = findMessageFields(message) ?? [];
  return new Set(fields.flatMap(({ name, message: inner }) => (name === "@" ? [...namesOf(inner)] : [name])));
}

describe("messages of built-in kinds", () => {
  it("have every member that a schema has", () => {
    const seen = new Set<string>();
    const schemas = [...CORE_DEFINITIONS, ...REVIEW_DEFINITIONS].map(({ schema }) => schema);
    assert.deepEqual(
      [...schemas, DELETE_OPTIONS_SCHEMA].flatMap((schema) => [...unknownMembers(schema, seen)]),
      [],
    );
    assert.ok(seen.size > 150, `${seen.size}`);
    assert.ok(seen.has("io.k8s.api.core.v1.PodSpec"));
  });
});
