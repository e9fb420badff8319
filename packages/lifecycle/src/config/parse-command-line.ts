// From a command line and an environment to a typed configuration, a help text, or one line that says what is wrong.
import { type Result, err, ok } from "@coracle/base";
import { type ArgumentOption, type ArgumentToken, tokenizeArguments } from "@coracle/runtime";
import { nearestWord } from "../core/nearest.ts";
import type { Config } from "./define-config.ts";
import { type Flag, type Flags, type RawValue, flagName, flagVariable } from "./flag.ts";

/** What a command line asks for. `usage-error` is for stderr and exit code 2. */
export type ParseOutcome<C> =
  | { readonly kind: "config"; readonly config: C }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "usage-error"; readonly message: string };

/** The environment as the process has it. An empty variable counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface KnownFlag {
  readonly key: string;
  readonly name: string;
  readonly flag: Flag<unknown>;
}

/** Where one raw value came from. */
type Origin = "argument" | "environment" | "nowhere";

interface RawValues {
  readonly values: Record<string, RawValue>;
  readonly origins: Record<string, Origin>;
}

/** Reads `args` first, then `environment`, then defaults. Never throws for bad input. */
export function parseCommandLine<C>(
  config: Config<C>,
  args: readonly string[],
  environment: Environment,
): ParseOutcome<C> {
  const known = knownFlags(config.flags);
  const tokens = tokenizeArguments(args, tokenizerOptions(known));
  const asked = askedFor(tokens);
  if (asked !== undefined) return { kind: asked };
  const raw: RawValues = { values: {}, origins: {} };
  for (const key of Object.keys({ ...config.flags, ...config.positionals })) raw.values[key] = undefined;
  const problem = readOptions(raw, tokens, known) ?? readPositionals(raw, tokens, config.positionals);
  if (problem !== undefined) return usageError(config.name, problem);
  readEnvironment(raw, known, environment);
  const outcome = config.read(raw.values, (key, message) => describeProblem(config, raw, key, message));
  if (!outcome.ok) return { kind: "usage-error", message: outcome.error };
  return { kind: "config", config: outcome.value };
}

function usageError<C>(name: string, problem: string): ParseOutcome<C> {
  return { kind: "usage-error", message: `${problem} (${name} --help lists all)` };
}

function knownFlags(flags: Flags): ReadonlyMap<string, KnownFlag> {
  const known = new Map<string, KnownFlag>();
  for (const [key, flag] of Object.entries(flags)) {
    const name = flagName(key, flag);
    known.set(name, { key, name, flag });
  }
  return known;
}

function tokenizerOptions(known: ReadonlyMap<string, KnownFlag>): Record<string, ArgumentOption> {
  const options: Record<string, ArgumentOption> = {
    help: { type: "boolean", short: "h" },
    version: { type: "boolean" },
  };
  for (const { name, flag } of known.values()) {
    const type = flag.form === "switch" ? "boolean" : "string";
    options[name] = { type, short: flag.short };
  }
  return options;
}

function askedFor(tokens: readonly ArgumentToken[]): "help" | "version" | undefined {
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    if (token.name === "help" || token.name === "version") return token.name;
  }
  return undefined;
}

function readOptions(
  raw: RawValues,
  tokens: readonly ArgumentToken[],
  known: ReadonlyMap<string, KnownFlag>,
): string | undefined {
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const read = readOption(token, known);
    if (!read.ok) return read.error;
    const { key, flag, value } = read.value;
    raw.origins[key] = "argument";
    if (flag.form === "repeated") {
      const before = raw.values[key];
      raw.values[key] = Array.isArray(before) ? [...before, value] : [value];
    } else {
      raw.values[key] = value;
    }
  }
  return undefined;
}

type OptionToken = Extract<ArgumentToken, { kind: "option" }>;

function readOption(
  token: OptionToken,
  known: ReadonlyMap<string, KnownFlag>,
): Result<KnownFlag & { readonly value: string }, string> {
  // One tokenizer strips "no-" from `--no-x`, the other leaves it: what was written decides.
  const isNegated = token.rawName.startsWith("--no-");
  const exact = known.get(isNegated ? token.rawName.slice(2) : token.name);
  const negated = isNegated ? known.get(token.rawName.slice(5)) : undefined;
  const found = exact ?? (negated?.flag.form === "switch" ? negated : undefined);
  if (found === undefined) return err(unknownFlag(token.rawName, known));
  const dashed = token.rawName;
  if (found.flag.form === "switch") {
    if (token.value === undefined) return ok({ ...found, value: found === exact ? "true" : "false" });
    if (found === exact) return ok({ ...found, value: token.value });
    return err(`${dashed} takes no value: current value is "${token.value}"`);
  }
  if (token.value === undefined) return err(`${dashed} needs a value: ${found.flag.valueName}`);
  if (!token.isInline && /^-[^\d]/.test(token.value)) {
    return err(
      `${dashed} needs a value: ${found.flag.valueName}; "${token.value}" looks like a flag, write ${dashed}=${token.value} if it is the value`,
    );
  }
  return ok({ ...found, value: token.value });
}

function unknownFlag(rawName: string, known: ReadonlyMap<string, KnownFlag>): string {
  const names = [...known.keys(), "help", "version"];
  const word = rawName.replace(/^-+/, "");
  const isLong = rawName.startsWith("--");
  const nearest = isLong ? (nearestWord(word, names) ?? nearestWord(word.replace(/^no-/, ""), names)) : undefined;
  const hint = nearest === undefined ? "" : `; did you mean --${nearest}?`;
  return `${rawName}: no such flag${hint}`;
}

function readPositionals(raw: RawValues, tokens: readonly ArgumentToken[], positionals: Flags): string | undefined {
  const slots = Object.entries(positionals);
  let index = 0;
  for (const token of tokens) {
    if (token.kind !== "positional") continue;
    const slot = slots[index];
    if (slot === undefined) return `"${token.value}": unexpected argument`;
    const [key, flag] = slot;
    raw.origins[key] = "argument";
    if (flag.form === "repeated") {
      const before = raw.values[key];
      raw.values[key] = Array.isArray(before) ? [...before, token.value] : [token.value];
    } else {
      raw.values[key] = token.value;
      index += 1;
    }
  }
  return undefined;
}

function readEnvironment(raw: RawValues, known: ReadonlyMap<string, KnownFlag>, environment: Environment): void {
  for (const { key, flag } of known.values()) {
    if (raw.origins[key] !== undefined) continue;
    const variable = flagVariable(key, flag);
    const value = variable === undefined ? undefined : environment[variable];
    if (value === undefined || value === "") continue;
    raw.origins[key] = "environment";
    raw.values[key] = flag.form === "repeated" ? value.split(",").map((item) => item.trim()) : value;
  }
}

function describeProblem<C>(config: Config<C>, raw: RawValues, key: string, message: string): string {
  const flag = config.flags[key] ?? config.positionals[key];
  if (flag === undefined) return message;
  const isPositional = config.flags[key] === undefined;
  const name = isPositional ? `<${flagName(key, flag)}>` : `--${flagName(key, flag)}`;
  const variable = isPositional ? undefined : flagVariable(key, flag);
  const origin = raw.origins[key] ?? "nowhere";
  if (origin === "nowhere") {
    const other = variable === undefined ? "" : ` (environment: ${variable})`;
    return `${name} ${message}: ${flag.help}${other}`;
  }
  const value = quote(raw.values[key]);
  if (origin === "environment") return `${variable}: ${value}${joint(message)}${message} (flag: ${name})`;
  const other = variable === undefined ? "" : ` (environment: ${variable})`;
  return `${name}: ${value}${joint(message)}${message}${other}`;
}

/** A predicate reads on from the value; any other message stands behind a colon. */
function joint(message: string): string {
  return /^(is|must|has|needs|holds) /.test(message) ? " " : ": ";
}

const QUOTED_LENGTH_MAX = 80;

function quote(value: RawValue): string {
  const text = typeof value === "string" ? value : (value ?? []).join(",");
  const short = text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text;
  return JSON.stringify(short);
}
