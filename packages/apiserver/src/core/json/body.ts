// Request bodies: which media types are read, and how a body becomes an object of the kind a path serves
// (Kubernetes apimachinery runtime/serializer/json, apiserver endpoints/handlers).
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { decodeJson } from "./decode.ts";
import type { DecodedValue } from "./decode.ts";
import { badRequest, unsupportedMediaType } from "./status-failure.ts";
import type { StatusFailure } from "./status-failure.ts";
import { decodeYaml } from "./yaml.ts";

/** Media types of create and update bodies. */
export type BodyMediaType = "application/json" | "application/yaml";

/** A body that is an object. */
export interface DecodedBody {
  readonly object: JsonObject;
  /** In words, which members were written twice; empty unless asked for. */
  readonly strictErrors: readonly string[];
}

/** What a body is expected to be. */
export interface ExpectedType {
  /** For example `network.coracle.dev/v1alpha1`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Kinds compiled into Kubernetes: absent apiVersion and kind are filled in. Others must name both. */
  readonly builtIn: boolean;
}

/** Parameters of a media type, with one semicolon too many at the end forgiven (Go mime.ParseMediaType). */
const PARAMETERS = /^(?:\s*;\s*[^\s;=]+=(?:"(?:[^"\\]|\\.)*"|[^\s;"]+))*\s*;?\s*$/;

/** Reads a Content-Type header; an absent one means JSON. Parameters such as charset are ignored, if they are well-formed. */
export function bodyMediaType(contentType: string | undefined): Result<BodyMediaType, StatusFailure> {
  const [name = ""] = (contentType ?? "").split(";", 1);
  const isWellFormed = PARAMETERS.test((contentType ?? "").slice(name.length));
  const type = isWellFormed ? name.trim().toLowerCase() : "malformed";
  if (type === "" || type === "application/json") return ok("application/json");
  if (type === "application/yaml") return ok("application/yaml");
  return err(unsupportedMediaType(["application/json", "application/yaml"]));
}

/** Reads bytes as a value of the media type. Invalid UTF-8 becomes U+FFFD, as in Go. The error is a message without context. */
export function decodeText(
  bytes: Uint8Array,
  options: { readonly mediaType: BodyMediaType; readonly findDuplicates: boolean },
): Result<DecodedValue, string> {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return options.mediaType === "application/json" ? decodeJson(text, options) : decodeYaml(text, options);
}

/**
 * Reads the body of a create or update and checks its apiVersion and kind against what the path serves.
 * Failures are 400 BadRequest in the server's words.
 */
export function decodeObject(
  bytes: Uint8Array,
  options: { readonly mediaType: BodyMediaType; readonly findDuplicates: boolean; readonly expected: ExpectedType },
): Result<DecodedBody, StatusFailure> {
  const { expected } = options;
  const refuse = (message: string): Result<never, StatusFailure> =>
    err(
      badRequest(
        `the object provided is unrecognized (must be of type ${expected.kind}): ${message} (${summary(bytes)})`,
      ),
    );
  const decoded = decodeText(bytes, options);
  if (!decoded.ok) {
    const isYaml = options.mediaType === "application/yaml";
    return refuse(isYaml ? decoded.error : `couldn't get version/kind; json parse error: ${decoded.error}`);
  }
  const value = decoded.value.value ?? {};
  const typeError = typeMetaError(value);
  if (typeError !== undefined || !isJsonObject(value)) {
    return refuse(`couldn't get version/kind; json parse error: ${typeError ?? ""}`);
  }
  const kind = textMember(value, "kind");
  const apiVersion = textMember(value, "apiVersion");
  if (apiVersion.split("/").length > 2) return refuse(`unexpected GroupVersion string: ${apiVersion}`);
  if (kind === "" && !expected.builtIn) {
    return refuse(`Object 'Kind' is missing in '${new TextDecoder().decode(bytes)}'`);
  }
  const filled = expected.builtIn ? fillTypeMeta(value, expected) : value;
  const version = textMember(filled, "apiVersion");
  if (version !== expected.apiVersion) return err(versionMismatch(version, textMember(filled, "kind"), expected));
  if (expected.builtIn && filled["kind"] !== expected.kind) return err(kindMismatch(kind, expected));
  return ok({ object: filled, strictErrors: decoded.value.strictErrors });
}

/** 400 for a body of the right kind whose content does not fit it: `Pod in version "v1" cannot be handled as a Pod: …`. */
export function cannotBeHandled(expected: ExpectedType, message: string): StatusFailure {
  const version = bareVersion(expected.apiVersion);
  return badRequest(`${expected.kind} in version "${version}" cannot be handled as a ${expected.kind}: ${message}`);
}

function bareVersion(apiVersion: string): string {
  return apiVersion.split("/").at(-1) ?? "";
}

function kindMismatch(kind: string, expected: ExpectedType): StatusFailure {
  const version = bareVersion(expected.apiVersion);
  const conversion = `converting (${version}.${kind}) to (${expected.kind}): unknown conversion`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${expected.kind}: ${conversion}`);
}

function versionMismatch(version: string, kind: string, expected: ExpectedType): StatusFailure {
  if (expected.builtIn) {
    const unknown = `no kind "${kind}" is registered for version "${version}"`;
    return badRequest(
      `${kind} in version "${bareVersion(version)}" cannot be handled as a ${expected.kind}: ${unknown}`,
    );
  }
  return badRequest(
    `the API version in the data (${version}) does not match the expected API version (${expected.apiVersion})`,
  );
}

function fillTypeMeta(object: JsonObject, expected: ExpectedType): JsonObject {
  const apiVersion = textMember(object, "apiVersion") || expected.apiVersion;
  const kind = textMember(object, "kind") || expected.kind;
  if (object["apiVersion"] === apiVersion && object["kind"] === kind) return object;
  return { ...object, apiVersion, kind };
}

function textMember(object: JsonObject, name: "apiVersion" | "kind"): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}

const TYPE_META_STRUCT =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function typeMetaError(value: unknown): string | undefined {
  if (!isJsonObject(value)) return `json: cannot unmarshal ${goKind(value)} into Go value of type ${TYPE_META_STRUCT}`;
  for (const name of ["apiVersion", "kind"]) {
    const member = value[name];
    if (member !== undefined && member !== null && typeof member !== "string") {
      return `json: cannot unmarshal ${goKind(member)} into Go struct field .${name} of type string`;
    }
  }
  return undefined;
}

/** The word Go's decoder has for a JSON type. */
export function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

const SUMMARY_BYTES_MAX = 30;

// What the server shows of a body it cannot read: text when it looks like JSON, else hexadecimal.
function summary(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>";
  const head = bytes.subarray(0, SUMMARY_BYTES_MAX);
  const shown =
    bytes[0] === 0x7b
      ? new TextDecoder().decode(head)
      : Array.from(head, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes.length > SUMMARY_BYTES_MAX ? `${shown} ...` : shown;
}
