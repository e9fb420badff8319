// The documents of everything we serve: every reference leads somewhere, kubectl finds what it looks for, and the protobuf
// form read back by an independent reader says the same as the JSON.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CORE_DEFINITIONS, isJsonObject, NETWORK_DEFINITIONS, REVIEW_DEFINITIONS } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { valueAt } from "../json/mod.ts";
import {
  encodeOpenApiV2,
  negotiateOpenApiV2,
  openApiV2Document,
  openApiV3Document,
  openApiV3Index,
  openApiV3Paths,
} from "./mod.ts";
import { readMessage } from "./protobuf-reader.ts";
import type { ProtobufField } from "./protobuf-reader.ts";

const ALL = [...CORE_DEFINITIONS, ...REVIEW_DEFINITIONS, ...NETWORK_DEFINITIONS];
const NETWORK = "apis/network.coracle.dev/v1alpha1";

function network(): JsonObject {
  const document = openApiV3Document(ALL, NETWORK);
  assert.ok(document !== undefined);
  return document;
}

test("openApiV3Document() and openApiV2Document() refer only to definitions they hold, and name operations once", () => {
  const documents = openApiV3Paths(ALL).map((path) => openApiV3Document(ALL, path));
  for (const document of [...documents, openApiV2Document(ALL)]) {
    const definitions = valueAt(document, ["components", "schemas"]) ?? valueAt(document, ["definitions"]);
    assert.ok(isJsonObject(definitions));
    const text = JSON.stringify(document);
    for (const [, name = ""] of text.matchAll(/"\$ref":"#\/(?:components\/schemas|definitions)\/([^"]+)"/g)) {
      assert.ok(Object.hasOwn(definitions, name), name);
    }
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
  }
});

test("openApiV3Document() has what kubectl looks for", () => {
  const document = network();
  const path = `/${NETWORK}/namespaces/{namespace}/subnets/{name}`;
  const patch = valueAt(document, ["paths", path, "patch"]);
  assert.ok(isJsonObject(patch));
  assert.deepEqual(patch["x-kubernetes-group-version-kind"], {
    group: "network.coracle.dev",
    kind: "Subnet",
    version: "v1alpha1",
  });
  assert.equal(patch["operationId"], "patchNetworkCoracleDevV1alpha1NamespacedSubnet");
  assert.match(JSON.stringify(patch["parameters"]), /"name":"fieldValidation"/);
  const subnet = valueAt(document, ["components", "schemas", "dev.coracle.network.v1alpha1.Subnet"]);
  assert.ok(isJsonObject(subnet));
  assert.deepEqual(subnet["x-kubernetes-group-version-kind"], [
    { group: "network.coracle.dev", kind: "Subnet", version: "v1alpha1" },
  ]);
  const vni = valueAt(subnet, ["properties", "spec", "properties", "vni"]);
  assert.ok(isJsonObject(vni) && typeof vni["description"] === "string");
  assert.equal(vni["minimum"], 1);
  const meta = valueAt(document, [
    "components",
    "schemas",
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    "properties",
  ]);
  assert.ok(isJsonObject(meta));
  for (const [name, field] of Object.entries(meta))
    assert.ok(isJsonObject(field) && typeof field["description"] === "string", name);
});

test("openApiV3Document() offers strategic merge patch for built-in kinds only", () => {
  assert.ok(!JSON.stringify(network()).includes("strategic-merge-patch"));
  assert.match(JSON.stringify(openApiV3Document(ALL, "api/v1")), /"application\/strategic-merge-patch\+json"/);
  assert.equal(openApiV3Document(ALL, "apis/other/v1"), undefined);
});

test("openApiV3Index() addresses every document by its hash", () => {
  assert.deepEqual(openApiV3Index(new Map([["api/v1", "ABC"]])), {
    paths: { "api/v1": { serverRelativeURL: "/openapi/v3/api/v1?hash=ABC" } },
  });
});

test("negotiateOpenApiV2() knows the media type kubectl asks for", () => {
  assert.equal(negotiateOpenApiV2("application/com.github.proto-openapi.spec.v2@v1.0+protobuf"), "protobuf");
  assert.equal(negotiateOpenApiV2("application/json"), "json");
  assert.equal(negotiateOpenApiV2(undefined), "json");
  assert.equal(negotiateOpenApiV2("text/html"), "not-acceptable");
});

// Document: swagger = 1, info = 2, paths = 8, definitions = 9; NamedSchema: name = 1, value = 2; Schema: $ref = 1,
// description = 4, minimum = 9, type = 22, properties = 25, vendor_extension = 31.
test("encodeOpenApiV2() writes the document that the JSON form shows", () => {
  const document = openApiV2Document(ALL);
  const fields = readMessage(encodeOpenApiV2(document));
  assert.equal(textOf(fields, 1), "2.0");
  assert.equal(textOf(readMessage(bytesOf(fields, 2)), 1), "Coracle");
  const paths = named(readMessage(bytesOf(fields, 8)), 2);
  assert.deepEqual([...paths.keys()], Object.keys(objectAt(document, "paths")));
  const definitions = named(readMessage(bytesOf(fields, 9)), 1);
  assert.deepEqual([...definitions.keys()], Object.keys(objectAt(document, "definitions")));
  for (const [name, schema] of definitions) assertSchema(schema, valueAt(document, ["definitions", name]), name);
});

function assertSchema(bytes: Uint8Array, expected: unknown, path: string): void {
  assert.ok(isJsonObject(expected), path);
  const fields = readMessage(bytes);
  assert.equal(textOf(fields, 1), expected["$ref"], path);
  assert.equal(textOf(fields, 4), expected["description"], path);
  assert.equal(fields.find(({ field }) => field === 9)?.double, expected["minimum"], path);
  const type = fields.find(({ field }) => field === 22);
  assert.equal(type?.bytes === undefined ? undefined : textOf(readMessage(type.bytes), 1), expected["type"], path);
  const extensions = fields
    .filter(({ field }) => field === 31)
    .map(({ bytes: extension = new Uint8Array() }) => {
      const pair = readMessage(extension);
      const yaml = textOf(readMessage(bytesOf(pair, 2)), 2) ?? "";
      return [textOf(pair, 1), JSON.parse(yaml)] as const;
    });
  const wanted = Object.entries(expected).filter(([name]) => name.startsWith("x-"));
  assert.deepEqual(extensions, wanted, path);
  const properties = fields.find(({ field }) => field === 25)?.bytes;
  const members = properties === undefined ? new Map<string, Uint8Array>() : named(readMessage(properties), 1);
  assert.deepEqual([...members.keys()], Object.keys(objectAt(expected, "properties")), path);
  for (const [name, member] of members)
    assertSchema(member, valueAt(expected, ["properties", name]), `${path}.${name}`);
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

function bytesOf(fields: readonly ProtobufField[], field: number): Uint8Array {
  const found = fields.find((candidate) => candidate.field === field)?.bytes;
  assert.ok(found !== undefined, `field ${field}`);
  return found;
}

function textOf(fields: readonly ProtobufField[], field: number): string | undefined {
  const found = fields.find((candidate) => candidate.field === field)?.bytes;
  return found === undefined ? undefined : new TextDecoder().decode(found);
}

function named(fields: readonly ProtobufField[], entry: number): ReadonlyMap<string, Uint8Array> {
  const entries = fields.filter(({ field }) => field === entry);
  return new Map(
    entries.map(({ bytes = new Uint8Array() }) => {
      const pair = readMessage(bytes);
      return [textOf(pair, 1) ?? "", bytesOf(pair, 2)];
    }),
  );
}
