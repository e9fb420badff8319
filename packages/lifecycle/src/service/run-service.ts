// The main program of a service: command line, start, signals, exit code.
import { exitProcess, onSignal, onUncaught, startTimer, stderr } from "@coracle/runtime";
import type { Config } from "../config/define-config.ts";
import { loadConfig } from "../config/load-config.ts";
import { createLogger } from "../log/logger.ts";
import { keepCodePagesSmall } from "./code-page-keeper.ts";
import { ExitError, failureLine } from "./exit-error.ts";
import type { ServiceConfig, ServiceOptions } from "./service-types.ts";
import { startService } from "./start-service.ts";

/** A service as its `main.ts` describes it. */
export interface ServiceProgram<C extends ServiceConfig> {
  readonly component: string;
  readonly config: Config<C>;
  readonly setup: ServiceOptions<C>["setup"];
}

/** Standard error gets this long to take the last log lines. */
const FLUSH_MS = 500;

/**
 * Reads the command line, starts the service, and ends the process with its exit code: 0 after a graceful termination (also
 * when the shutdown timeout cut it short), 130 or 143 after a second SIGINT or SIGTERM, 2 for a bad command line, 1 or an
 * {@link ExitError}'s code for a failed start.
 */
export async function runService<C extends ServiceConfig>(program: ServiceProgram<C>): Promise<void> {
  const config = await loadConfig(program.config);
  await runWithConfig(program, config);
}

/** {@link runService} for a configuration that is already read: what a subcommand calls. */
export async function runWithConfig<C extends ServiceConfig>(
  program: Omit<ServiceProgram<C>, "config">,
  config: C,
): Promise<never> {
  onUncaught((error) => {
    createLogger(program.component).error("Uncaught error", { error });
    void exitFlushed(1);
  });
  const { component, setup } = program;
  try {
    const service = await startService({ component, config, setup, environment: { onSignal } });
    void keepCodePagesSmall();
    const code = await service.finished;
    const { failure } = service;
    if (failure !== undefined) service.log.error("Ended by a failure", { reason: failure, exitCode: code });
    return await exitFlushed(code);
  } catch (error) {
    stderr().write(failureLine(component, error));
    return exitFlushed(error instanceof ExitError ? error.exitCode : 1);
  }
}

/** Exits once standard error has taken everything, or does not take it. */
async function exitFlushed(code: number): Promise<never> {
  const late = Promise.withResolvers<void>();
  startTimer(FLUSH_MS, late.resolve);
  await Promise.race([stderr().drained(), late.promise]);
  return exitProcess(code);
}
