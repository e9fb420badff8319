// The kinds of flags: one function each. Those that every binary has read their text without zod, which would have to be
// built before anything is served; a binary's own kinds bring their schema.
import { type Result, err, ok } from "@coracle/base";
import type * as z from "zod";
import { type Address, parseAddress } from "../core/address.ts";
import { formatDuration, parseDuration } from "../core/duration.ts";
import { formatSize, parseSize } from "../core/size.ts";
import type { Flag, RawValue } from "./flag.ts";

/** What every kind of flag may say about itself. */
export interface FlagOptions {
  /** One or two sentences without the default, which is added. */
  readonly help: string;
  /** As it would be written on the command line; read by the same schema. */
  readonly default?: string | number | boolean;
  /** True: leaving it out is an error. */
  readonly required?: boolean;
  readonly name?: string;
  readonly short?: string;
  readonly env?: string | false;
  readonly group?: string;
  readonly valueName?: string;
}

/** `T`, or `T | undefined` when the options give neither a default nor `required`. */
export type Presence<O extends FlagOptions, T> = O extends
  { readonly default: string | number | boolean } | { readonly required: true }
  ? T
  : T | undefined;

/** How often a repeated flag may be given. */
export const REPEATED_COUNT_MAX = 256;

/** Text; `schema` may narrow it (its messages are shown). */
export function text<const O extends FlagOptions>(
  options: O & { readonly schema?: z.ZodType<string, string> },
): Flag<Presence<O, string>> {
  const { schema } = options;
  const read = schema === undefined ? nonEmptyText : bySchema(schema);
  return makeFlag(options, read, { valueName: "TEXT" });
}

function nonEmptyText(raw: string): Result<string, string> {
  return raw === "" ? err("must not be empty") : ok(raw);
}

/** The path of a file or directory; not opened here. The only way a secret reaches a process: by the name of its file. */
export function path<const O extends FlagOptions>(options: O): Flag<Presence<O, string>> {
  return makeFlag(options, readPath, { valueName: "FILE" });
}

function readPath(raw: string): Result<string, string> {
  if (raw === "") return err("is not a path: it is empty");
  return raw.includes("\0") ? err("is not a path: it holds a NUL character") : ok(raw);
}

/** A number from `min` to `max`; whole unless `fraction` is true. */
export function number<const O extends FlagOptions>(
  options: O & {
    readonly min?: number;
    readonly max?: number;
    readonly fraction?: boolean;
  },
): Flag<Presence<O, number>> {
  const min = options.min ?? 0;
  const max = options.max ?? Number.MAX_SAFE_INTEGER;
  const noun = options.fraction === true ? "a number" : "a whole number";
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  const problem = `is not ${noun} ${max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`}`;
  const pattern = options.fraction === true ? /^-?\d+(\.\d+)?(e-?\d+)?$/ : /^-?\d+$/;
  const isAllowed = (value: string): boolean => pattern.test(value) && Number(value) >= min && Number(value) <= max;
  const read = (raw: string): Result<number, string> => (isAllowed(raw) ? ok(Number(raw)) : err(problem));
  return makeFlag(options, read, { valueName: "NUMBER", allowed: range });
}

/** One of a fixed set of words. */
export function choice<const Words extends readonly [string, ...string[]], const O extends FlagOptions>(
  words: Words,
  options: O,
): Flag<Presence<O, Words[number]>> {
  const allowed = words.join(", ");
  const read = (raw: string): Result<Words[number], string> => {
    const word = words.find((one) => one === raw);
    return word === undefined ? err(`is not one of ${allowed}`) : ok(word);
  };
  return makeFlag(options, read, { valueName: "WORD", allowed });
}

/** `--name` or `--no-name`; from the environment true, false, 1, 0, yes, no, on, off. Without a default: false. */
export function boolean(options: FlagOptions): Flag<boolean> {
  const withDefault = { ...options, default: options.default ?? false };
  const flag = makeFlag<typeof withDefault, boolean>(withDefault, readSwitch, { valueName: "" });
  return { ...flag, form: "switch" };
}

function readSwitch(raw: string): Result<boolean, string> {
  if (["true", "1", "yes", "on"].includes(raw)) return ok(true);
  return ["false", "0", "no", "off"].includes(raw) ? ok(false) : err("is not true or false");
}

/** `HOST:PORT` to listen on or connect to. */
export function address<const O extends FlagOptions>(options: O): Flag<Presence<O, Address>> {
  return makeFlag(options, parseAddress, { valueName: "HOST:PORT" });
}

/** A duration in milliseconds, written `500ms`, `10s`, `1m30s`. Name the configuration key `…Ms`; the flag drops the unit. */
export function duration<const O extends FlagOptions>(
  options: O & { readonly minMs?: number; readonly maxMs?: number },
): Flag<Presence<O, number>> {
  const { minMs = 0, maxMs = Number.POSITIVE_INFINITY } = options;
  const read = (raw: string): Result<number, string> => {
    const parsed = parseDuration(raw);
    if (!parsed.ok) return parsed;
    if (parsed.value < minMs) return err(`is too short: use ${formatDuration(minMs)} or more`);
    return parsed.value > maxMs ? err(`is too long: use at most ${formatDuration(maxMs)}`) : parsed;
  };
  return makeFlag(options, read, { valueName: "DURATION", unitSuffix: "Ms" });
}

/** A size in bytes, written `64MiB`, `512KiB`. Name the configuration key `…Bytes`; the flag drops the unit. */
export function size<const O extends FlagOptions>(
  options: O & { readonly minBytes?: number; readonly maxBytes?: number },
): Flag<Presence<O, number>> {
  const { minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER } = options;
  const read = (raw: string): Result<number, string> => {
    const parsed = parseSize(raw);
    if (!parsed.ok) return parsed;
    if (parsed.value < minBytes) return err(`is too small: use ${formatSize(minBytes)} or more`);
    return parsed.value > maxBytes ? err(`is too large: use at most ${formatSize(maxBytes)}`) : parsed;
  };
  return makeFlag(options, read, { valueName: "SIZE", unitSuffix: "Bytes" });
}

/** Any value a zod schema reads from text; its messages are shown behind the quoted value. */
export function value<const O extends FlagOptions, T>(schema: z.ZodType<T, string>, options: O): Flag<Presence<O, T>> {
  return makeFlag(options, bySchema(schema), { valueName: "VALUE" });
}

/** Any value `read` makes of text; its errors are shown behind the quoted value. Nothing has to be built for it, unlike {@link value}. */
export function parsed<const O extends FlagOptions, T>(
  read: (raw: string) => Result<T, string>,
  options: O,
): Flag<Presence<O, T>> {
  return makeFlag(options, read, { valueName: "VALUE" });
}

/** Several values of one kind: the flag given more than once, or the environment variable with commas. Nothing given: its default alone, or empty. */
export function repeated<T>(item: Flag<T>): Flag<readonly NonNullable<T>[]> {
  const read = (raw: RawValue): Result<readonly NonNullable<T>[], string> => {
    const texts = listOf(raw, item.defaultText);
    if (texts.length > REPEATED_COUNT_MAX) return err(`is given more than ${REPEATED_COUNT_MAX} times`);
    const values: NonNullable<T>[] = [];
    for (const text of texts) {
      const outcome = item.read(text);
      if (!outcome.ok) return outcome;
      if (isPresent(outcome.value)) values.push(outcome.value);
    }
    return ok(values);
  };
  return { ...item, form: "repeated", read };
}

function listOf(raw: RawValue, defaultText: string | undefined): readonly string[] {
  if (raw !== undefined) return typeof raw === "string" ? [raw] : raw;
  return defaultText === undefined ? [] : [defaultText];
}

function isPresent<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

interface FlagTraits {
  readonly valueName: string;
  readonly unitSuffix?: string;
  readonly allowed?: string;
}

/** Generated code pays for itself on many values, not on one of a command line. */
function bySchema<T>(schema: z.ZodType<T, string>): (raw: string) => Result<T, string> {
  return (raw) => {
    const outcome = schema.safeParse(raw, { jitless: true });
    return outcome.success ? ok(outcome.data) : err(outcome.error.issues[0]?.message ?? "is not allowed");
  };
}

function makeFlag<O extends FlagOptions, T>(
  options: O,
  readText: (raw: string) => Result<T, string>,
  traits: FlagTraits,
): Flag<Presence<O, T>> {
  const isRequired = options.required === true && options.default === undefined;
  const defaultText = options.default === undefined ? undefined : String(options.default);
  const read = (raw: RawValue): Result<T | undefined, string> => {
    const given = raw ?? defaultText;
    if (given === undefined) return isRequired ? err("is required") : ok(undefined);
    return typeof given === "string" ? readText(given) : err("is given more than once");
  };
  return {
    // The types cannot follow that `undefined` comes out only where Presence says so.
    read: read as Flag<Presence<O, T>>["read"],
    form: "value",
    help: options.help,
    valueName: options.valueName ?? traits.valueName,
    unitSuffix: traits.unitSuffix ?? "",
    allowed: traits.allowed,
    defaultText,
    isRequired,
    name: options.name,
    short: options.short,
    env: options.env,
    group: options.group,
  };
}
