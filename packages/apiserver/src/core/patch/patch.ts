// One patch from bytes to result: decoding, strict checks, and the failures kube-apiserver answers with
// (apiserver endpoints/handlers/patch.go).
import { isJsonObject } from "@coracle/api";
import type { JsonObject, StructuralSchema } from "@coracle/api";
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { badRequest, canonicalJson, decodeText, entityTooLarge, goKind, printGoValue } from "../json/mod.ts";
import type { DecodedBody, DecodedValue, StatusFailure } from "../json/mod.ts";
import { applyJsonPatch, JSON_PATCH_OPERATIONS_MAX } from "./json-patch.ts";
import type { JsonPatchOperation } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { PatchFormatError } from "./patch-format-error.ts";
import { strategicMerge } from "./strategic-merge.ts";

/** A decoded patch. `strictErrors` are texts of what strict decoding objects to; empty unless asked for. */
export type Patch =
  | {
      readonly kind: "json";
      readonly operations: readonly JsonPatchOperation[];
      readonly strictErrors: readonly string[];
    }
  | { readonly kind: "merge" | "strategic"; readonly value: JsonObject; readonly strictErrors: readonly string[] };

/** How a patch is decoded. `strict` is true for field validation Warn and Strict. */
export interface PatchDecoding {
  readonly strict: boolean;
}

/** Reads the body of a JSON patch, merge patch or strategic merge patch. Failures: 400, and 413 for too many operations. */
export function decodePatch(
  type: "json" | "merge" | "strategic",
  bytes: Uint8Array,
  decoding: PatchDecoding,
): Result<Patch, StatusFailure> {
  const decoded = decodeText(bytes, { mediaType: "application/json", findDuplicates: decoding.strict });
  if (!decoded.ok) return err(badRequest(undecodable(type, decoded.error, decoding)));
  if (type === "json") return decodeOperations(decoded.value, decoding);
  const { value } = decoded.value;
  const { strictErrors } = decoded.value;
  if (!isJsonObject(value)) {
    const message = `json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`;
    if (value === null) return err(badRequest("Invalid JSON Patch"));
    return err(badRequest(undecodable(type, message, decoding)));
  }
  return ok({ kind: type, value, strictErrors });
}

function undecodable(type: "json" | "merge" | "strategic", message: string, decoding: PatchDecoding): string {
  if (type !== "strategic" && decoding.strict) return `error decoding patch: ${message}`;
  return type === "merge" ? "Invalid JSON Patch" : message;
}

const OPERATION_MEMBERS: ReadonlySet<string> = new Set(["op", "path", "from", "value"]);

function decodeOperations(decoded: DecodedValue, decoding: PatchDecoding): Result<Patch, StatusFailure> {
  const value = decoded.value ?? [];
  const goType = decoding.strict ? "[]handlers.jsonPatchOp" : "jsonpatch.Patch";
  if (!Array.isArray(value)) {
    const message = `json: cannot unmarshal ${goKind(value)} into Go value of type ${goType}`;
    return err(badRequest(undecodable("json", message, decoding)));
  }
  const count = value.length;
  if (count > JSON_PATCH_OPERATIONS_MAX) {
    const limit = `The allowed maximum operations in a JSON patch is ${JSON_PATCH_OPERATIONS_MAX}, got ${count}`;
    return err(entityTooLarge(limit));
  }
  const strictErrors = decoded.strictErrors.map((text) => `json patch ${text}`);
  const operations: JsonPatchOperation[] = [];
  for (const [index, item] of value.entries()) {
    const operation = decodeOperation(item);
    if (!operation.ok) return err(badRequest(undecodable("json", operation.error, decoding)));
    operations.push(operation.value);
    const unknown =
      decoding.strict && isJsonObject(item) ? Object.keys(item).filter((name) => !OPERATION_MEMBERS.has(name)) : [];
    strictErrors.push(...unknown.map((name) => `json patch unknown field "[${index}].${name}"`));
  }
  return ok({ kind: "json", operations, strictErrors });
}

function decodeOperation(item: unknown): Result<JsonPatchOperation, string> {
  if (!isJsonObject(item))
    return err(`json: cannot unmarshal ${goKind(item)} into Go value of type handlers.jsonPatchOp`);
  for (const name of ["op", "path", "from"]) {
    const member = item[name];
    if (member === undefined || member === null || typeof member === "string") continue;
    return err(`json: cannot unmarshal ${goKind(member)} into Go struct field jsonPatchOp.${name} of type string`);
  }
  const text = (name: "op" | "path" | "from"): string | undefined => {
    const member = item[name];
    return typeof member === "string" ? member : undefined;
  };
  return ok({ op: text("op") ?? "unknown", path: text("path"), from: text("from"), value: item["value"] ?? null });
}

/**
 * Carries out a patch on the current object. `schema` matters to strategic merge patches only.
 * Failures: 422 Invalid for a JSON patch that does not apply, 400/422/500 for a malformed strategic merge patch.
 */
export function applyPatch(
  current: JsonObject,
  patch: Patch,
  schema: StructuralSchema,
): Result<JsonObject, StatusFailure> {
  switch (patch.kind) {
    case "json": {
      const result = applyJsonPatch(current, patch.operations);
      if (!result.ok) return err(rejected());
      if (isJsonObject(result.value)) return ok(result.value);
      const message = `json: cannot unmarshal ${goKind(result.value)} into Go value of type map[string]interface {}`;
      return err(badRequest(message));
    }
    case "merge":
      return ok(applyMergePatch(current, patch.value));
    case "strategic":
      return applyStrategic(current, patch.value, schema);
  }
}

function applyStrategic(
  current: JsonObject,
  patch: JsonObject,
  schema: StructuralSchema,
): Result<JsonObject, StatusFailure> {
  try {
    return ok(strategicMerge(current, patch, schema));
  } catch (cause) {
    if (!(cause instanceof PatchFormatError)) throw cause;
    if (cause.status === 400) return err(badRequest(cause.message));
    if (cause.status === 422) return err(rejected());
    return err({ code: 500, reason: "", message: cause.message });
  }
}

// kube-apiserver keeps to itself which operation failed; clients compare this answer.
function rejected(): StatusFailure {
  const message = "the server rejected our request due to an error in our request";
  return { code: 422, reason: "Invalid", message, details: {} };
}

/** What a merge or strategic merge patch itself pins in its metadata; such a write is not retried on conflict. */
export function patchPreconditions(patch: Patch): { readonly resourceVersion?: string; readonly uid?: string } {
  if (patch.kind === "json") return {};
  const metadata = patch.value["metadata"];
  if (!isJsonObject(metadata)) return {};
  const { resourceVersion, uid } = metadata;
  return {
    ...(typeof resourceVersion === "string" && resourceVersion !== "" ? { resourceVersion } : {}),
    ...(typeof uid === "string" && uid !== "" ? { uid } : {}),
  };
}

/** Reads the body of a server-side apply (YAML, of which JSON is a part). Failures: 400. */
export function decodeApplyBody(bytes: Uint8Array, decoding: PatchDecoding): Result<DecodedBody, StatusFailure> {
  const json = decodeText(bytes, { mediaType: "application/json", findDuplicates: decoding.strict });
  const decoded = json.ok
    ? json
    : decodeText(bytes, { mediaType: "application/yaml", findDuplicates: decoding.strict });
  if (!decoded.ok) return err(badRequest(`error decoding YAML: error converting YAML to JSON: ${decoded.error}`));
  const { value, strictErrors } = decoded.value;
  if (value !== null && !isJsonObject(value)) {
    const message = `json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`;
    return err(badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${message}`));
  }
  return ok({
    object: value ?? {},
    strictErrors: strictErrors.map((text) => `error converting YAML to JSON: ${text}`),
  });
}

/** How a refused patch is shown: a strategic merge patch itself, as Go prints it; of the others the patched object. */
export function shownPatch(patch: Patch, patched: JsonObject): string {
  return patch.kind === "strategic" ? printGoValue(patch.value) : canonicalJson(patched);
}
