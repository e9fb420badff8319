// Failures that end a process with one clear line instead of a stack trace.
import { redactText } from "../core/redact.ts";

/** Ends the process with `exitCode` after printing `message`. Thrown by `setup`, hooks and commands for failures a person can mend. */
export class ExitError extends Error {
  override readonly name: string = "ExitError";
  readonly code = "EXIT" as const;
  readonly exitCode: number;

  constructor(message: string, options: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The line to print for a failure: an expected one (it has a code) by its sentence, any other with its stack. */
export function failureLine(name: string, error: unknown): string {
  if (!(error instanceof Error)) return `${name}: ${redactText(String(error))}\n`;
  const isExpected = typeof Reflect.get(error, "code") === "string" && error.name !== "AssertionError";
  return `${name}: ${redactText(isExpected ? error.message : (error.stack ?? error.message))}\n`;
}

/** What the exit codes of every service mean, for a configuration's `exitCodes`. */
export const SERVICE_EXIT_CODES: Readonly<Record<number, string>> = {
  0: "Ended as asked: everything drained, or the shutdown timeout cut what was left.",
  1: "Could not start, or failed while running; the last line says why.",
  130: "Forced by a second signal, SIGINT.",
  143: "Forced by a second signal, SIGTERM.",
};
