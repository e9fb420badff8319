// A binary with subcommands: `coracle up`, `coracle update`. Each has a configuration of its own.
import { assert } from "@coracle/base";
import { argv, stdout } from "@coracle/runtime";
import { nearestWord } from "../core/nearest.ts";
import { layOutColumns } from "../core/text-columns.ts";
import { versionLine } from "../service/build-info.ts";
import type { Config } from "./define-config.ts";
import { loadConfig, printAndExit, USAGE_EXIT_CODE } from "./load-config.ts";

/** One subcommand: its summary for the list, and what runs it with the arguments behind its name. */
export interface Command {
  readonly summary: string;
  readonly run: (args: readonly string[]) => Promise<void>;
}

/** A binary's subcommands by name. */
export interface CommandSet {
  /** The binary's name. */
  readonly name: string;
  readonly summary: string;
  readonly commands: Readonly<Record<string, Command>>;
}

/** Which command a command line names, and what is left for it. */
export type CommandChoice =
  | { readonly kind: "command"; readonly name: string; readonly args: readonly string[] }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "usage-error"; readonly message: string };

/** Makes a subcommand of a configuration (named `<binary> <command>`) and what to do with it. */
export function command<C>(config: Config<C>, run: (config: C) => Promise<void>): Command {
  return { summary: config.summary, run: async (args) => run(await loadConfig(config, args)) };
}

/** Finds the command; `help <command>` means `<command> --help`. */
export function chooseCommand(set: CommandSet, args: readonly string[]): CommandChoice {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h") return { kind: "help" };
  if (first === "--version") return { kind: "version" };
  if (first === "help") {
    const [about] = rest;
    return about === undefined ? { kind: "help" } : chooseCommand(set, [about, "--help"]);
  }
  if (Object.hasOwn(set.commands, first)) return { kind: "command", name: first, args: rest };
  const names = Object.keys(set.commands);
  if (first.startsWith("-")) {
    return { kind: "usage-error", message: `${first}: name a command first: ${names.join(", ")} (${set.name} --help)` };
  }
  const nearest = nearestWord(first, names);
  const hint = nearest === undefined ? `commands: ${names.join(", ")}` : `did you mean ${nearest}?`;
  return { kind: "usage-error", message: `${JSON.stringify(first)}: no such command; ${hint} (${set.name} --help)` };
}

/** The help text of the whole binary, ending in a line break. */
export function commandsHelpText(set: CommandSet, columns: number = 80): string {
  const rows = Object.entries(set.commands).map(([left, { summary }]) => ({ left, right: summary }));
  const lines = layOutColumns(rows, columns).join("\n");
  return `${set.name}: ${set.summary}\n\nUsage: ${set.name} <command> [flags]\n\nCommands:\n${lines}\n\n${set.name} <command> --help tells about one.\n`;
}

/** Runs the command that this process's command line names; prints help, version or one line and exits otherwise. */
export async function runCommands(set: CommandSet, args: readonly string[] = argv()): Promise<void> {
  const choice = chooseCommand(set, args);
  switch (choice.kind) {
    case "help":
      return printAndExit(commandsHelpText(set, stdout().columns()), 0);
    case "version":
      return printAndExit(`${versionLine(set.name)}\n`, 0);
    case "usage-error":
      return printAndExit(`${choice.message}\n`, USAGE_EXIT_CODE);
    case "command": {
      const chosen = set.commands[choice.name];
      assert(chosen !== undefined, `Cannot run an unknown command: current value is ${choice.name}`);
      return chosen.run(choice.args);
    }
  }
}
