// Structural schemas of Kubernetes' core kinds, by OpenAPI definition name; parsed when first asked for.
import { assert } from "@coracle/base";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { StructuralSchema } from "../structural-schema.ts";
import { CORE_SCHEMA_TEXTS } from "./core-schema-texts.ts";

const built = new Map<string, StructuralSchema>();

/** The definition, for example `io.k8s.api.core.v1.Pod`, with every reference in it resolved. Asserts that it is known. */
export function coreSchema(name: string): StructuralSchema {
  const known = built.get(name);
  if (known !== undefined) return known;
  const text = CORE_SCHEMA_TEXTS[name];
  assert(text !== undefined, `Cannot find the core schema ${name}`);
  const schema = withNullTimes({ ...resolve(JSON.parse(text)), definitionName: name }, NULL_TIMES[name] ?? []);
  built.set(name, schema);
  return schema;
}

/** Times that the real server writes as null while they are not set: its types have no way to leave them out. */
const NULL_TIMES: { readonly [name: string]: readonly string[] } = {
  "io.k8s.api.core.v1.ContainerStateRunning": ["startedAt"],
  "io.k8s.api.core.v1.ContainerStateTerminated": ["startedAt", "finishedAt"],
  "io.k8s.api.core.v1.EventSeries": ["lastObservedTime"],
  "io.k8s.api.core.v1.NamespaceCondition": ["lastTransitionTime"],
  "io.k8s.api.core.v1.NodeCondition": ["lastHeartbeatTime", "lastTransitionTime"],
  "io.k8s.api.core.v1.PodCondition": ["lastProbeTime", "lastTransitionTime"],
};

function withNullTimes(schema: StructuralSchema, names: readonly string[]): StructuralSchema {
  if (names.length === 0) return schema;
  const times = names.map((name) => [name, { ...schema.properties?.[name], default: null, nullable: true as const }]);
  return { ...schema, properties: { ...schema.properties, ...Object.fromEntries(times) } };
}

/** Definitions form no cycle, so plain recursion ends. */
function resolve(source: unknown): StructuralSchema {
  assert(isJsonObject(source), "Cannot resolve a schema that is not an object");
  const { ref, ...own } = source;
  if (typeof ref === "string") return { ...coreSchema(ref), ...own };
  const { properties, items, additionalProperties } = source;
  return {
    ...source,
    ...(isJsonObject(properties) ? { properties: resolveAll(properties) } : {}),
    ...(items === undefined ? {} : { items: resolve(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: resolve(additionalProperties) }),
  } as StructuralSchema;
}

function resolveAll(properties: JsonObject): { [name: string]: StructuralSchema } {
  return Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, resolve(child)]));
}

/** ObjectMeta, for kinds that are not core ones. */
export function objectMetaSchema(): StructuralSchema {
  return coreSchema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
}
