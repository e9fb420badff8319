// extendedMetadata.writes: which section of an object was written last, and when by the server's clock.
import { isJsonObject, jsonEqual } from "../json.ts";
import type { ApiObject } from "../object-meta.ts";
import { valueAt } from "../field-path.ts";

/** A named section and the fields whose change stamps it. */
export interface StampedSection {
  readonly section: string;
  /** Dotted paths. */
  readonly fields: readonly string[];
  /** For fields that are not compared as they are. */
  readonly normalise?: (value: unknown) => unknown;
}

/** `object` with the section stamped and first in the list; the stamps of other sections are kept. */
export function stampSection(object: ApiObject, section: string, serverTime: string): ApiObject {
  const writes = writesOf(object).filter((write) => !isJsonObject(write) || write["section"] !== section);
  return { ...object, extendedMetadata: { writes: [{ section, serverTime }, ...writes] } };
}

/** Stamps every section of which a field differs between `object` and `old`. */
export function stampChanges(
  object: ApiObject,
  old: ApiObject,
  sections: readonly StampedSection[],
  serverTime: string,
): ApiObject {
  let stamped = object;
  for (const { section, fields, normalise = same } of sections) {
    const changed = fields.some(
      (field) => !jsonEqual(normalise(valueAt(object, field)), normalise(valueAt(old, field))),
    );
    if (changed) stamped = stampSection(stamped, section, serverTime);
  }
  return stamped;
}

/** The object without any stamps, as a client may send it. */
export function withoutStamps(object: ApiObject): ApiObject {
  const { extendedMetadata: _, ...rest } = object;
  return rest as ApiObject;
}

/** The object with the stamps of another. */
export function withStampsOf(object: ApiObject, old: ApiObject): ApiObject {
  const { extendedMetadata } = old;
  return extendedMetadata === undefined ? withoutStamps(object) : { ...object, extendedMetadata };
}

function writesOf(object: ApiObject): readonly unknown[] {
  const writes = valueAt(object, "extendedMetadata.writes");
  return Array.isArray(writes) ? writes : [];
}

function same(value: unknown): unknown {
  return value;
}
