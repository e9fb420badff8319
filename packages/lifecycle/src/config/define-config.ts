// A binary's whole command line in one definition: flags, positionals, help text, and what reads them.
import { type Result, assert, err, ok } from "@coracle/base";
import { type ConfigOf, type Flag, type Flags, type RawValue, flagName, flagVariable } from "./flag.ts";

/** The typed configuration of flags and positionals together. */
export type CommandLineOf<F extends Flags, P extends Flags | undefined> = ConfigOf<F> &
  (P extends Flags ? ConfigOf<P> : unknown);

/** What a binary says about its command line. */
export interface ConfigDefinition<F extends Flags, P extends Flags | undefined> {
  /** The binary's name, with its subcommand if it is one: `coracle up`. */
  readonly name: string;
  /** One line: what it does. */
  readonly summary: string;
  /** More paragraphs for `--help`. */
  readonly description?: string;
  readonly flags: F;
  /** Positional arguments in order; the last one may be repeated. */
  readonly positionals?: P;
  /** Command lines with what they do, for `--help`. */
  readonly examples?: readonly { readonly line: string; readonly does: string }[];
  /** Exit codes besides 0 and 2, for `--help`. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  /** Rules between flags: the message of the first one broken, naming its flags. */
  readonly check?: (config: CommandLineOf<F, P>) => string | undefined;
}

/** A definition ready to parse command lines with {@link parseCommandLine}. */
export interface Config<C> {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly flags: Flags;
  readonly positionals: Flags;
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  readonly exitCodes: Readonly<Record<number, string>>;
  /** Reads all raw values; the first that is wrong comes as one line. `describe` names where a key's value came from. */
  readonly read: (
    raw: Readonly<Record<string, RawValue>>,
    describe: (key: string, message: string) => string,
  ) => Result<C, string>;
}

const SECRET_WORDS = /(^|-)(password|passwd|passphrase|secret|token|psk|credential)s?$/;

/** Checks a definition (programmer errors are asserted) and makes it ready to parse. */
export function defineConfig<F extends Flags, P extends Flags | undefined = undefined>(
  definition: ConfigDefinition<F, P>,
): Config<CommandLineOf<F, P>> {
  const flags: Flags = definition.flags;
  const positionals: Flags = definition.positionals ?? {};
  assertUsable(definition.name, flags, positionals);
  return {
    name: definition.name,
    summary: definition.summary,
    description: definition.description ?? "",
    flags,
    positionals,
    examples: definition.examples ?? [],
    exitCodes: definition.exitCodes ?? {},
    read: (raw, describe) => {
      const values: Record<string, unknown> = {};
      for (const [key, flag] of Object.entries({ ...flags, ...positionals })) {
        const outcome = flag.read(raw[key]);
        if (!outcome.ok) return err(describe(key, outcome.error));
        values[key] = outcome.value;
      }
      // Built at run time it is a record; the keys' types are the definition's.
      const config = values as CommandLineOf<F, P>;
      const broken = definition.check?.(config);
      return broken === undefined ? ok(config) : err(broken);
    },
  };
}

function assertUsable(name: string, flags: Flags, positionals: Flags): void {
  const names = new Map<string, string>([
    ["help", "built in"],
    ["version", "built in"],
  ]);
  const shorts = new Map<string, string>([["h", "built in"]]);
  const variables = new Map<string, string>();
  for (const [key, flag] of Object.entries(flags)) {
    claim(names, flagName(key, flag), `${name}: flag ${key}`);
    if (flag.short !== undefined) claim(shorts, flag.short, `${name}: short ${key}`);
    const variable = flagVariable(key, flag);
    if (variable !== undefined) claim(variables, variable, `${name}: variable ${key}`);
    assertNoSecret(name, key, flag);
  }
  const entries = Object.entries(positionals);
  for (const [index, [key, flag]] of entries.entries()) {
    assert(!(key in flags), `Cannot name a positional as a flag: current value is ${key}`);
    assert(
      flag.form === "value" || (flag.form === "repeated" && index === entries.length - 1),
      `Cannot repeat a positional as anything but the last: current value is ${key}`,
    );
  }
}

function claim(taken: Map<string, string>, name: string, by: string): void {
  assert(!taken.has(name), `Cannot use a name twice as ${by}: current value is ${name}`);
  taken.set(name, by);
}

/** Arguments are visible to every process of the machine: a secret comes by the name of its file. */
function assertNoSecret(name: string, key: string, flag: Flag<unknown>): void {
  const isText = flag.valueName !== "FILE" && flag.unitSuffix === "" && flag.form !== "switch";
  assert(
    !isText || !SECRET_WORDS.test(flagName(key, flag)),
    `Cannot take a secret as a flag of ${name}: current value is --${flagName(key, flag)}; take a file`,
  );
}
