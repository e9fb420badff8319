// Update, patch and apply (apiserver registry/generic Store.Update): read, change, judge, write if nothing came between.
import {
  type ApiObject,
  checkPathSegment,
  type FieldError,
  invalid,
  isJsonObject,
  jsonEqual,
  type ResourceDefinition,
  validateMetadata,
  validateMetadataUpdate,
} from "@coracle/api";
import { formatMicroTime } from "@coracle/base";
import { conflictStatus, type GroupResource, notFoundStatus, StatusError, tooManyRequestsStatus } from "@coracle/kube";
import type { KeyValue, Revision } from "@coracle/store";
import { invalidError, unknownFailure } from "../failure.ts";
import { ignoreTimestampOnlyChange, trackUpdate } from "../managed-fields/mod.ts";
import { decodeStored, encodeForStore, type StoredObject, storedObject } from "../watch/stored-object.ts";
import { createObject, withResourceVersion } from "./create.ts";
import type { RegistryEnvironment, WriteContext, WriteOutcome, WriteTarget } from "./environment.ts";
import { trackingOf } from "./field-tracking.ts";
import { behaviorOf } from "./kind-behavior.ts";
import { updatedMetadata, withRequestNamespace } from "./object-metadata.ts";
import { withoutDuplicateOwners } from "./owner-references.ts";
import { objectKey } from "./resource-key.ts";

/** How the new object comes out of the live one. */
export interface UpdateInput {
  /** The new object for a live one; `undefined` live means it does not exist and is to be made. May throw a StatusError. */
  change(live: ApiObject | undefined): ApiObject;
  /** The uid the live object must have: what a PUT body names. */
  readonly uid: string | undefined;
  /** A missing object is created. */
  readonly createMissing: boolean;
  /** managedFields come from `change` (server-side apply). */
  readonly tracked: boolean;
}

/** Another writer can win this often before the request is told to come back. */
const ATTEMPTS_MAX = 32;

/** Changes one object; the loop absorbs other writers unless the client pinned a resource version. */
export async function updateObject(
  environment: RegistryEnvironment,
  target: WriteTarget,
  input: UpdateInput,
  context: WriteContext,
): Promise<WriteOutcome> {
  const { definition } = target;
  const key = objectKey(definition, target.namespace, target.name);
  let live = environment.caches.cacheOf(definition).get(key);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (live === undefined) {
      if (!input.createMissing) throw new StatusError(notFoundStatus(resourceOf(target), target.name));
      return createFromUpdate(environment, target, input, context);
    }
    const warnings: string[] = [];
    const next = nextState(environment, target, { live, input, warnings, manager: context.manager });
    const written = await write(environment, { target, key, live, next, dryRun: context.dryRun });
    if (written.done) {
      context.warnings.push(...warnings);
      return { object: written.object, created: false };
    }
    live = written.live;
  }
  throw new StatusError(tooManyRequestsStatus(`${target.name} is being changed by others all the time`, 1));
}

async function createFromUpdate(
  environment: RegistryEnvironment,
  target: WriteTarget,
  input: UpdateInput,
  context: WriteContext,
): Promise<WriteOutcome> {
  const object = input.change(undefined);
  const uid = object.metadata.uid ?? "";
  if (uid !== "") {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw new StatusError(conflictStatus(resourceOf(target), target.name, why));
  }
  checkName(object, target);
  const { resourceVersion: _resourceVersion, ...metadata } = object.metadata;
  return createObject(environment, target, { object: { ...object, metadata }, tracked: input.tracked }, context);
}

/** 400 when the body names another object than the path. */
export function checkName(object: ApiObject, target: WriteTarget): void {
  const name = object.metadata.name ?? "";
  if (name === target.name) return;
  const why =
    name === ""
      ? `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`
      : `the name of the object (${name}) does not match the name on the URL (${target.name})`;
  throw new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: why,
    reason: "BadRequest",
    code: 400,
  });
}

function resourceOf(target: WriteTarget): GroupResource {
  return { group: target.definition.group, resource: target.definition.plural };
}

interface Step {
  readonly live: StoredObject;
  readonly input: UpdateInput;
  readonly warnings: string[];
  readonly manager: string;
}

/** The object to store, after all rules; its resourceVersion is the live one's. */
function nextState(environment: RegistryEnvironment, target: WriteTarget, step: Step): ApiObject {
  const { definition } = target;
  const old = definition.strategy.setDefaults(decodeStored(step.live));
  checkUid(target, step.input.uid, old);
  const wanted = withRequestNamespace(step.input.change(old), definition.namespaced ? target.namespace : "");
  checkName(wanted, target);
  checkResourceVersion(target, wanted, old);
  const deduped = withoutDuplicateOwners(wanted, step.warnings);
  const completed = definition.strategy.setDefaults({
    ...deduped,
    metadata: updatedMetadata(deduped.metadata, old.metadata),
  });
  const isStatus = target.subresource === "status";
  // What the strategy adds is nobody's: managers own what was sent and its defaults.
  const tracked = step.input.tracked
    ? completed
    : (trackUpdate(old, completed, trackingOf(environment, target, step.manager)) as ApiObject);
  const next = ignoreTimestampOnlyChange(old, prepare(environment, target, tracked, old)) as ApiObject;
  const own = isStatus
    ? definition.strategy.validateStatusUpdate(next, old)
    : definition.strategy.validateUpdate(next, old);
  const errors = [...commonErrors(definition, next, old), ...own];
  if (errors.length > 0) throw invalidError(definition, target.name, errors);
  step.warnings.push(...definition.strategy.warnings(next, old));
  return next;
}

/** What the endpoint lets through, by the kind's rules. */
function prepare(environment: RegistryEnvironment, target: WriteTarget, object: ApiObject, old: ApiObject): ApiObject {
  const { strategy } = target.definition;
  const context = { nowMicroTime: formatMicroTime(environment.clock.wallMs()) };
  if (target.subresource === "finalize") return withFinalizers(object, old);
  return target.subresource === "status"
    ? strategy.prepareForStatusUpdate(object, old, context)
    : strategy.prepareForUpdate(object, old, context);
}

/** Rules of metadata that are checked for every kind, beside the kind's own check of the same: causes come twice. */
function commonErrors(definition: ResourceDefinition, object: ApiObject, old: ApiObject): readonly FieldError[] {
  const rules = { namespaced: definition.namespaced, checkName: checkPathSegment };
  return [...validateMetadata(object.metadata, rules), ...validateMetadataUpdate(object.metadata, old.metadata)];
}

/** `/finalize` of a namespace changes its own finalizers and nothing else. */
function withFinalizers(object: ApiObject, old: ApiObject): ApiObject {
  const spec = isJsonObject(object["spec"]) ? object["spec"] : {};
  const oldSpec = isJsonObject(old["spec"]) ? old["spec"] : {};
  const { managedFields } = object.metadata;
  const metadata = { ...old.metadata, ...(managedFields === undefined ? {} : { managedFields }) };
  return { ...old, metadata, spec: { ...oldSpec, finalizers: spec["finalizers"] ?? [] } };
}

function checkUid(target: WriteTarget, uid: string | undefined, old: ApiObject): void {
  if (uid === undefined || uid === "" || uid === old.metadata.uid) return;
  throw uidConflict(target, uid, old.metadata.uid ?? "");
}

/** 409 in the words of the storage layer, as clients have seen it for years. */
export function uidConflict(target: WriteTarget, wanted: string, found: string): StatusError {
  return preconditionConflict(target, "UID", wanted, found);
}

/** 409 of a failed precondition. */
export function preconditionConflict(
  target: WriteTarget,
  what: "UID" | "ResourceVersion",
  wanted: string,
  found: string,
): StatusError {
  const { definition } = target;
  const group = definition.group === "" ? "" : `${definition.group}/`;
  const namespace = definition.namespaced ? `${target.namespace}/` : "";
  const key = `/registry/${group}${definition.plural}/${namespace}${target.name}`;
  const why = `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`;
  const text = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;
  return new StatusError(conflictStatus(resourceOf(target), target.name, text));
}

function checkResourceVersion(target: WriteTarget, wanted: ApiObject, old: ApiObject): void {
  const version = wanted.metadata.resourceVersion ?? "";
  const { definition } = target;
  if (version === "" || version === "0") {
    const unconditional =
      target.subresource === "status" ? definition.allowUnconditionalStatusUpdate : definition.allowUnconditionalUpdate;
    if (unconditional) return;
    const kind = { group: definition.group, kind: definition.plural };
    throw invalidError(kind, target.name, [invalid("metadata.resourceVersion", 0, "must be specified for an update")]);
  }
  if (!/^[0-9]+$/.test(version)) {
    throw unknownFailure(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  }
  if (version !== old.metadata.resourceVersion) {
    throw new StatusError(conflictStatus(resourceOf(target), target.name));
  }
}

interface Write {
  readonly target: WriteTarget;
  readonly key: string;
  readonly live: StoredObject;
  readonly next: ApiObject;
  readonly dryRun: boolean;
}

type Written =
  | { readonly done: true; readonly object: ApiObject }
  /** Somebody else was faster: try again on this. */
  | { readonly done: false; readonly live: StoredObject | undefined };

/** Writes the next state where the live one still is; a write that would change nothing is left out. */
async function write(environment: RegistryEnvironment, step: Write): Promise<Written> {
  const { target, key, live, next, dryRun } = step;
  const expectRevision = live.revision as Revision;
  if (endsDeletion(target, live, next)) {
    if (dryRun) return { done: true, object: next };
    const result = await environment.store.delete(key, { expectRevision });
    if (result.ok) return { done: true, object: withResourceVersion(next, live.revision) };
    return { done: false, live: liveOf(target, result.current) };
  }
  if (jsonEqual(next, decodeStored(live))) return { done: true, object: next };
  if (dryRun) return { done: true, object: next };
  const { resourceVersion: _resourceVersion, ...metadata } = next.metadata;
  const stored: ApiObject = { ...next, metadata };
  const value = encodeForStore(target.definition, stored);
  const result = await environment.store.put(key, value, { expectRevision, attachment: stored });
  if (result.ok) return { done: true, object: withResourceVersion(stored, result.revision) };
  return { done: false, live: liveOf(target, result.current) };
}

function liveOf(target: WriteTarget, current: KeyValue | undefined): StoredObject | undefined {
  return current === undefined ? undefined : storedObject(target.definition, current);
}

/** The last finalizer went away from an object that is being deleted: the update is its end. */
function endsDeletion(target: WriteTarget, live: StoredObject, next: ApiObject): boolean {
  if (live.metadata.deletionTimestamp === undefined || (next.metadata.finalizers ?? []).length > 0) return false;
  if (behaviorOf(target.definition).ownFinalizers(next).length > 0) return false;
  return (live.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}
