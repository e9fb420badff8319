// The definitions that a resource's operations speak of: its kind, its list, and the shared ones.
import type { JsonObject, ResourceDefinition, StructuralSchema, SubresourceDefinition } from "@coracle/api";
import { DELETE_OPTIONS, LIST_META, PATCH, STATUS } from "./meta-definitions.ts";
import { definitionNameOf } from "./names.ts";
import type { GroupVersionKind } from "./names.ts";
import type { Content } from "./operations.ts";
import type { DefinitionSet } from "./schema-object.ts";

type Subject = ResourceDefinition | SubresourceDefinition;

/** Makes sure that a content's definition is in the set, and returns a reference to it. */
export function referTo(content: Content, subject: Subject, definitions: DefinitionSet): JsonObject {
  switch (content) {
    case "object":
      return addObject(subject, definitions);
    case "list":
      return addList(subject, definitions);
    case "Status":
      return addShared(STATUS, [{ group: "", version: "v1", kind: "Status" }], definitions);
    case "DeleteOptions":
      return addShared(DELETE_OPTIONS, [{ group: "", version: "v1", kind: "DeleteOptions" }], definitions);
    case "Patch":
      return addShared(PATCH, [], definitions);
  }
}

function addShared(
  schema: StructuralSchema,
  kinds: readonly GroupVersionKind[],
  definitions: DefinitionSet,
): JsonObject {
  return definitions.add(schema.definitionName ?? "", schema, kindExtension(kinds));
}

function kindExtension(kinds: readonly GroupVersionKind[]): JsonObject {
  return kinds.length === 0 ? {} : { "x-kubernetes-group-version-kind": kinds.map(printKind) };
}

/** A kind as extensions name it. */
export function printKind({ group, version, kind }: GroupVersionKind): JsonObject {
  return { group, kind, version };
}

function addObject(subject: Subject, definitions: DefinitionSet): JsonObject {
  const name = subject.schema.definitionName ?? definitionNameOf(subject);
  return definitions.add(
    name,
    { ...subject.schema, definitionName: name },
    { ...selectable(subject), ...kindExtension([subject]) },
  );
}

function selectable(subject: Subject): JsonObject {
  if (!("selectableFields" in subject) || subject.builtIn) return {};
  const fields = Object.keys(subject.selectableFields).map((fieldPath) => ({ fieldPath }));
  return fields.length === 0 ? {} : { "x-kubernetes-selectable-fields": fields };
}

function addList(subject: Subject, definitions: DefinitionSet): JsonObject {
  const itemName = subject.schema.definitionName ?? definitionNameOf(subject);
  const kind = "listKind" in subject ? subject.listKind : `${subject.kind}List`;
  const name = `${itemName}List`;
  addObject(subject, definitions);
  const schema: StructuralSchema = {
    definitionName: name,
    type: "object",
    description: `${kind} is a list of objects of kind ${subject.kind}.`,
    required: ["items"],
    properties: {
      apiVersion: { type: "string", description: "Version of the schema this object follows." },
      items: { type: "array", description: "The objects.", items: { ...subject.schema, definitionName: itemName } },
      kind: { type: "string", description: "Kind of this object." },
      metadata: { ...LIST_META, description: "Metadata of the list." },
    },
  };
  return definitions.add(name, schema, kindExtension([{ ...subject, kind }]));
}
