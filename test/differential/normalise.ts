// Takes out of answers what differs from run to run: identifiers, times, revisions, hashes, random name endings.
import { at, isList, isObject, type Json, type JsonObject } from "./json.ts";

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** Where only revisions stand, whatever the object. */
const REVISION_FIELDS = new Set(["resourceVersion"]);
/** Opaque texts of which only the presence counts. */
const OPAQUE_FIELDS = new Set(["continue", "storageVersionHash", "token"]);

/**
 * Normalises the answers of one run, in order. Revisions become `<rv:new>` or `<rv:same>` compared with the last one seen
 * of the same object, uids alike, so that a write that should change nothing shows when it did.
 */
export class Normaliser {
  readonly #lastRevision = new Map<string, string>();
  readonly #lastUid = new Map<string, string>();

  /** The body with everything volatile replaced by a name for it. */
  body(value: Json): Json {
    return this.#value(value, "");
  }

  #value(value: Json, field: string): Json {
    if (isList(value) && field === "causes") return this.#causes(value);
    if (isList(value)) return value.map((item) => this.#value(item, field === "cells" ? field : ""));
    if (isObject(value)) return this.#object(value);
    if (typeof value === "string") return this.#text(value, field);
    return value;
  }

  /**
   * Sorted, since the real server walks Go maps to find them. CustomResourceDefinitions add one that says of their own rules
   * that they were not looked at; it names no field and is left out.
   */
  #causes(causes: readonly Json[]): Json {
    const order = (cause: Json): string =>
      JSON.stringify([at(cause, "field"), at(cause, "reason"), at(cause, "message")]);
    return causes
      .filter((cause) => at(cause, "field") !== "<nil>")
      .map((cause) => this.#value(cause, ""))
      .sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  #object(object: JsonObject): JsonObject {
    const key = keyOf(object);
    const result: Record<string, Json> = {};
    for (const [name, value] of Object.entries(object)) {
      if (name === "metadata" && isObject(value) && key !== undefined) result[name] = this.#metadata(key, value);
      else result[name] = this.#value(value, name);
    }
    return result;
  }

  #metadata(key: string, metadata: JsonObject): JsonObject {
    const result: Record<string, Json> = {};
    for (const [name, value] of Object.entries(metadata)) {
      if (name === "resourceVersion" && typeof value === "string" && value !== "")
        result[name] = compareWithLast(this.#lastRevision, key, value, "rv");
      else if (name === "uid" && typeof value === "string")
        result[name] = compareWithLast(this.#lastUid, key, value, "uid");
      else if (name === "managedFields") result[name] = this.#managedFields(value);
      else result[name] = this.#value(value, name);
    }
    return result;
  }

  /**
   * FieldsV1 keys hold values (`k:{"uid":"..."}`), so keys are normalised there too. Entries come in order of their times,
   * which depends on where the second turns; here they come in order of their writers.
   */
  #managedFields(value: Json): Json {
    const entries = JSON.parse(volatileText(JSON.stringify(value))) as Json;
    return isList(entries) ? entries.toSorted((a, b) => (writerOf(a) < writerOf(b) ? -1 : 1)) : entries;
  }

  #text(text: string, field: string): Json {
    if (REVISION_FIELDS.has(field)) return /^[1-9]\d*$/.test(text) ? "<rv>" : text;
    // Ages in tables: 0s, 12s, 3m4s.
    if (field === "cells" && /^(\d+[smhd])+$/.test(text)) return "<age>";
    if (OPAQUE_FIELDS.has(field)) return text === "" ? text : `<${field}>`;
    return volatileText(text);
  }
}

function writerOf(entry: Json): string {
  return JSON.stringify(["operation", "manager", "apiVersion", "subresource"].map((name) => at(entry, name) ?? ""));
}

/** Text without identifiers, times, and random endings of generated names. */
export function volatileText(text: string): string {
  return text
    .replace(UUID, "<uid>")
    .replace(TIME, (_time, fraction: unknown) => (fraction === undefined ? "<time>" : "<microtime>"))
    .replace(/X509SHA256=[0-9a-f]{64}/g, "X509SHA256=<fingerprint>")
    .replace(/\bgenerated-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "generated-<random>")
    .replace(/\b(resource version|resourceVersion)(: | )"?[1-9]\d*"?/gi, "$1$2<rv>")
    .replace(/\b[1-9]\d*( \([1-9]\d*\))/g, (whole) => (/^\d+ \(\d+\)$/.test(whole) ? "<rv> (<rv>)" : whole))
    .replace(/\bcurrent: [1-9]\d*\b/g, "current: <rv>");
}

function compareWithLast(last: Map<string, string>, key: string, value: string, what: string): string {
  const same = last.get(key) === value;
  last.set(key, value);
  return same ? `<${what}:same>` : `<${what}:new>`;
}

/** What makes an object itself over several answers; undefined for lists and for what has no name. */
function keyOf(object: JsonObject): string | undefined {
  const name = at(object, "metadata.name");
  if (typeof name !== "string" || !isObject(object["metadata"])) return undefined;
  const namespace = at(object, "metadata.namespace");
  // List items carry no kind; what an object looks like tells kinds of one area apart well enough.
  return `${typeof namespace === "string" ? namespace : ""}/${name}`;
}
