// From the body of a create, update or patch to the object that is meant: decoded, stripped of unknown fields, typed.
import { type ApiObject, findDecodeError, type ResourceDefinition } from "@coracle/api";
import { formatApiVersion, StatusError } from "@coracle/kube";
import { orThrow, statusOfFailure } from "../failure.ts";
import {
  type FieldValidationMode,
  invalidPatch,
  judgeStrictness,
  pruneUnknownFields,
  strictErrorTexts,
} from "../field-validation/mod.ts";
import { bodyMediaType, decodeObject, type ExpectedType } from "../json/mod.ts";
import { applyPatch, findRestoreError, type Patch, shownPatch } from "../patch/mod.ts";
import { withoutProtobuf } from "../protobuf/body.ts";
import { checkKind, withCheckedMetadata } from "./object-metadata.ts";

/** How strictly a body is read, and where warnings go. */
export interface Strictness {
  readonly fieldValidation: FieldValidationMode;
  /** Texts for `Warning` headers. */
  readonly warnings: string[];
}

/** A body and how to read it. */
export interface RequestBody extends Strictness {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

/** What the path of a kind accepts in bodies. */
export function expectedType(definition: ResourceDefinition): ExpectedType {
  return { apiVersion: formatApiVersion(definition), kind: definition.kind, builtIn: definition.builtIn };
}

/** The object of a create or update body. */
export function objectOfBody(definition: ResourceDefinition, body: RequestBody): ApiObject {
  const { bytes, contentType } = withoutProtobuf(body, definition.builtIn ? definition.schema : undefined);
  const mediaType = orThrow(bodyMediaType(contentType));
  const expected = expectedType(definition);
  const findDuplicates = body.fieldValidation !== "Ignore";
  const decoded = orThrow(decodeObject(bytes, { mediaType, findDuplicates, expected }));
  const pruned = pruneUnknownFields(decoded.object, definition.schema);
  const errors = strictErrorTexts({ strictErrors: decoded.strictErrors, unknownFields: pruned.unknownFields });
  body.warnings.push(...orThrow(judgeStrictness(body.fieldValidation, errors, { kind: "body", expected })));
  return ofThisKind(definition, withCheckedMetadata(definition, pruned.object));
}

/** The live object with a patch applied. */
export function patchedObject(
  definition: ResourceDefinition,
  live: ApiObject,
  patch: Patch,
  strictness: Strictness,
): ApiObject {
  const patched = orThrow(applyPatch(live, patch, definition.schema));
  const pruned = pruneUnknownFields(patched, definition.schema);
  const errors = strictErrorTexts({ strictErrors: patch.strictErrors, unknownFields: pruned.unknownFields });
  const subject = { kind: "patch", shown: shownPatch(patch, patched) } as const;
  strictness.warnings.push(...orThrow(judgeStrictness(strictness.fieldValidation, errors, subject)));
  const findMisfit = patch.kind === "strategic" ? findRestoreError : findDecodeError;
  const misfit = definition.builtIn ? findMisfit(definition.schema, pruned.object) : undefined;
  if (misfit !== undefined) throw new StatusError(statusOfFailure(invalidPatch(subject.shown, misfit)));
  return ofThisKind(definition, withCheckedMetadata(definition, pruned.object));
}

function ofThisKind(definition: ResourceDefinition, object: ApiObject): ApiObject {
  checkKind(definition, object);
  return object;
}
