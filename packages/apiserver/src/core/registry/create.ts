// Create (apiserver registry/generic Store.Create): complete the object, judge it, write it where nothing is.
import type { ApiObject } from "@coracle/api";
import { formatMicroTime, formatTime } from "@coracle/base";
import { alreadyExistsStatus, StatusError } from "@coracle/kube";
import { NOT_EXISTING } from "@coracle/store";
import { invalidError, unknownFailure } from "../failure.ts";
import { trackUpdate } from "../managed-fields/mod.ts";
import { encodeForStore } from "../watch/stored-object.ts";
import type { RegistryEnvironment, WriteContext, WriteOutcome, WriteTarget } from "./environment.ts";
import { trackingOf } from "./field-tracking.ts";
import { GENERATE_ATTEMPTS_MAX, generateName } from "./generate-name.ts";
import { checkNamespaceForCreate } from "./namespace-lifecycle.ts";
import { newMetadata, withRequestNamespace } from "./object-metadata.ts";
import { withoutDuplicateOwners } from "./owner-references.ts";
import { objectKey } from "./resource-key.ts";

/** `tracked`: managedFields are set already (server-side apply). */
export interface CreateInput {
  readonly object: ApiObject;
  readonly tracked: boolean;
}

/** Creates an object; with generateName up to eight names are tried. */
export async function createObject(
  environment: RegistryEnvironment,
  target: WriteTarget,
  input: CreateInput,
  context: WriteContext,
): Promise<WriteOutcome> {
  refuseResourceVersion(input.object);
  const base = input.object.metadata.generateName ?? "";
  const generated = (input.object.metadata.name ?? "") === "" && base !== "";
  const attempts = generated ? GENERATE_ATTEMPTS_MAX : 1;
  for (let attempt = 1; ; attempt++) {
    const object = complete(environment, target, input.object, generated);
    try {
      return await createOnce(environment, target, { ...input, object }, context);
    } catch (error) {
      if (!isAlreadyExists(error) || !generated) throw error;
      if (attempt >= attempts) throw generateConflict(error);
    }
  }
}

function refuseResourceVersion(object: ApiObject): void {
  const version = object.metadata.resourceVersion ?? "";
  if (version === "" || version === "0") return;
  throw unknownFailure("resourceVersion should not be set on objects to be created");
}

function isAlreadyExists(error: unknown): error is StatusError {
  return error instanceof StatusError && error.reason === "AlreadyExists";
}

function generateConflict(error: StatusError): StatusError {
  const { status } = error;
  const message = `${status.message ?? ""}, the server was not able to generate a unique name for the object`;
  return new StatusError({ ...status, message, details: { ...status.details, retryAfterSeconds: 1 } });
}

/** The object with its name, namespace and the metadata only the server sets. */
function complete(
  environment: RegistryEnvironment,
  target: WriteTarget,
  object: ApiObject,
  generated: boolean,
): ApiObject {
  const placed = withRequestNamespace(object, target.definition.namespaced ? target.namespace : "");
  const name = generated ? generateName(placed.metadata.generateName ?? "", environment.random) : placed.metadata.name;
  const metadata = newMetadata(
    { ...placed.metadata, ...(name === undefined ? {} : { name }) },
    {
      uid: environment.newUid(),
      creationTimestamp: formatTime(environment.clock.wallMs()),
    },
  );
  return { ...placed, metadata };
}

async function createOnce(
  environment: RegistryEnvironment,
  target: WriteTarget,
  input: CreateInput,
  context: WriteContext,
): Promise<WriteOutcome> {
  const { definition } = target;
  const name = input.object.metadata.name ?? "";
  await checkNamespaceForCreate(environment.namespaces, definition, { namespace: target.namespace, name });
  const deduped = withoutDuplicateOwners(input.object, context.warnings);
  const strategyContext = { nowMicroTime: formatMicroTime(environment.clock.wallMs()) };
  const defaulted = definition.strategy.setDefaults(deduped);
  // What the strategy adds at creation is nobody's: managers own what was sent and its defaults.
  const tracked = input.tracked
    ? defaulted
    : (trackUpdate(undefined, defaulted, trackingOf(environment, target, context.manager)) as ApiObject);
  const prepared = definition.strategy.prepareForCreate(tracked, strategyContext);
  const errors = definition.strategy.validate(prepared);
  if (errors.length > 0) throw invalidError(definition, name, errors);
  context.warnings.push(...definition.strategy.warnings(prepared, undefined));
  const check = environment.createChecks.find((one) => one.lockKey(definition, prepared) !== undefined);
  const lockKey = check?.lockKey(definition, prepared);
  if (check === undefined || lockKey === undefined) return write(environment, target, prepared, context);
  return environment.createLock.run(lockKey, async () => {
    const conflicts = check.check(definition, prepared);
    if (conflicts.length > 0) throw invalidError(definition, name, conflicts);
    return write(environment, target, prepared, context);
  });
}

async function write(
  environment: RegistryEnvironment,
  target: WriteTarget,
  object: ApiObject,
  context: WriteContext,
): Promise<WriteOutcome> {
  const { definition } = target;
  const name = object.metadata.name ?? "";
  const key = objectKey(definition, target.namespace, name);
  const exists = (): StatusError => existsError(environment, target, name, key);
  if (context.dryRun) {
    if (environment.caches.cacheOf(definition).get(key) !== undefined) throw exists();
    return { object, created: true };
  }
  const value = encodeForStore(definition, object);
  const result = await environment.store.put(key, value, { expectRevision: NOT_EXISTING, attachment: object });
  if (!result.ok) throw exists();
  return { object: withResourceVersion(object, result.revision), created: true };
}

function existsError(environment: RegistryEnvironment, target: WriteTarget, name: string, key: string): StatusError {
  const { definition } = target;
  const status = alreadyExistsStatus({ group: definition.group, resource: definition.plural }, name);
  const existing = environment.caches.cacheOf(definition).get(key);
  if (existing?.metadata.deletionTimestamp === undefined) return new StatusError(status);
  return new StatusError({ ...status, message: `object is being deleted: ${status.message ?? ""}` });
}

/** The object with its resource version behind the uid, where Kubernetes writes it. */
export function withResourceVersion(object: ApiObject, revision: number): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
