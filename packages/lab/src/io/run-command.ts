// Running the system's own programs (ip, ovsdb-tool, ovs-vsctl): bounded in time and output, an error with their own words.
import { environment, runProcess, SpawnError, sleep } from "@coracle/runtime";
import { LaboratoryError } from "./laboratory-error.ts";

const TIMEOUT_MS = 20_000;
const POLL_MS = 10;
const decoder = new TextDecoder();

/** Where administrators' programs are, also for a person whose PATH does not have them. */
export function commandEnvironment(): Record<string, string | undefined> {
  const own = environment();
  return { ...own, PATH: `${own["PATH"] ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`, LC_ALL: "C" };
}

/** How a command ended. */
export interface CommandResult {
  /** Exit code; -1 if a signal or the time limit ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command. */
export interface CommandOptions {
  readonly stdin?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Default 20 s. */
  readonly timeoutMs?: number | undefined;
}

/** Runs to the end, whatever that is. Throws {@link LaboratoryError} only if the program is missing. */
export async function tryCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  try {
    const env = { ...commandEnvironment(), ...options.env };
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    const result = await runProcess(argv, { env, timeoutMs, stdin: options.stdin, outputSizeBytesMax: 64 << 20 });
    return { code: result.code ?? -1, stdout: decoder.decode(result.stdout), stderr: decoder.decode(result.stderr) };
  } catch (thrown) {
    if (!(thrown instanceof SpawnError)) throw thrown;
    throw new LaboratoryError("MISSING", `Cannot run ${argv[0]}: ${thrown.message}`, thrown);
  }
}

/** Runs a command that must succeed, and gives what it printed. Throws {@link LaboratoryError}. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await tryCommand(argv, options);
  if (code === 0) return stdout;
  const words = (stderr.trim() || stdout.trim()).split("\n").at(-1) ?? "";
  throw new LaboratoryError("COMMAND", `Cannot run "${argv.join(" ")}" as it ended with ${code}: ${words}`);
}

/** Polls until `condition` holds; throws {@link LaboratoryError} `TIMEOUT` naming `what` after `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number = TIMEOUT_MS,
): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += POLL_MS) {
    if (waitedMs > timeoutMs) throw new LaboratoryError("TIMEOUT", `Waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(POLL_MS);
  }
}
