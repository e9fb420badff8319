// Steps of the ping test on a host: iproute2's programs, their output told as it comes.
import { environment, type RunResult, runProcess, SpawnError, stdout } from "@coracle/runtime";

/** Ends a command with an exit code and one line that says why. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly code = "STEP" as const;
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** How the commands end. */
export const STEP_EXIT_CODES = { usage: 1, missing: 2, unreachable: 3, failed: 4 } as const;

const STEP_TIMEOUT_MS = 20_000;

/** Runs a program and tells what it wrote; does not mind its exit code. Throws {@link StepFailure} if it cannot start. */
export async function runStep(
  argv: readonly string[],
  options: { readonly isQuiet?: boolean } = {},
): Promise<RunResult> {
  try {
    const result = await runProcess(argv, { env: environment(), timeoutMs: STEP_TIMEOUT_MS });
    if (options.isQuiet !== true) {
      const decoder = new TextDecoder();
      stdout().write(`${decoder.decode(result.stdout)}${decoder.decode(result.stderr)}`);
    }
    return result;
  } catch (error) {
    if (!(error instanceof SpawnError)) throw error;
    throw new StepFailure(error.message, STEP_EXIT_CODES.failed);
  }
}

/** Runs a program that must succeed. */
export async function mustRun(argv: readonly string[]): Promise<void> {
  const result = await runStep(argv);
  if (result.code !== 0) {
    throw new StepFailure(
      `Cannot go on as ${argv.join(" ")} ended with ${result.code ?? result.signal}`,
      STEP_EXIT_CODES.failed,
    );
  }
}

/** Whether a program succeeds; its output is not told. */
export async function succeeds(argv: readonly string[]): Promise<boolean> {
  return (await runStep(argv, { isQuiet: true })).code === 0;
}
