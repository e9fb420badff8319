// Command-line arguments as tokens (`util.parseArgs`), for the one place that turns them into configuration.
import { parseArgs } from "node:util";

/** How one option is written on the command line. */
export interface ArgumentOption {
  readonly type: "string" | "boolean";
  /** One letter: `n` for `-n`. */
  readonly short?: string | undefined;
}

/** One piece of a command line, in the order it was written. */
export type ArgumentToken =
  | {
      readonly kind: "option";
      /** The name without dashes; the long name when a short one was written. */
      readonly name: string;
      /** As written, with dashes and without value: `--http`, `-n`, `--no-color`. */
      readonly rawName: string;
      /** The text behind `=` or the next argument; `undefined` if there was none. */
      readonly value: string | undefined;
      /** True if the value stood behind `=` or directly behind a short name. */
      readonly isInline: boolean;
    }
  | { readonly kind: "positional"; readonly value: string };

/** Splits `args` into tokens. Never throws: unknown options come out as tokens too; everything behind `--` is positional. */
export function tokenizeArguments(
  args: readonly string[],
  options: Readonly<Record<string, ArgumentOption>>,
): readonly ArgumentToken[] {
  const config: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  for (const [name, option] of Object.entries(options)) {
    config[name] = option.short === undefined ? { type: option.type } : { type: option.type, short: option.short };
  }
  const { tokens } = parseArgs({
    args: [...args],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const out: ArgumentToken[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") out.push({ kind: "positional", value: token.value });
    if (token.kind === "option")
      out.push({
        kind: "option",
        name: token.name,
        rawName: token.rawName,
        value: token.value,
        isInline: token.inlineValue ?? false,
      });
  }
  return out;
}
