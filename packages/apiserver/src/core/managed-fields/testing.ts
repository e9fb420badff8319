// What the tests of field tracking share: a kind with every sort of list and map, and writes of it.
import { isJsonObject } from "@coracle/api";
import type { JsonObject, StructuralSchema } from "@coracle/api";
import type { FieldTracking } from "./tracking.ts";

const KEYED: StructuralSchema = {
  type: "array",
  listType: "map",
  listMapKeys: ["name"],
  items: { type: "object", properties: { name: { type: "string" }, port: { type: "integer" } } },
};

/** Schema of a Subnet with test fields; `list` may be another list type. */
export function subnetSchema(list: StructuralSchema = KEYED): StructuralSchema {
  const text: StructuralSchema = { type: "string" };
  return {
    type: "object",
    properties: {
      apiVersion: text,
      kind: text,
      metadata: {
        type: "object",
        properties: {
          name: text,
          uid: text,
          resourceVersion: text,
          annotations: { type: "object", additionalProperties: text },
          finalizers: { type: "array", patchStrategy: "merge", items: text },
          managedFields: { type: "array", items: { type: "object", preserveUnknownFields: true } },
        },
      },
      spec: {
        type: "object",
        properties: {
          vni: { type: "integer" },
          ipv4: text,
          labels: { type: "object", additionalProperties: text },
          list,
          tags: { type: "array", listType: "set", items: text },
          atomic: { type: "array", items: { type: "object", preserveUnknownFields: true } },
          selector: { type: "object", mapType: "atomic", additionalProperties: text },
          any: { type: "object", preserveUnknownFields: true },
          nested: { type: "object", properties: { a: text, b: text } },
        },
      },
      status: { type: "object", properties: { ready: { type: "boolean" } } },
    },
  };
}

const SCHEMA = subnetSchema();

/** A Subnet with this spec. */
export function subnet(spec: JsonObject): JsonObject {
  return { apiVersion: "network.coracle.dev/v1alpha1", kind: "Subnet", metadata: { name: "a" }, spec };
}

/** A write of a Subnet's main endpoint by "tester". */
export function tracking(given: Partial<FieldTracking> = {}): FieldTracking {
  return {
    schema: SCHEMA,
    builtIn: false,
    apiVersion: "network.coracle.dev/v1alpha1",
    subresource: "",
    manager: "tester",
    nowRfc3339: "2026-01-02T03:04:05Z",
    resetFields: [["status"]],
    ...given,
  };
}

/** Entries of metadata.managedFields. */
export function managersOf(object: JsonObject): readonly JsonObject[] {
  const { metadata } = object;
  const entries = isJsonObject(metadata) ? metadata["managedFields"] : undefined;
  return Array.isArray(entries) ? entries.filter(isJsonObject) : [];
}
