// metadata.managedFields in memory: who manages which fields, by identity of the entry (apimachinery managedfields/internal).
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { valueAt, withValueAt } from "../json/mod.ts";
import { isEmptySet } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { decodeFieldsV1, encodeFieldsV1 } from "./fields-v1.ts";

/** How the fields were written: by server-side apply or by any other write. */
export type Operation = "Apply" | "Update";

/** One manager's fields. */
export interface ManagedEntry {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** RFC 3339 in whole seconds. */
  readonly time: string | undefined;
  readonly set: FieldSet;
}

/** Entries by identity. Treated as immutable. */
export type Managers = ReadonlyMap<string, ManagedEntry>;

/** Most entries that are read; an object with more has lost its tracking and starts anew. */
export const MANAGED_ENTRIES_MAX = 1000;

/** What makes two entries one: not the time, not the fields, and for appliers not the version. */
export function managerIdentity(
  entry: Pick<ManagedEntry, "manager" | "operation" | "apiVersion" | "subresource">,
): string {
  const apiVersion = entry.operation === "Apply" ? "" : entry.apiVersion;
  return JSON.stringify([entry.manager, entry.operation, apiVersion, entry.subresource]);
}

/** Reads the value of metadata.managedFields; absent means none. The error is a message. */
export function decodeManagers(value: unknown): Result<Managers, string> {
  const managers = new Map<string, ManagedEntry>();
  if (value === undefined || value === null) return ok(managers);
  if (!Array.isArray(value) || value.length > MANAGED_ENTRIES_MAX) return err("invalid managedFields");
  for (const [index, item] of value.entries()) {
    const entry = decodeEntry(item, index);
    if (!entry.ok) return entry;
    managers.set(managerIdentity(entry.value), entry.value);
  }
  return ok(managers);
}

function decodeEntry(item: unknown, index: number): Result<ManagedEntry, string> {
  if (!isJsonObject(item)) return err(`managed fields entry ${index} is not an object`);
  const { operation, fieldsType } = item;
  if (operation !== "Apply" && operation !== "Update") return err("operation must be `Apply` or `Update`");
  const apiVersion = text(item["apiVersion"]);
  if (apiVersion === "") return err("apiVersion must not be empty");
  if (fieldsType === undefined || fieldsType === "") return err(`missing fieldsType in managed fields entry ${index}`);
  if (fieldsType !== "FieldsV1") {
    return err(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`);
  }
  const set = decodeFieldsV1(item["fieldsV1"]);
  if (!set.ok) return err(`error decoding set: ${set.error}`);
  const time = item["time"];
  return ok({
    manager: text(item["manager"]),
    operation,
    apiVersion,
    subresource: text(item["subresource"]),
    time: typeof time === "string" ? time : undefined,
    set: set.value,
  });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Entries as metadata.managedFields holds them: Apply before Update, then by time, name, version and subresource. */
export function encodeManagers(managers: Managers): readonly JsonObject[] {
  return [...managers.values()].sort(compareEntries).map((entry) => ({
    ...(entry.manager === "" ? {} : { manager: entry.manager }),
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: "FieldsV1",
    fieldsV1: encodeFieldsV1(entry.set),
    ...(entry.subresource === "" ? {} : { subresource: entry.subresource }),
  }));
}

/** Order in which entries are written. */
export function compareEntries(a: ManagedEntry, b: ManagedEntry): number {
  return (
    compareTexts(a.operation, b.operation) ||
    compareTexts(a.time ?? "", b.time ?? "") ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  );
}

/** Order by UTF-16 code unit. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const MANAGED_FIELDS = ["metadata", "managedFields"];

/** Value of metadata.managedFields of an object. */
export function managedFieldsOf(object: JsonObject | undefined): unknown {
  return valueAt(object, MANAGED_FIELDS);
}

/** The object without metadata.managedFields. */
export function withoutManagers(object: JsonObject): JsonObject {
  return withValueAt(object, MANAGED_FIELDS, undefined);
}

/** The object with these managers; without the member when there are none. */
export function withManagers(object: JsonObject, managers: Managers): JsonObject {
  return withValueAt(object, MANAGED_FIELDS, managers.size === 0 ? undefined : encodeManagers(managers));
}

/** The managers with one entry's fields replaced; an entry without fields goes. */
export function withFields(managers: Managers, identity: string, entry: ManagedEntry): Managers {
  const next = new Map(managers);
  if (isEmptySet(entry.set)) next.delete(identity);
  else next.set(identity, entry);
  return next;
}
