// A write that changes nothing but times of managedFields changes nothing (apiserver handlers/fieldmanager equality).
import { isJsonObject, jsonEqual } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { withoutMember } from "../json/mod.ts";
import { managedFieldsOf, withoutManagers } from "./field-managers.ts";

/** `live` when `next` differs from it in nothing but times of metadata.managedFields, else `next`. */
export function ignoreTimestampOnlyChange(live: JsonObject, next: JsonObject): JsonObject {
  if (live === next) return live;
  const before = managedFieldsOf(live);
  const after = managedFieldsOf(next);
  if (!Array.isArray(before) || !Array.isArray(after) || before.length !== after.length) return next;
  const isSameOwnership = before.every((entry, index) => jsonEqual(withoutTime(entry), withoutTime(after[index])));
  return isSameOwnership && jsonEqual(withoutManagers(live), withoutManagers(next)) ? live : next;
}

function withoutTime(entry: unknown): unknown {
  return isJsonObject(entry) ? withoutMember(entry, "time") : entry;
}
