// Delete (apiserver registry/generic Store.Delete): preconditions, grace, finalizers by propagation policy, then the end.
import { type ApiObject, jsonEqual, type ObjectMeta } from "@coracle/api";
import { formatTime } from "@coracle/base";
import { conflictStatus, type KubeStatus, notFoundStatus, StatusError, tooManyRequestsStatus } from "@coracle/kube";
import type { KeyValue, Revision } from "@coracle/store";
import type { DeleteOptions } from "../request/delete-options.ts";
import { decodeStored, encodeForStore, type StoredObject, storedObject } from "../watch/stored-object.ts";
import { withResourceVersion } from "./create.ts";
import type { RegistryEnvironment, WriteTarget } from "./environment.ts";
import { behaviorOf } from "./kind-behavior.ts";
import { checkNamespaceForDelete } from "./namespace-lifecycle.ts";
import { objectKey } from "./resource-key.ts";

/** What a deletion came to. */
export interface DeleteOutcome {
  /** False while finalizers or a grace period hold the object back. */
  readonly deleted: boolean;
  /** The answer: the object, or a Status of success. */
  readonly answer:
    { readonly kind: "object"; readonly object: ApiObject } | { readonly kind: "status"; readonly status: KubeStatus };
}

const ATTEMPTS_MAX = 32;
const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/** Deletes one object, or starts its deletion. */
export async function deleteObject(
  environment: RegistryEnvironment,
  target: WriteTarget,
  options: DeleteOptions,
): Promise<DeleteOutcome> {
  const { definition } = target;
  checkNamespaceForDelete(definition, target.name);
  const key = objectKey(definition, target.namespace, target.name);
  let live = environment.caches.cacheOf(definition).get(key);
  let marked: ApiObject | undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (live === undefined) {
      // Another request or controller removed what this one marked: it is gone as was asked.
      if (marked !== undefined) return done(true, target, marked).outcome;
      throw new StatusError(notFoundStatus({ group: definition.group, resource: definition.plural }, target.name));
    }
    checkPreconditions(target, options, live);
    const step = nextDeletionStep(target, options, live, environment.clock.wallMs());
    const outcome = await perform(environment, { target, key, live, step, dryRun: options.dryRun });
    if (outcome.kind === "done") return outcome.outcome;
    live = outcome.live;
    marked = outcome.marked ?? marked;
  }
  throw new StatusError(tooManyRequestsStatus(`${target.name} is being changed by others all the time`, 1));
}

function checkPreconditions(target: WriteTarget, options: DeleteOptions, live: StoredObject): void {
  const { uid, resourceVersion } = options.preconditions;
  const kind = { group: target.definition.group, resource: target.definition.kind };
  if (uid !== undefined && uid !== live.metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${live.metadata.uid ?? ""}). The object might have been deleted and then recreated`;
    throw new StatusError(conflictStatus(kind, target.name, why));
  }
  if (resourceVersion !== undefined && resourceVersion !== String(live.revision)) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${live.revision}). The object might have been modified`;
    throw new StatusError(conflictStatus(kind, target.name, why));
  }
}

/** What is to be done next with an object whose deletion was asked for. */
export type DeletionStep =
  /** Nothing holds it. */
  | { readonly kind: "remove" }
  /** Mark it; somebody else finishes, unless it is to go at once. */
  | { readonly kind: "mark"; readonly object: ApiObject; readonly thenRemove: boolean }
  /** It is on its way already and this request changes nothing. */
  | { readonly kind: "pending" };

/** Decides on finalizers and grace from the options, the object and its kind's defaults. */
export function nextDeletionStep(
  target: WriteTarget,
  options: DeleteOptions,
  live: StoredObject,
  wallMs: number,
): DeletionStep {
  const behavior = behaviorOf(target.definition);
  const object = decodeStored(live);
  const metadata = object.metadata;
  const graceSeconds = graceOf(target, options, object);
  if (graceSeconds === "pending") return { kind: "pending" };
  const finalizers = finalizersFor(options, metadata.finalizers ?? []);
  const held = finalizers.length > 0 || behavior.ownFinalizers(object).length > 0;
  const marked = metadata.deletionTimestamp !== undefined && (metadata.deletionGracePeriodSeconds ?? 0) === 0;
  if (!held && graceSeconds === 0 && (marked || !behavior.marksBeforeRemoval)) return { kind: "remove" };
  const next = { ...object, metadata: mark(metadata, { finalizers, graceSeconds, wallMs }) };
  return { kind: "mark", object: behavior.whenDeleting(next), thenRemove: !held && graceSeconds === 0 };
}

/** Seconds of grace this request gives; a running grace period can only be shortened. */
function graceOf(target: WriteTarget, options: DeleteOptions, object: ApiObject): number | "pending" {
  const asked = options.gracePeriodSeconds;
  if (object.metadata.deletionTimestamp === undefined) {
    return Math.max(0, target.definition.strategy.graceSeconds(object, asked));
  }
  const running = object.metadata.deletionGracePeriodSeconds ?? 0;
  if (running === 0) return 0;
  return asked === undefined || asked >= running ? "pending" : Math.max(0, asked);
}

/** The policy's finalizer put in, the other one taken out. */
function finalizersFor(options: DeleteOptions, finalizers: readonly string[]): readonly string[] {
  const policy = policyOf(options, finalizers);
  const kept = finalizers.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  if (policy === "Orphan") kept.push(ORPHAN);
  if (policy === "Foreground") kept.push(FOREGROUND);
  const unchanged = kept.length === finalizers.length && kept.every((name) => finalizers.includes(name));
  return unchanged ? finalizers : kept;
}

function policyOf(options: DeleteOptions, finalizers: readonly string[]): "Orphan" | "Foreground" | "Background" {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? "Orphan" : "Background";
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  const own = finalizers.find((name) => name === ORPHAN || name === FOREGROUND);
  if (own === ORPHAN) return "Orphan";
  return own === FOREGROUND ? "Foreground" : "Background";
}

interface Mark {
  readonly finalizers: readonly string[];
  readonly graceSeconds: number;
  readonly wallMs: number;
}

function mark(metadata: ObjectMeta, given: Mark): ObjectMeta {
  const { finalizers: _finalizers, ...rest } = metadata;
  const first = metadata.deletionTimestamp === undefined;
  return {
    ...rest,
    ...(first && metadata.generation !== undefined ? { generation: metadata.generation + 1 } : {}),
    deletionTimestamp:
      first || given.graceSeconds > 0
        ? formatTime(given.wallMs + given.graceSeconds * 1000)
        : (metadata.deletionTimestamp ?? ""),
    deletionGracePeriodSeconds: given.graceSeconds,
    ...(given.finalizers.length === 0 ? {} : { finalizers: given.finalizers }),
  };
}

interface Attempt {
  readonly target: WriteTarget;
  readonly key: string;
  readonly live: StoredObject;
  readonly step: DeletionStep;
  readonly dryRun: boolean;
}

type AttemptResult =
  | { readonly kind: "done"; readonly outcome: DeleteOutcome }
  | {
      readonly kind: "again";
      readonly live: StoredObject | undefined;
      /** The object as this request marked it to be removed next. */
      readonly marked?: ApiObject;
    };

async function perform(environment: RegistryEnvironment, attempt: Attempt): Promise<AttemptResult> {
  const { target, key, live, step, dryRun } = attempt;
  const expectRevision = live.revision as Revision;
  if (step.kind === "remove") {
    if (dryRun) return done(true, target, decodeStored(live));
    const result = await environment.store.delete(key, { expectRevision });
    if (!result.ok) return again(target, result.current);
    return done(true, target, withResourceVersion(decodeStored(live), result.revision));
  }
  const before = decodeStored(live);
  if (step.kind === "pending" || jsonEqual(step.object, before)) return pending(before);
  if (dryRun) return step.thenRemove ? done(true, target, step.object) : pending(step.object);
  const { resourceVersion: _resourceVersion, ...metadata } = step.object.metadata;
  const stored: ApiObject = { ...step.object, metadata };
  const value = encodeForStore(target.definition, stored);
  const result = await environment.store.put(key, value, { expectRevision, attachment: stored });
  if (!result.ok) return again(target, result.current);
  const marked = withResourceVersion(stored, result.revision);
  return step.thenRemove ? { ...again(target, result.kv), marked } : pending(marked);
}

function again(target: WriteTarget, current: KeyValue | undefined): AttemptResult & { readonly kind: "again" } {
  return { kind: "again", live: current === undefined ? undefined : storedObject(target.definition, current) };
}

function pending(object: ApiObject): AttemptResult {
  return { kind: "done", outcome: { deleted: false, answer: { kind: "object", object } } };
}

function done(deleted: boolean, target: WriteTarget, object: ApiObject): AttemptResult & { readonly kind: "done" } {
  const { definition } = target;
  if (behaviorOf(definition).returnsDeletedObject) {
    return { kind: "done", outcome: { deleted, answer: { kind: "object", object } } };
  }
  const status: KubeStatus = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name: target.name,
      ...(definition.group === "" ? {} : { group: definition.group }),
      kind: definition.plural,
      uid: object.metadata.uid ?? "",
    },
  };
  return { kind: "done", outcome: { deleted, answer: { kind: "status", status } } };
}
