// What a flag is: how it is written, which environment variable stands for it, and what reads it.
import type { Result } from "@coracle/base";

/** A value as it comes from a command line or the environment: text, several texts, or nothing. */
export type RawValue = string | readonly string[] | undefined;

/** The value's form on the command line. `switch` takes none: `--name` and `--no-name`. */
export type FlagForm = "value" | "repeated" | "switch";

/** One flag or positional argument that yields a `T`. */
export interface Flag<T> {
  /** Reads what was given, or the default; an error is a predicate that reads on from the quoted value. */
  readonly read: (raw: RawValue) => Result<T, string>;
  readonly form: FlagForm;
  readonly help: string;
  /** Placeholder in the help text: `HOST:PORT`, `DURATION`. */
  readonly valueName: string;
  /** Suffix of the configuration key that is a unit, not part of the flag's name: `Ms`, `Bytes`. */
  readonly unitSuffix: string;
  /** Allowed values in words for the help text, if the placeholder does not say it. */
  readonly allowed?: string | undefined;
  readonly defaultText?: string | undefined;
  readonly isRequired: boolean;
  /** Explicit name without dashes; otherwise made from the configuration key. */
  readonly name?: string | undefined;
  readonly short?: string | undefined;
  /** Environment variable; `false` for none; otherwise `CORACLE_` and the name in capitals. */
  readonly env?: string | false | undefined;
  /** Heading in the help text. */
  readonly group?: string | undefined;
}

/** Flags by configuration key (camel case). */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The typed configuration that a set of flags yields. */
export type ConfigOf<F extends Flags> = {
  readonly [Key in keyof F]: F[Key] extends Flag<infer T> ? T : never;
};

/** The flag's name on the command line, without dashes: `shutdownDelayMs` of a duration is `shutdown-delay`. */
export function flagName(key: string, flag: Flag<unknown>): string {
  if (flag.name !== undefined) return flag.name;
  const withoutUnit =
    flag.unitSuffix !== "" && key.endsWith(flag.unitSuffix) ? key.slice(0, -flag.unitSuffix.length) : key;
  return withoutUnit.replaceAll(/[A-Z]+/g, (capitals) => `-${capitals.toLowerCase()}`);
}

/** The environment variable that stands for the flag, if there is one. */
export function flagVariable(key: string, flag: Flag<unknown>): string | undefined {
  if (flag.env === false) return undefined;
  return flag.env ?? `CORACLE_${flagName(key, flag).replaceAll("-", "_").toUpperCase()}`;
}
