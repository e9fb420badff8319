// The process side of a command line: prints help, version or the one line that says what is wrong, and exits.
import { argv, environment, exitProcess, stderr, stdout } from "@coracle/runtime";
import { versionLine } from "../service/build-info.ts";
import type { Config } from "./define-config.ts";
import { helpText } from "./help-text.ts";
import { parseCommandLine } from "./parse-command-line.ts";

/** The exit code of a bad flag, argument or environment variable. */
export const USAGE_EXIT_CODE = 2;

/** Reads this process's command line. Returns the configuration, or prints and exits: 0 for help and version, 2 for a bad value. */
export async function loadConfig<C>(config: Config<C>, args: readonly string[] = argv()): Promise<C> {
  const outcome = parseCommandLine(config, args, environment());
  switch (outcome.kind) {
    case "config":
      return outcome.config;
    case "help":
      return printAndExit(helpText(config, stdout().columns()), 0);
    case "version":
      return printAndExit(`${versionLine(config.name)}\n`, 0);
    case "usage-error":
      return printAndExit(`${outcome.message}\n`, USAGE_EXIT_CODE);
  }
}

/** Writes to standard output (code 0) or error (any other), waits until it is written, and exits. */
export async function printAndExit(text: string, code: number): Promise<never> {
  const writer = code === 0 ? stdout() : stderr();
  writer.write(text);
  await writer.drained();
  return exitProcess(code);
}
