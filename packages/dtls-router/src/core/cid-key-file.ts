// The file of keys of encrypted connection IDs: JSON with configurations by their number, and which of them makes new IDs.
import { err, ok, type Result } from "@coracle/base";
import { QUIC_LB_CONFIGURATIONS_MAX, QUIC_LB_KEY_SIZE } from "@coracle/dtls";
import { isSameKey, type QuicLbKey, type QuicLbKeys } from "./quic-lb-layout.ts";

/** Why a file is refused; shows nothing of its keys. */
export interface CidKeyFileError {
  readonly code: "BAD_CID_KEY_FILE";
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads `{"active": 1, "configurations": [{"id": 1, "key": "32 hexadecimal digits"}]}`. */
export function parseCidKeyFile(text: string): Result<QuicLbKeys, CidKeyFileError> {
  const file = fieldsOf(parsedJson(text));
  if (file === undefined) return refuse("it is not a JSON object");
  const unknown = unknownField(file, ["active", "configurations"]);
  if (unknown !== undefined) return refuse(`it has a field that means nothing: ${unknown}`);
  const { active, configurations: listed } = file;
  if (!Array.isArray(listed) || listed.length === 0) return refuse("it has no list of configurations");
  if (listed.length > QUIC_LB_CONFIGURATIONS_MAX)
    return refuse(`it has ${listed.length} configurations, ${QUIC_LB_CONFIGURATIONS_MAX} are possible`);
  const configurations: QuicLbKey[] = [];
  for (const [index, each] of listed.entries()) {
    const read = readConfiguration(each, `configuration ${index + 1} of the list`);
    if (!read.ok) return read;
    const { id, key } = read.value;
    if (configurations.some((other) => other.id === id)) return refuse(`configuration ${id} is there twice`);
    const same = configurations.find((other) => isSameKey(other.key, key));
    if (same !== undefined) return refuse(`configurations ${same.id} and ${id} have the same key`);
    configurations.push(read.value);
  }
  if (!isConfigurationId(active)) return refuse("active is not the number of a configuration");
  if (!configurations.some(({ id }) => id === active))
    return refuse(`active is ${active}, and there is no such configuration`);
  return ok({ active, configurations });
}

/**
 * Why `next` must not take the place of `keys` while IDs of those live: a number that means another key would lead them astray.
 * A configuration can be taken out, and its number used again later.
 */
export function replacementProblem(keys: QuicLbKeys, next: QuicLbKeys): CidKeyFileError | undefined {
  for (const { id, key } of next.configurations) {
    const before = keys.configurations.find((each) => each.id === id);
    if (before !== undefined && !isSameKey(before.key, key))
      return problemOf(`configuration ${id} has another key than before: give the new key a number that is free`);
  }
  return undefined;
}

function readConfiguration(value: unknown, name: string): Result<QuicLbKey, CidKeyFileError> {
  const fields = fieldsOf(value);
  if (fields === undefined) return refuse(`${name} is not an object`);
  const unknown = unknownField(fields, ["id", "key"]);
  if (unknown !== undefined) return refuse(`${name} has a field that means nothing: ${unknown}`);
  const { id, key } = fields;
  if (!isConfigurationId(id)) return refuse(`the id of ${name} is not a whole number from 0 to 6`);
  if (typeof key !== "string" || !/^[0-9a-f]+$/i.test(key) || key.length !== 2 * QUIC_LB_KEY_SIZE)
    return refuse(`the key of configuration ${id} is not ${2 * QUIC_LB_KEY_SIZE} hexadecimal digits`);
  const octets = Array.from({ length: QUIC_LB_KEY_SIZE }, (_, at) =>
    Number.parseInt(key.slice(2 * at, 2 * at + 2), 16),
  );
  return ok({ id, key: Uint8Array.from(octets) });
}

function isConfigurationId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < QUIC_LB_CONFIGURATIONS_MAX;
}

/** What the parser says would show a part of the text. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A name is shown only if it is a word: a key in the wrong place is not. */
function unknownField(fields: Fields, known: readonly string[]): string | undefined {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  return unknown === undefined || /^[a-z-]{1,20}$/i.test(unknown) ? unknown : "its name is no word";
}

function refuse(reason: string): Result<never, CidKeyFileError> {
  return err(problemOf(reason));
}

function problemOf(reason: string): CidKeyFileError {
  return { code: "BAD_CID_KEY_FILE", message: `Cannot use the file of connection ID keys: ${reason}` };
}
