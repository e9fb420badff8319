// Server-side apply: merging a configuration into a live object with tracking of who applied what
// (apimachinery managedfields FieldManager.Apply, structured-merge-diff merge.Updater).
import { isJsonObject, jsonEqual } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { assert, err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { pruneUnknownFields } from "../field-validation/mod.ts";
import { badRequest, valueAt } from "../json/mod.ts";
import type { StatusFailure } from "../json/mod.ts";
import { conflictFailure, conflictList, conflictsOutside } from "./conflict.ts";
import { EMPTY_SET, intersectSets, isEmptySet, subtractSet, subtractSubtrees, unionSets } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { fieldsLastApplied, LAST_APPLIED_MANAGER, withLastApplied } from "./last-applied.ts";
import {
  decodeManagers,
  managedFieldsOf,
  managerIdentity,
  withFields,
  withManagers,
  withoutManagers,
} from "./field-managers.ts";
import type { ManagedEntry, Managers } from "./field-managers.ts";
import { changesOf, conflictsWith, currentManagers, takeOver, withoutTypeAndIdentity } from "./ownership.ts";
import type { TypedKind } from "./ownership.ts";
import { afterUpdate } from "./track-update.ts";
import { emptyObject, typedKindOf, withStructs } from "./tracking.ts";
import type { FieldTracking } from "./tracking.ts";
import { fieldsOf } from "./typed-fields.ts";
import { mergeTyped } from "./typed-merge.ts";
import { removeFields, withNamedParents } from "./typed-remove.ts";
import { joinTypedErrors, typedErrors } from "./typed-validate.ts";

/** An apply: the write, and whether it takes fields of others by force. */
export interface ApplyTracking extends FieldTracking {
  readonly force: boolean;
  /** Kind the path serves. */
  readonly kind: string;
}

/** Manager of what an object held before its first apply. */
const BEFORE_FIRST_APPLY = "before-first-apply";

/**
 * Applies a configuration. The value is the object to store, with metadata.managedFields; it is `live` itself when nothing
 * changed. `live` is undefined when the object does not exist yet. Failures: 400 for a configuration of another type, 409
 * Conflict for fields of other managers, 500 for one that does not fit the schema (as kube-apiserver answers).
 */
export function applyConfiguration(
  live: JsonObject | undefined,
  applied: JsonObject,
  tracking: ApplyTracking,
): Result<JsonObject, StatusFailure> {
  const refused = refuse(applied, tracking);
  if (refused !== undefined) return err(refused);
  const managers = decodeManagers(managedFieldsOf(live));
  if (!managers.ok) return err(plainFailure(`failed to decode managed fields: ${managers.error}`));
  const base = withStructs(live ?? emptyObject(tracking, applied["kind"]), tracking);
  const kind = typedKindOf(tracking);
  const misfits = typedErrors(base, kind.node, { allowDuplicates: true });
  if (misfits.length > 0) {
    const what = `failed to create typed live object (${describe(base, tracking)})`;
    return err(plainFailure(`${what}: ${joinTypedErrors(misfits)}`));
  }
  const errors = typedErrors(applied, kind.node, { allowDuplicates: false });
  if (errors.length > 0) {
    const what = `failed to create typed patch object (${describe(applied, tracking)})`;
    return err(plainFailure(`${what}: ${joinTypedErrors(errors)}`));
  }
  const known = managers.value.size > 0 ? managers.value : beforeFirstApply(base, tracking);
  const outcome = applyUnlessConflict({ base, applied, managers: known }, kind, tracking);
  if (!outcome.ok) return outcome;
  return ok(finished(live, applied, outcome.value, tracking));
}

function refuse(applied: JsonObject, tracking: ApplyTracking): StatusFailure | undefined {
  if (applied["apiVersion"] !== tracking.apiVersion || applied["kind"] !== tracking.kind) {
    return badRequest(`invalid object type: ${printType(applied)}`);
  }
  const given = managedFieldsOf(applied);
  return given === undefined || given === null ? undefined : badRequest("metadata.managedFields must be nil");
}

function printType(object: JsonObject): string {
  const { apiVersion, kind } = object;
  const version = typeof apiVersion === "string" ? apiVersion : "";
  return `${version.includes("/") ? version : `/${version}`}, Kind=${typeof kind === "string" ? kind : ""}`;
}

function describe(applied: JsonObject, tracking: ApplyTracking): string {
  const text = (name: string): string => {
    const value = valueAt(applied, ["metadata", name]);
    return typeof value === "string" ? value : "";
  };
  return `${text("namespace")}/${text("name")}; ${printType({ ...applied, apiVersion: tracking.apiVersion })}`;
}

function plainFailure(message: string): StatusFailure {
  return { code: 500, reason: "", message };
}

// What exists untracked belongs to a manager of its own, so that an apply over it shows its conflicts.
function beforeFirstApply(base: JsonObject, tracking: FieldTracking): Managers {
  const change = { before: emptyObject(tracking, base["kind"]), after: withoutManagers(base) };
  return afterUpdate(new Map(), change, { ...tracking, manager: BEFORE_FIRST_APPLY });
}

interface Application {
  readonly base: JsonObject;
  readonly applied: JsonObject;
  readonly managers: Managers;
}

interface Outcome {
  /** Undefined when the apply changes nothing but ownership. */
  readonly object: JsonObject | undefined;
  readonly managers: Managers;
}

function applyUnlessConflict(
  application: Application,
  kind: TypedKind,
  tracking: ApplyTracking,
): Result<Outcome, StatusFailure> {
  const { base, applied } = application;
  const entry: ManagedEntry = {
    manager: tracking.manager,
    operation: "Apply",
    apiVersion: tracking.apiVersion,
    subresource: tracking.subresource,
    time: undefined,
    set: subtractSubtrees(fieldsOf(applied, kind.node), kind.ignored),
  };
  const identity = managerIdentity(entry);
  const current = currentManagers(application.managers, kind);
  const previous = current.get(identity);
  const claimed = new Map(current).set(identity, { ...entry, time: previous?.time });
  const merged = mergeTyped(base, applied, kind.node);
  const object = withoutDropped(merged, { last: previous?.set ?? EMPTY_SET, managers: claimed, kind });
  assert(isJsonObject(object), "Cannot apply a configuration as its merge is not an object");
  const change = changesOf(base, object, kind);
  if (!tracking.force) {
    const conflicts = conflictList(conflictsWith(claimed, identity, change));
    const excused = tracking.manager === LAST_APPLIED_MANAGER ? fieldsLastApplied(base, kind.node) : EMPTY_SET;
    const remaining = conflictsOutside(conflicts, excused);
    if (remaining.length > 0) return err(conflictFailure(remaining));
  }
  const taken = takeOver(claimed, identity, change);
  // Compared as a whole: also what this endpoint resets, and a new order of the same items, give the entry a new time.
  const isChanged = !jsonEqual(base, object);
  return ok({
    object: isChanged ? object : undefined,
    managers: stamped(taken, identity, isChanged ? tracking.nowRfc3339 : undefined),
  });
}

function stamped(managers: Managers, identity: string, time: string | undefined): Managers {
  const entry = managers.get(identity);
  if (entry === undefined) return managers;
  return withFields(managers, identity, { ...entry, time: time ?? entry.time, set: withoutTypeAndIdentity(entry.set) });
}

interface Dropping {
  /** What the manager applied last time. */
  readonly last: FieldSet;
  /** Everybody's fields, with those the manager applies now. */
  readonly managers: Managers;
  readonly kind: TypedKind;
}

// Fields the manager applied last time, does not apply now, and nobody else owns, go.
function withoutDropped(merged: unknown, dropping: Dropping): unknown {
  const { node } = dropping.kind;
  if (isEmptySet(dropping.last)) return merged;
  const last = withNamedParents(dropping.last, node);
  const mergedSet = withNamedParents(fieldsOf(merged, node), node);
  const setOf = (value: unknown): FieldSet => withNamedParents(fieldsOf(value, node), node);
  const pruned = removeFields(merged, last, node);
  let owned = EMPTY_SET;
  for (const entry of dropping.managers.values()) owned = unionSets(owned, entry.set);
  const keep = unionSets(setOf(pruned), withNamedParents(owned, node));
  const withOwned = removeFields(merged, subtractSet(mergedSet, keep), node);
  // Only what the manager owned may go: removing a parent must not take the fields of others with it.
  const gone = intersectSets(subtractSet(mergedSet, setOf(withOwned)), last);
  return removeFields(merged, gone, node);
}

function finished(
  live: JsonObject | undefined,
  applied: JsonObject,
  outcome: Outcome,
  tracking: ApplyTracking,
): JsonObject {
  // Removing the last entry of a map leaves null behind, which means "not given".
  const object =
    outcome.object === undefined && live !== undefined
      ? live
      : pruneUnknownFields(outcome.object ?? applied, tracking.schema).object;
  const next = withManagers(withLastAppliedBy(object, applied, tracking), outcome.managers);
  return live !== undefined && jsonEqual(live, next) ? live : next;
}

function withLastAppliedBy(object: JsonObject, applied: JsonObject, tracking: ApplyTracking): JsonObject {
  return tracking.manager === LAST_APPLIED_MANAGER ? withLastApplied(object, applied) : object;
}
