// OpenAPI 3.0 documents, one per group version, and their index (served below /openapi/v3).
import type { JsonObject, ResourceDefinition } from "@coracle/api";
import { groupVersions } from "../discovery/mod.ts";
import { groupVersionPath } from "./names.ts";
import { pathsOf } from "./operations.ts";
import type { ApiPath, Operation } from "./operations.ts";
import type { Parameter } from "./parameters.ts";
import { DefinitionSet } from "./schema-object.ts";
import { printKind, referTo } from "./subject-definitions.ts";

/** Title of every document. */
export const OPENAPI_TITLE = "Coracle";

/** Keys of the index: `api/v1`, `apis/network.coracle.dev/v1alpha1`, … */
export function openApiV3Paths(resources: readonly ResourceDefinition[]): readonly string[] {
  return groupVersions(resources).map(({ group, version }) => groupVersionPath(group, version));
}

/** /openapi/v3. `hashes` maps each key to the upper-case hexadecimal SHA-512 of its document. */
export function openApiV3Index(hashes: ReadonlyMap<string, string>): JsonObject {
  const entries = [...hashes].map(([path, hash]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]);
  return { paths: Object.fromEntries(entries) };
}

/** The document of one key, or undefined for an unknown one. */
export function openApiV3Document(resources: readonly ResourceDefinition[], path: string): JsonObject | undefined {
  const found = groupVersions(resources).find(({ group, version }) => groupVersionPath(group, version) === path);
  if (found === undefined) return undefined;
  const definitions = new DefinitionSet("v3");
  const paths = found.resources.flatMap(pathsOf).sort((a, b) => (a.path < b.path ? -1 : 1));
  const items = paths.map((item) => [item.path, pathItem(item, definitions)]);
  return {
    openapi: "3.0.0",
    info: { title: OPENAPI_TITLE, version: "v1" },
    paths: Object.fromEntries(items),
    components: {
      schemas: definitions.build(),
      securitySchemes: {
        BearerToken: { type: "apiKey", name: "authorization", in: "header", description: "Bearer token" },
      },
    },
  };
}

function pathItem(item: ApiPath, definitions: DefinitionSet): JsonObject {
  const operations = item.operations.map((one) => [one.method, operation(one, item, definitions)]);
  return { ...Object.fromEntries(operations), parameters: item.parameters.map(parameter) };
}

function operation(one: Operation, item: ApiPath, definitions: DefinitionSet): JsonObject {
  const { body } = one;
  const content = (kind: Operation["answers"][number]["content"], mediaTypes: readonly string[]): JsonObject => {
    const schema = referTo(kind, item.subject, definitions);
    return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
  };
  const answers = one.answers.map((answer) => [
    answer.code,
    { description: answer.text, content: content(answer.content, one.answerTypes) },
  ]);
  return {
    tags: [one.tag],
    description: one.description,
    operationId: one.id,
    parameters: one.parameters.map(parameter),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: content(body.content, body.mediaTypes),
            ...(body.required ? { required: true } : {}),
          },
        }),
    responses: { ...Object.fromEntries(answers), "401": { description: "Unauthorized" } },
    "x-kubernetes-action": one.action,
    "x-kubernetes-group-version-kind": printKind(one.about),
  };
}

function parameter(given: Parameter): JsonObject {
  const { name, description, type } = given;
  const required = given.in === "path" ? { required: true } : {};
  return { name, in: given.in, description, ...required, schema: { type, uniqueItems: true } };
}
