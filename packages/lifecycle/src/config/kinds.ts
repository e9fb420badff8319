// The kinds of flags: one function each, returning a `Flag` with its zod schema.
import type { Result } from "@coracle/base";
import * as z from "zod";
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
  const schema = options.schema ?? z.string().min(1, "must not be empty");
  return makeFlag(options, schema, { valueName: "TEXT" });
}

/** The path of a file or directory; not opened here. The only way a secret reaches a process: by the name of its file. */
export function path<const O extends FlagOptions>(options: O): Flag<Presence<O, string>> {
  const schema = z
    .string()
    .min(1, "is not a path: it is empty")
    .refine((value) => !value.includes("\0"), "is not a path: it holds a NUL character");
  return makeFlag(options, schema, { valueName: "FILE" });
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
  const schema = z.string().refine(isAllowed, problem).transform(Number);
  return makeFlag(options, schema, { valueName: "NUMBER", allowed: range });
}

/** One of a fixed set of words. */
export function choice<const Words extends readonly [string, ...string[]], const O extends FlagOptions>(
  words: Words,
  options: O,
): Flag<Presence<O, Words[number]>> {
  const schema = z.enum(words, `is not one of ${words.join(", ")}`);
  return makeFlag(options, schema, {
    valueName: "WORD",
    allowed: words.join(", "),
  });
}

/** `--name` or `--no-name`; from the environment true, false, 1, 0, yes, no, on, off. Without a default: false. */
export function boolean(options: FlagOptions): Flag<boolean> {
  const words = ["true", "false", "1", "0", "yes", "no", "on", "off"] as const;
  const schema = z
    .enum(words, `is not true or false`)
    .transform((word) => word === "true" || word === "1" || word === "yes" || word === "on");
  const withDefault = { ...options, default: options.default ?? false };
  const flag = makeFlag<typeof withDefault, boolean>(withDefault, schema, {
    valueName: "",
  });
  return { ...flag, form: "switch" };
}

/** `HOST:PORT` to listen on or connect to. */
export function address<const O extends FlagOptions>(options: O): Flag<Presence<O, Address>> {
  return makeFlag(options, fromParser(parseAddress), {
    valueName: "HOST:PORT",
  });
}

/** A duration in milliseconds, written `500ms`, `10s`, `1m30s`. Name the configuration key `…Ms`; the flag drops the unit. */
export function duration<const O extends FlagOptions>(
  options: O & { readonly minMs?: number; readonly maxMs?: number },
): Flag<Presence<O, number>> {
  const { minMs = 0, maxMs = Number.POSITIVE_INFINITY } = options;
  const schema = fromParser(parseDuration)
    .refine((value) => value >= minMs, `is too short: use ${formatDuration(minMs)} or more`)
    .refine(
      (value) => value <= maxMs,
      `is too long: use at most ${Number.isFinite(maxMs) ? formatDuration(maxMs) : ""}`,
    );
  return makeFlag(options, schema, { valueName: "DURATION", unitSuffix: "Ms" });
}

/** A size in bytes, written `64MiB`, `512KiB`. Name the configuration key `…Bytes`; the flag drops the unit. */
export function size<const O extends FlagOptions>(
  options: O & { readonly minBytes?: number; readonly maxBytes?: number },
): Flag<Presence<O, number>> {
  const { minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER } = options;
  const schema = fromParser(parseSize)
    .refine((value) => value >= minBytes, `is too small: use ${formatSize(minBytes)} or more`)
    .refine((value) => value <= maxBytes, `is too large: use at most ${formatSize(maxBytes)}`);
  return makeFlag(options, schema, { valueName: "SIZE", unitSuffix: "Bytes" });
}

/** Any value a zod schema reads from text; its messages are shown behind the quoted value. */
export function value<const O extends FlagOptions, T>(schema: z.ZodType<T, string>, options: O): Flag<Presence<O, T>> {
  return makeFlag(options, schema, { valueName: "VALUE" });
}

/** Several values of one kind: the flag given more than once, or the environment variable with commas. Nothing given: its default alone, or empty. */
export function repeated<T>(item: Flag<T>): Flag<readonly NonNullable<T>[]> {
  const list = z.array(item.schema).max(REPEATED_COUNT_MAX, `is given more than ${REPEATED_COUNT_MAX} times`);
  const schema: z.ZodType<readonly NonNullable<T>[], RawValue> = z
    .custom<RawValue>()
    .transform((raw): RawValue[] => {
      if (raw === undefined) return item.defaultText === undefined ? [] : [item.defaultText];
      return typeof raw === "string" ? [raw] : [...raw];
    })
    .pipe(list)
    .transform((values) => values.filter(isPresent));
  return { ...item, form: "repeated", schema };
}

function isPresent<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

interface FlagTraits {
  readonly valueName: string;
  readonly unitSuffix?: string;
  readonly allowed?: string;
}

function fromParser<T>(parse: (raw: string) => Result<T, string>): z.ZodType<T, string> {
  return z.string().transform((raw, context) => {
    const parsed = parse(raw);
    if (parsed.ok) return parsed.value;
    context.addIssue(parsed.error);
    return z.NEVER;
  });
}

function makeFlag<O extends FlagOptions, T>(
  options: O,
  schema: z.ZodType<T, string>,
  traits: FlagTraits,
): Flag<Presence<O, T>> {
  const isRequired = options.required === true && options.default === undefined;
  const defaultText = options.default === undefined ? undefined : String(options.default);
  const present = z
    .custom<RawValue>()
    .transform((raw) => raw ?? defaultText)
    .pipe(isRequired ? z.string("is required") : z.string().optional())
    .transform((raw, context) => {
      if (raw === undefined) return undefined;
      const outcome = schema.safeParse(raw);
      if (outcome.success) return outcome.data;
      for (const issue of outcome.error.issues) context.addIssue(issue.message);
      return z.NEVER;
    });
  return {
    // The types cannot follow that `undefined` comes out only where Presence says so.
    schema: present as unknown as z.ZodType<Presence<O, T>, RawValue>,
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
