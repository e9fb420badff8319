// Kubernetes' protobuf messages as their tables describe them: number, name and type of each field, and what JSON makes of it.
import { assert } from "@coracle/base";
import { ACCESS_MESSAGES } from "./access-messages.ts";
import { CORE_MESSAGES } from "./core-messages.ts";
import { GROUP_MESSAGES } from "./group-messages.ts";

/** What one value of a field is. "list" is a list of texts that is a message of its own; "json" holds JSON text in field 1. */
export type ValueType =
  "string" | "bool" | "int" | "bytes" | "list" | "time" | "microtime" | "json" | "quantity" | "intorstring" | "message";

/** What JSON has for an empty field: its zero value, null, nothing, or nothing unless the field was sent (a pointer). */
export type Emptiness = "zero" | "null" | "omitted" | "unset";

/** One field of a message. */
export interface MessageField {
  /** "@" for a message whose fields stand in the object itself (an embedded struct). */
  readonly name: string;
  readonly number: number;
  readonly form: "single" | "list" | "map";
  readonly type: ValueType;
  /** Name of the message, if it is one. */
  readonly message: string;
  readonly empty: Emptiness;
}

const EMPTINESS: Readonly<Record<string, Emptiness>> = { "0": "null", "?": "omitted", "*": "unset" };
const VALUE_TYPES: ReadonlySet<string> = new Set([
  "string",
  "bool",
  "int",
  "bytes",
  "list",
  "time",
  "microtime",
  "json",
  "quantity",
  "intorstring",
]);
const FIELD = /^(\S+) (\d+) ([0?*]?)(\[\]|\{\})?(\S+)$/;

const known: Map<string, readonly MessageField[]> = new Map();

/** The fields of a message that the tables have. */
export function messageFields(name: string): readonly MessageField[] {
  const fields = findMessageFields(name);
  assert(fields !== undefined, `Cannot describe a message as no table has it: current value is ${name}`);
  return fields;
}

/**
 * The fields of a message like `core/v1.Pod` in the order JSON has them; `undefined` if no table has it. The tables write a field as `NAME NUMBER [MARK][FORM]TYPE`: the mark says
 * what an empty one is in JSON, the form is `[]` for a list and `{}` for a map from texts, the type a word or a message's name.
 */
export function findMessageFields(name: string): readonly MessageField[] | undefined {
  let fields = known.get(name);
  if (fields === undefined) {
    const text = CORE_MESSAGES[name] ?? GROUP_MESSAGES[name] ?? ACCESS_MESSAGES[name];
    if (text === undefined) return undefined;
    fields = text === "" ? [] : text.split(",").map(parseField);
    known.set(name, fields);
  }
  return fields;
}

function parseField(text: string): MessageField {
  const [, name = "", number = "", mark = "", form = "", word = ""] = FIELD.exec(text) ?? [];
  return {
    name,
    number: Number(number),
    form: form === "[]" ? "list" : form === "{}" ? "map" : "single",
    type: isValueType(word) ? word : "message",
    message: isValueType(word) ? "" : word,
    empty: EMPTINESS[mark] ?? "zero",
  };
}

function isValueType(word: string): word is ValueType {
  return VALUE_TYPES.has(word);
}
