// The operations of a resource: paths, verbs, parameters, bodies and answers, in no dialect yet.
import type { ResourceDefinition, SubresourceDefinition } from "@coracle/api";
import { groupVersionPath, groupVersionTag, groupVersionWord } from "./names.ts";
import type { GroupVersionKind } from "./names.ts";
import {
  DELETE_COLLECTION_PARAMETERS,
  DELETE_PARAMETERS,
  GET_PARAMETERS,
  LIST_PARAMETERS,
  NAMESPACE,
  nameParameter,
  PATCH_PARAMETERS,
  PRETTY,
  WRITE_PARAMETERS,
} from "./parameters.ts";
import type { Parameter } from "./parameters.ts";

/** What a body or an answer is: the object, its list, or one of the shared definitions. */
export type Content = "object" | "list" | "Status" | "DeleteOptions" | "Patch";

/** One verb of one path. */
export interface Operation {
  readonly method: "get" | "put" | "post" | "delete" | "patch";
  /** Value of x-kubernetes-action. */
  readonly action: string;
  readonly id: string;
  readonly description: string;
  readonly tag: string;
  readonly about: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  readonly body:
    { readonly content: Content; readonly mediaTypes: readonly string[]; readonly required: boolean } | undefined;
  readonly answers: readonly { readonly code: string; readonly text: string; readonly content: Content }[];
  readonly answerTypes: readonly string[];
}

/** One path with its operations. */
export interface ApiPath {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
  /** The resource, or the kind of a subresource that is another one. */
  readonly subject: ResourceDefinition | SubresourceDefinition;
}

const BODY_TYPES = ["application/json", "application/yaml"];
const LIST_TYPES = [...BODY_TYPES, "application/json;stream=watch"];
const OK = "OK";

/** All paths of a resource: collection, object, all namespaces, status and other subresources. */
export function pathsOf(resource: ResourceDefinition): readonly ApiPath[] {
  const root = `/${groupVersionPath(resource.group, resource.version)}`;
  const base = resource.namespaced ? `${root}/namespaces/{namespace}/${resource.plural}` : `${root}/${resource.plural}`;
  const inNamespace = resource.namespaced ? [NAMESPACE] : [];
  const onObject = [nameParameter(resource.kind), ...inNamespace, PRETTY];
  const make = operationMaker(resource);
  const paths: ApiPath[] = [
    {
      path: base,
      parameters: [...inNamespace, PRETTY],
      operations: collectionOperations(resource, make),
      subject: resource,
    },
    {
      path: `${base}/{name}`,
      parameters: onObject,
      operations: objectOperations(resource, make, ""),
      subject: resource,
    },
  ];
  if (resource.namespaced && resource.verbs.includes("list")) {
    // The path's only operation: its parameters are the path's.
    const one = list(make, `${resource.kind}ForAllNamespaces`);
    const parameters = [...one.parameters, PRETTY].sort((a, b) => (a.name < b.name ? -1 : 1));
    const operations = [{ ...one, parameters: [] }];
    paths.push({ path: `${root}/${resource.plural}`, parameters, operations, subject: resource });
  }
  if (resource.subresources.status) {
    const operations = objectOperations({ ...resource, verbs: ["get", "update", "patch"] }, make, "Status");
    paths.push({ path: `${base}/{name}/status`, parameters: onObject, operations, subject: resource });
  }
  for (const other of resource.subresources.others) {
    const operations = subresourceOperations(resource, other);
    paths.push({ path: `${base}/{name}/${other.name}`, parameters: onObject, operations, subject: other });
  }
  return paths.filter(({ operations }) => operations.length > 0);
}

type Maker = (
  given: Omit<Operation, "id" | "tag" | "about"> & { readonly verb: string; readonly subject: string },
) => Operation;

function operationMaker(resource: ResourceDefinition, about: GroupVersionKind = resource): Maker {
  const middle = groupVersionWord(resource.group, resource.version);
  return ({ verb, subject, ...given }) => ({
    ...given,
    id: `${verb}${middle}${subject}`,
    tag: groupVersionTag(resource.group, resource.version),
    about: { group: about.group, version: about.version, kind: about.kind },
  });
}

function scoped(resource: ResourceDefinition, suffix = ""): string {
  return `${resource.namespaced ? "Namespaced" : ""}${resource.kind}${suffix}`;
}

function list(make: Maker, subject: string): Operation {
  const kind = subject.replace(/^Namespaced/, "").replace(/ForAllNamespaces$/, "");
  return make({
    verb: "list",
    subject,
    method: "get",
    action: "list",
    description: `list or watch objects of kind ${kind}`,
    parameters: LIST_PARAMETERS,
    body: undefined,
    answers: [{ code: "200", text: OK, content: "list" }],
    answerTypes: LIST_TYPES,
  });
}

function collectionOperations(resource: ResourceDefinition, make: Maker): readonly Operation[] {
  const { kind, verbs } = resource;
  const operations: Operation[] = [];
  if (verbs.includes("list")) operations.push(list(make, scoped(resource)));
  if (verbs.includes("create")) {
    const what = { verb: "create", subject: scoped(resource), description: `create an object of kind ${kind}` };
    operations.push(make({ ...what, ...creation() }));
  }
  if (verbs.includes("deletecollection")) {
    operations.push(
      make({
        verb: "delete",
        subject: `Collection${scoped(resource)}`,
        method: "delete",
        action: "deletecollection",
        description: `delete the selected objects of kind ${kind}`,
        parameters: DELETE_COLLECTION_PARAMETERS,
        body: { content: "DeleteOptions", mediaTypes: BODY_TYPES, required: false },
        answers: [{ code: "200", text: OK, content: "Status" }],
        answerTypes: BODY_TYPES,
      }),
    );
  }
  return operations;
}

type Content3 = Pick<Operation, "method" | "action" | "parameters" | "body" | "answers" | "answerTypes">;

function creation(): Content3 {
  return {
    method: "post",
    action: "post",
    parameters: WRITE_PARAMETERS,
    body: { content: "object", mediaTypes: BODY_TYPES, required: true },
    answers: [
      { code: "200", text: OK, content: "object" },
      { code: "201", text: "Created", content: "object" },
      { code: "202", text: "Accepted", content: "object" },
    ],
    answerTypes: BODY_TYPES,
  };
}

function objectOperations(resource: ResourceDefinition, make: Maker, suffix: string): readonly Operation[] {
  const { kind, verbs } = resource;
  const what = suffix === "" ? kind : `the status of ${kind}`;
  const subject = scoped(resource, suffix);
  const answerTypes = BODY_TYPES;
  const written = [
    { code: "200", text: OK, content: "object" as const },
    { code: "201", text: "Created", content: "object" as const },
  ];
  const operations: Operation[] = [];
  if (verbs.includes("get")) {
    const answers = [{ code: "200", text: OK, content: "object" as const }];
    const given = { verb: "read", subject, method: "get", action: "get", description: `read ${what}` } as const;
    operations.push(make({ ...given, parameters: GET_PARAMETERS, body: undefined, answers, answerTypes }));
  }
  if (verbs.includes("update")) {
    const given = { verb: "replace", subject, method: "put", action: "put", description: `replace ${what}` } as const;
    const body = { content: "object", mediaTypes: BODY_TYPES, required: true } as const;
    operations.push(make({ ...given, parameters: WRITE_PARAMETERS, body, answers: written, answerTypes }));
  }
  if (verbs.includes("delete")) {
    const given = {
      verb: "delete",
      subject,
      method: "delete",
      action: "delete",
      description: `delete ${what}`,
    } as const;
    const body = { content: "DeleteOptions", mediaTypes: BODY_TYPES, required: false } as const;
    const answers = [
      { code: "200", text: OK, content: "Status" as const },
      { code: "202", text: "Accepted", content: "Status" as const },
    ];
    operations.push(make({ ...given, parameters: DELETE_PARAMETERS, body, answers, answerTypes }));
  }
  if (verbs.includes("patch")) {
    const given = {
      verb: "patch",
      subject,
      method: "patch",
      action: "patch",
      description: `change parts of ${what}`,
    } as const;
    const body = { content: "Patch", mediaTypes: patchTypes(resource), required: true } as const;
    operations.push(make({ ...given, parameters: PATCH_PARAMETERS, body, answers: written, answerTypes }));
  }
  return operations;
}

function patchTypes(resource: ResourceDefinition): readonly string[] {
  const strategic = resource.builtIn ? ["application/strategic-merge-patch+json"] : [];
  return ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json", ...strategic];
}

function subresourceOperations(resource: ResourceDefinition, other: SubresourceDefinition): readonly Operation[] {
  const make = operationMaker(resource, other);
  const suffix = other.name.charAt(0).toUpperCase() + other.name.slice(1);
  const subject = scoped(resource, suffix);
  const operations: Operation[] = [];
  if (other.verbs.includes("create")) {
    const description = `create ${other.name} of a ${resource.kind}`;
    operations.push(make({ verb: "create", subject, description, ...creation() }));
  }
  if (other.verbs.includes("update")) {
    const answers = [{ code: "200", text: OK, content: "object" as const }];
    const body = { content: "object", mediaTypes: BODY_TYPES, required: true } as const;
    const given = { verb: "replace", subject, method: "put", action: "put" } as const;
    const description = `replace ${other.name} of a ${resource.kind}`;
    const parameters = WRITE_PARAMETERS;
    operations.push(make({ ...given, description, parameters, body, answers, answerTypes: BODY_TYPES }));
  }
  return operations;
}
