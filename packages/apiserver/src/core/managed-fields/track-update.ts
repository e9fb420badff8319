// Tracking of every write that is no apply: create, update and patch (apimachinery managedfields FieldManager.Update).
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { valueAt } from "../json/mod.ts";
import { isEmptySet, unionSets } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { capUpdateManagers } from "./manager-cap.ts";
import { decodeManagers, managedFieldsOf, managerIdentity, withManagers, withoutManagers } from "./field-managers.ts";
import type { ManagedEntry, Managers } from "./field-managers.ts";
import { changesOf, currentManagers, ownedThrough, takeOver } from "./ownership.ts";
import { emptyObject, typedKindOf, withStructs } from "./tracking.ts";
import type { FieldTracking } from "./tracking.ts";
import { typedErrors } from "./typed-validate.ts";

/**
 * The object to store: `next` with metadata.managedFields brought up to date for a write by `tracking.manager`.
 * `live` is the stored object, or undefined for a creation. Changed fields move to (manager, Update). An object whose
 * tracking was cleared stays untracked; when an object does not fit its schema the old tracking is kept as it is.
 */
export function trackUpdate(live: JsonObject | undefined, next: JsonObject, tracking: FieldTracking): JsonObject {
  const managers = managersFor(live, next, tracking);
  const bare = withoutManagers(next);
  const isStored = textAt(live, "uid") !== "";
  if (managers.size === 0 && isStored) return bare;
  const { node } = typedKindOf(tracking);
  const before =
    live === undefined ? emptyObject(tracking, next["kind"]) : withStructs(withoutManagers(live), tracking);
  const after = withStructs(bare, tracking);
  const lenient = { allowDuplicates: true };
  const misfits = typedErrors(after, node, lenient).length > 0 || typedErrors(before, node, lenient).length > 0;
  if (misfits) return withManagers(bare, decodedOrNone(managedFieldsOf(live)));
  return withManagers(bare, capUpdateManagers(afterUpdate(managers, { before, after }, tracking)));
}

/** The managers after an update: the writer's new fields join those it has, under the time of now. */
export function afterUpdate(
  managers: Managers,
  change: { readonly before: unknown; readonly after: unknown },
  tracking: FieldTracking,
): Managers {
  const kind = typedKindOf(tracking);
  const comparison = changesOf(change.before, change.after, kind);
  // The writer's own entry is treated like any other: what it takes comes back to it below.
  const taken = new Map(takeOver(currentManagers(managers, kind), "", comparison));
  const owned = ownedThrough(comparison, kind);
  if (isEmptySet(owned)) return taken;
  const entry = updateEntry(tracking, owned);
  const identity = managerIdentity(entry);
  const previous = taken.get(identity);
  taken.set(identity, { ...entry, set: previous === undefined ? owned : unionSets(owned, previous.set) });
  return taken;
}

function updateEntry(tracking: FieldTracking, set: FieldSet): ManagedEntry {
  const { apiVersion, subresource, nowRfc3339 } = tracking;
  const manager = tracking.manager === "" ? "unknown" : tracking.manager;
  return { manager, operation: "Update", apiVersion, subresource, time: nowRfc3339, set };
}

// A client may edit the tracking itself, except through a subresource; one that drops it by ignorance keeps what was.
function managersFor(live: JsonObject | undefined, next: JsonObject, tracking: FieldTracking): Managers {
  const stored = decodedOrNone(managedFieldsOf(live));
  if (tracking.subresource !== "") return stored;
  const given = managedFieldsOf(next);
  if (isReset(given)) return new Map();
  const decoded = decodeManagers(given);
  return decoded.ok && decoded.value.size > 0 ? decoded.value : stored;
}

// [] and [{}] clear the tracking.
function isReset(given: unknown): boolean {
  if (!Array.isArray(given) || given.length > 1) return false;
  const [only] = given;
  return given.length === 0 || (isJsonObject(only) && Object.keys(only).length === 0);
}

function decodedOrNone(value: unknown): Managers {
  const decoded = decodeManagers(value);
  return decoded.ok ? decoded.value : new Map();
}

function textAt(object: JsonObject | undefined, name: string): string {
  const value = valueAt(object, ["metadata", name]);
  return typeof value === "string" ? value : "";
}
