// Writes packages/api/src/core/core-schema-texts.ts from the OpenAPI v3 documents of a kube-apiserver: fields, types and list
// keys of the core kinds, without descriptions. Usage: bun tools/src/core-schemas.ts FOLDER, where FOLDER holds the files
// api__v1_openapi.json, apis__coordination.k8s.io__v1_openapi.json and so on (kubernetes: api/openapi-spec/v3).
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DOCUMENTS = [
  "api__v1_openapi.json",
  "apis__coordination.k8s.io__v1_openapi.json",
  "apis__authentication.k8s.io__v1_openapi.json",
  "apis__authorization.k8s.io__v1_openapi.json",
];

const CORE = "io.k8s.api.core.v1";
const ROOTS = [
  ...["Namespace", "Pod", "Node", "Secret", "ConfigMap", "ServiceAccount", "Event", "Binding"].map(
    (kind) => `${CORE}.${kind}`,
  ),
  "io.k8s.api.coordination.v1.Lease",
  ...["TokenReview", "TokenRequest", "SelfSubjectReview"].map((kind) => `io.k8s.api.authentication.v1.${kind}`),
  ...["SubjectAccessReview", "SelfSubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectRulesReview"].map(
    (kind) => `io.k8s.api.authorization.v1.${kind}`,
  ),
  "io.k8s.apimachinery.pkg.apis.meta.v1.Condition",
];

type Json = { [key: string]: unknown };

/** Extensions of OpenAPI that a schema node keeps, by their name here. */
const EXTENSIONS: { readonly [name: string]: string } = {
  "x-kubernetes-list-type": "listType",
  "x-kubernetes-list-map-keys": "listMapKeys",
  "x-kubernetes-map-type": "mapType",
  "x-kubernetes-patch-merge-key": "patchMergeKey",
  "x-kubernetes-patch-strategy": "patchStrategy",
};

const KEPT = ["type", "format", "required", "enum", "minimum", "maximum"];

const all: Json = {};
const folder = process.argv[2];
if (folder === undefined) throw new Error("Cannot start as the folder of OpenAPI documents is not named");
for (const file of DOCUMENTS) {
  const document = JSON.parse(readFileSync(join(folder, file), "utf8")) as { components: { schemas: Json } };
  Object.assign(all, document.components.schemas);
}

const result: { [name: string]: Json } = {};
const queue = [...ROOTS];
for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
  if (name in result) continue;
  const source = all[name];
  if (source === undefined) throw new Error(`Cannot find the schema ${name} in the documents`);
  result[name] = convert(source as Json);
}
const HEADER = `// Written by tools/src/core-schemas.ts from the OpenAPI documents of Kubernetes: one JSON text per definition, parsed on demand.

/** Definitions of the core kinds and of everything they hold, by their OpenAPI name; \`ref\` stands for another definition. */
export const CORE_SCHEMA_TEXTS: { readonly [name: string]: string } = {
`;
const lines = Object.keys(result)
  .sort()
  .map((name) => `  ${JSON.stringify(name)}:\n    '${JSON.stringify(result[name])}',\n`);
writeFileSync("packages/api/src/core/core-schema-texts.ts", `${HEADER}${lines.join("")}};\n`);

function convert(source: Json): Json {
  const reference = refOf(source);
  if (reference !== undefined) {
    queue.push(reference);
    return { ref: reference, ...extensions(source) };
  }
  if (source["format"] === "int-or-string") return { intOrString: true, ...extensions(source) };
  if (Array.isArray(source["oneOf"])) return { intOrString: true, format: "quantity", ...extensions(source) };
  const node: Json = {};
  for (const key of KEPT) if (source[key] !== undefined) node[key] = source[key];
  if (!isZero(source["default"])) node["default"] = source["default"];
  Object.assign(node, extensions(source));
  if (source["items"] !== undefined) node["items"] = convert(source["items"] as Json);
  if (source["properties"] !== undefined) {
    const properties = Object.entries(source["properties"] as Json);
    node["properties"] = Object.fromEntries(properties.map(([name, child]) => [name, convert(child as Json)]));
  }
  if (typeof source["additionalProperties"] === "object") {
    node["additionalProperties"] = convert(source["additionalProperties"] as Json);
  } else if (node["type"] === "object" && node["properties"] === undefined) {
    node["preserveUnknownFields"] = true;
  }
  return node;
}

function refOf(source: Json): string | undefined {
  const direct = source["$ref"] ?? (source["allOf"] as Json[] | undefined)?.[0]?.["$ref"];
  return typeof direct === "string" ? direct.slice("#/components/schemas/".length) : undefined;
}

function extensions(source: Json): Json {
  const found: Json = {};
  for (const [key, name] of Object.entries(EXTENSIONS)) if (source[key] !== undefined) found[name] = source[key];
  return found;
}

/** Zero values of Go types say nothing: the field is simply required to be written. */
function isZero(value: unknown): boolean {
  return value === undefined || value === "" || value === 0 || value === false || JSON.stringify(value) === "{}";
}
