// JSON Patch (RFC 6902) over immutable JSON values, with the choices kube-apiserver makes where the RFC leaves room or it differs.
import { isJsonObject, jsonEqual } from "@coracle/api";
import { assert, err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { canonicalJson, withMember, withoutMember } from "../json/mod.ts";
import { arrayIndex, parsePointer, pointedValue } from "./json-pointer.ts";

/** Most operations in one patch. */
export const JSON_PATCH_OPERATIONS_MAX = 10_000;

/** Most bytes that the copy operations of one patch may add. */
export const JSON_PATCH_COPIED_BYTES_MAX: number = 3 * 1024 * 1024;

/** One operation as it was sent; members are checked when it is carried out. */
export interface JsonPatchOperation {
  readonly op: string;
  readonly path: string | undefined;
  readonly from: string | undefined;
  /** Absent means null. */
  readonly value: unknown;
}

interface Application {
  document: unknown;
  copiedBytes: number;
}

/**
 * Carries out the operations in order. The error says which one failed and why; nothing is applied then.
 * As in kube-apiserver, `replace` of an absent object member adds it, and negative array indexes count from the end.
 */
export function applyJsonPatch(document: unknown, operations: readonly JsonPatchOperation[]): Result<unknown, string> {
  assert(operations.length <= JSON_PATCH_OPERATIONS_MAX, "Cannot apply a JSON patch as it has too many operations");
  const application: Application = { document, copiedBytes: 0 };
  for (const operation of operations) {
    const failure = applyOperation(application, operation);
    if (failure !== undefined) return err(`${operation.op} operation does not apply: ${failure}`);
  }
  return ok(application.document);
}

function applyOperation(application: Application, operation: JsonPatchOperation): string | undefined {
  switch (operation.op) {
    case "add":
      return change(application, operation.path, (parent, key) => added(parent, key, operation.value));
    case "remove":
      return change(application, operation.path, removed);
    case "replace":
      return replace(application, operation);
    case "test":
      return test(application, operation);
    case "move":
      return move(application, operation);
    case "copy":
      return copy(application, operation);
    default:
      return `unexpected kind: ${operation.op}`;
  }
}

function replace(application: Application, operation: JsonPatchOperation): string | undefined {
  if (operation.path === "") {
    if (typeof operation.value !== "object" || operation.value === null) return "value must be object or array";
    application.document = operation.value;
    return undefined;
  }
  return change(application, operation.path, (parent, key) => replaced(parent, key, operation.value));
}

function test(application: Application, operation: JsonPatchOperation): string | undefined {
  const actual = read(application, operation.path);
  if (!actual.ok) return actual.error;
  return jsonEqual(actual.value ?? null, operation.value ?? null)
    ? undefined
    : `testing value ${operation.path} failed`;
}

function move(application: Application, operation: JsonPatchOperation): string | undefined {
  const source = read(application, operation.from);
  if (!source.ok) return source.error;
  const { path, from } = operation;
  if (path !== from && path?.startsWith(`${from}/`) === true) return "cannot move a value into itself";
  const failure = change(application, from, removed);
  return failure ?? change(application, path, (parent, key) => added(parent, key, source.value));
}

function copy(application: Application, operation: JsonPatchOperation): string | undefined {
  const source = read(application, operation.from);
  if (!source.ok) return source.error;
  // The cap is on bytes as the document is written, since copies share memory here but not on the wire.
  application.copiedBytes += canonicalJson(source.value ?? null).length;
  if (application.copiedBytes > JSON_PATCH_COPIED_BYTES_MAX) {
    return `the accumulated size increase of copy is ${application.copiedBytes}, exceeding the limit ${JSON_PATCH_COPIED_BYTES_MAX}`;
  }
  return change(application, operation.path, (parent, key) => added(parent, key, source.value ?? null));
}

function read(application: Application, path: string | undefined): Result<unknown, string> {
  const tokens = parsePointer(path);
  if (tokens === undefined) return err(`doc is missing path: "${path ?? ""}"`);
  return pointedValue(application.document, tokens);
}

type Edit = (parent: unknown, key: string) => Result<unknown, string>;

function change(application: Application, path: string | undefined, edit: Edit): string | undefined {
  const tokens = parsePointer(path);
  if (tokens === undefined || tokens.length === 0) return `doc is missing path: "${path ?? ""}"`;
  const result = changed(application.document, tokens, edit);
  if (!result.ok) return result.error;
  application.document = result.value;
  return undefined;
}

function changed(parent: unknown, tokens: readonly string[], edit: Edit): Result<unknown, string> {
  const [key = "", ...rest] = tokens;
  if (rest.length === 0) return edit(parent, key);
  const child = pointedValue(parent, [key]);
  if (!child.ok) return child;
  if (typeof child.value !== "object" || child.value === null) return err(`doc is missing path: ${key}`);
  const next = changed(child.value, rest, edit);
  return next.ok ? replaced(parent, key, next.value) : next;
}

function added(parent: unknown, key: string, value: unknown): Result<unknown, string> {
  if (isJsonObject(parent)) return ok(withMember(parent, key, value ?? null));
  if (!Array.isArray(parent)) return err(`doc is missing path: ${key}`);
  const index = key === "-" ? parent.length : arrayIndex(key, parent.length + 1);
  if (index === undefined) return err(`Unable to access invalid index: ${key}`);
  return ok(parent.toSpliced(index, 0, value ?? null));
}

function removed(parent: unknown, key: string): Result<unknown, string> {
  if (isJsonObject(parent)) {
    return Object.hasOwn(parent, key)
      ? ok(withoutMember(parent, key))
      : err(`Unable to remove nonexistent key: ${key}`);
  }
  if (!Array.isArray(parent)) return err(`doc is missing path: ${key}`);
  const index = arrayIndex(key, parent.length);
  return index === undefined ? err(`Unable to access invalid index: ${key}`) : ok(parent.toSpliced(index, 1));
}

function replaced(parent: unknown, key: string, value: unknown): Result<unknown, string> {
  if (isJsonObject(parent)) return ok(withMember(parent, key, value ?? null));
  if (!Array.isArray(parent)) return err(`doc is missing path: ${key}`);
  const index = arrayIndex(key, parent.length);
  return index === undefined ? err(`Unable to access invalid index: ${key}`) : ok(parent.with(index, value ?? null));
}
