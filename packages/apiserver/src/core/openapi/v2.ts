// The Swagger 2.0 document of everything served (/openapi/v2), for the aggregator and for older clients.
import type { JsonObject, ResourceDefinition } from "@coracle/api";
import { pathsOf } from "./operations.ts";
import type { ApiPath, Operation } from "./operations.ts";
import type { Parameter } from "./parameters.ts";
import { DefinitionSet } from "./schema-object.ts";
import { printKind, referTo } from "./subject-definitions.ts";
import { OPENAPI_TITLE } from "./v3.ts";

/** The document. */
export function openApiV2Document(resources: readonly ResourceDefinition[]): JsonObject {
  const definitions = new DefinitionSet("v2");
  const paths = resources.flatMap(pathsOf).sort((a, b) => (a.path < b.path ? -1 : 1));
  const items = paths.map((item) => [item.path, pathItem(item, definitions)]);
  return {
    swagger: "2.0",
    info: { title: OPENAPI_TITLE, version: "v1" },
    paths: Object.fromEntries(items),
    definitions: definitions.build(),
    securityDefinitions: {
      BearerToken: { type: "apiKey", name: "authorization", in: "header", description: "Bearer token" },
    },
    security: [{ BearerToken: [] }],
  };
}

function pathItem(item: ApiPath, definitions: DefinitionSet): JsonObject {
  const operations = item.operations.map((one) => [one.method, operation(one, item, definitions)]);
  return { ...Object.fromEntries(operations), parameters: item.parameters.map(parameter) };
}

function operation(one: Operation, item: ApiPath, definitions: DefinitionSet): JsonObject {
  const { body } = one;
  const bodyParameter =
    body === undefined
      ? []
      : [
          {
            name: "body",
            in: "body",
            ...(body.required ? { required: true } : {}),
            schema: referTo(body.content, item.subject, definitions),
          },
        ];
  const answers = one.answers.map((answer) => [
    answer.code,
    { description: answer.text, schema: referTo(answer.content, item.subject, definitions) },
  ]);
  return {
    consumes: body === undefined ? ["*/*"] : body.mediaTypes,
    produces: one.answerTypes,
    schemes: ["https"],
    tags: [one.tag],
    description: one.description,
    operationId: one.id,
    parameters: [...bodyParameter, ...one.parameters.map(parameter)],
    responses: { ...Object.fromEntries(answers), "401": { description: "Unauthorized" } },
    "x-kubernetes-action": one.action,
    "x-kubernetes-group-version-kind": printKind(one.about),
  };
}

function parameter(given: Parameter): JsonObject {
  const { name, description, type } = given;
  const required = given.in === "path" ? { required: true } : {};
  return { name, in: given.in, description, ...required, type, uniqueItems: true };
}
