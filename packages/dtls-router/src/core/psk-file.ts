// Files of pre-shared keys: one `identity=base64` a line, as Californium's demo programs read them, or one key in a file of its own.
import { err, ok, type Result } from "@coracle/base";
import { allSteps, type Steps } from "./steps.ts";

/** Lines read at most. */
export const PSK_ENTRIES_MAX = 1_000_000;
/** RFC 4279 §5.3 demands support for identities up to this size, and keys up to 64; more of either is refused. */
const IDENTITY_SIZE_BYTES_MAX = 128;
const KEY_SIZE_BYTES_MAX = 64;

/** Lines between two pauses: a few milliseconds. */
const LINES_PER_STEP = 2000;

/** Keys by identity; an identity is the text whose UTF-8 form travels. */
export type PskTable = ReadonlyMap<string, Uint8Array>;

/** Why keys are refused; names file and line, shows nothing of them. */
export interface PskFileError {
  readonly code: "BAD_PSK_FILE";
  readonly message: string;
}

/**
 * Reads a file. Empty lines and lines starting with `#` are left out. The last `=` that base64 does not need as padding
 * separates, so an identity may contain the sign.
 */
export function parsePskFile(
  text: string,
  decodeBase64: (text: string) => Uint8Array | undefined,
): Result<PskTable, PskFileError> {
  return allSteps(parsePskFileInSteps(text, decodeBase64));
}

/** {@link parsePskFile} with a pause every {@link LINES_PER_STEP} lines. */
export function* parsePskFileInSteps(
  text: string,
  decodeBase64: (text: string) => Uint8Array | undefined,
): Steps<Result<PskTable, PskFileError>> {
  const table = new Map<string, Uint8Array>();
  let number = 0;
  for (const line of lines(text)) {
    number++;
    if (number % LINES_PER_STEP === 0) yield undefined;
    if (line === "" || line.startsWith("#")) continue;
    if (table.size === PSK_ENTRIES_MAX) return refuse(number, `there are more than ${PSK_ENTRIES_MAX} keys`);
    const separator = line.replace(/=+$/, "").lastIndexOf("=");
    if (separator <= 0) return refuse(number, "it is not identity=base64");
    const identity = line.slice(0, separator).trim();
    const key = checkedKey(identity, decodeBase64(line.slice(separator + 1).trim()));
    if (typeof key === "string") return refuse(number, key);
    if (table.has(identity)) return refuse(number, "its identity was there before");
    table.set(identity, key);
  }
  return ok(table);
}

/** Reads the key in a file that is named by its identity and holds nothing but the key in base64. */
export function parseKeyOf(
  identity: string,
  text: string,
  decodeBase64: (text: string) => Uint8Array | undefined,
): Result<Uint8Array, PskFileError> {
  const key = checkedKey(identity, decodeBase64(text.trim()));
  if (typeof key !== "string") return ok(key);
  return err({ code: "BAD_PSK_FILE", message: `Cannot read the key file ${identity}: ${key}` });
}

/** The key, or why it or its identity cannot be used. */
function checkedKey(identity: string, key: Uint8Array | undefined): Uint8Array | string {
  if (new TextEncoder().encode(identity).length > IDENTITY_SIZE_BYTES_MAX) {
    return `the identity is longer than ${IDENTITY_SIZE_BYTES_MAX} bytes`;
  }
  if (key === undefined || key.length === 0) return "the key is not base64";
  return key.length > KEY_SIZE_BYTES_MAX ? `the key is longer than ${KEY_SIZE_BYTES_MAX} bytes` : key;
}

function refuse(line: number, reason: string): Result<never, PskFileError> {
  return err({ code: "BAD_PSK_FILE", message: `Cannot read line ${line} of the key file: ${reason}` });
}

/** One line at a time: a file of a million keys is not split into a million texts at once. */
function* lines(text: string): Generator<string> {
  for (let at = 0; at <= text.length;) {
    const end = text.indexOf("\n", at);
    yield text.slice(at, end < 0 ? text.length : end).trim();
    if (end < 0) return;
    at = end + 1;
  }
}
