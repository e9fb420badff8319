// Which paths and verbs a kind is served at, and how the others are refused: built-in kinds and custom ones differ.
import type { ResourceDefinition } from "@coracle/api";
import {
  badRequestStatus,
  makeStatus,
  methodNotSupportedStatus,
  notFoundStatus,
  pathNotFoundStatus,
  StatusError,
} from "@coracle/kube";
import type { ResourceRequestInfo } from "../core/request/request-info.ts";

const NAMED: ReadonlySet<string> = new Set(["get", "update", "patch", "delete"]);
const SUBRESOURCE_VERBS: ReadonlySet<string> = new Set(["get", "update", "patch"]);

/** 405 in the words clients know. */
export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError(makeStatus({ reason: "MethodNotAllowed", message, details: {} }));
}

/** Why a request cannot be served, `"page"` for a 404 in plain text; `undefined` when it can. */
export function refusalOf(definition: ResourceDefinition, info: ResourceRequestInfo): StatusError | "page" | undefined {
  const { builtIn, namespaced } = definition;
  if (!namespaced && info.namespace !== "" && definition.plural !== "namespaces") {
    return builtIn ? new StatusError(pathNotFoundStatus()) : "page";
  }
  if (info.subresource !== "") return refusalOfSubresource(definition, info);
  const { verb } = info;
  const isCollection = info.parts.length < 2;
  const writesCollection = verb === "create" || verb === "deletecollection";
  if (writesCollection && namespaced && info.namespace === "") return builtIn ? methodNotAllowed() : "page";
  if (verb === "" || verb === "proxy") return unsupported(definition, "");
  if (isCollection && NAMED.has(verb)) {
    return builtIn ? methodNotAllowed() : new StatusError(badRequestStatus("name must be provided"));
  }
  // Custom kinds take a create at an object's path as one at the collection's.
  if (verb === "create" && !isCollection && builtIn) return methodNotAllowed();
  return definition.verbs.includes(verb) ? undefined : unsupported(definition, verb);
}

function refusalOfSubresource(definition: ResourceDefinition, info: ResourceRequestInfo): StatusError | undefined {
  if (!isSubresource(definition, info)) {
    const resource = { group: definition.group, resource: definition.plural };
    return new StatusError(definition.builtIn ? pathNotFoundStatus() : notFoundStatus(resource, info.name));
  }
  const own = definition.subresources.others.find((one) => one.name === info.subresource);
  const served = own === undefined ? SUBRESOURCE_VERBS.has(info.verb) : own.verbs.some((verb) => verb === info.verb);
  return served ? undefined : unsupported(definition, info.verb);
}

function isSubresource(definition: ResourceDefinition, info: ResourceRequestInfo): boolean {
  if (info.parts.length > 3) return false;
  if (info.subresource === "status") return definition.subresources.status;
  return definition.subresources.others.some((one) => one.name === info.subresource);
}

function unsupported(definition: ResourceDefinition, verb: string): StatusError {
  if (definition.builtIn) return methodNotAllowed();
  return new StatusError(methodNotSupportedStatus({ group: definition.group, resource: definition.plural }, verb));
}
