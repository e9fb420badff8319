// Runs the hooks around a service's life.
import type { Health } from "../health/health.ts";
import type { Logger } from "../log/logger.ts";
import type { Hook } from "./service-types.ts";

/** Runs all post-start hooks at the same time; each is a check until it returns. Rejects with the first failure. */
export async function runPostStartHooks(hooks: readonly Hook[], health: Health, signal: AbortSignal): Promise<void> {
  await Promise.all(
    hooks.map(async (hook) => {
      const state = health.addPostStartHook(hook.name);
      try {
        await hook.run(signal);
        state.ok();
      } catch (error) {
        state.fail(error instanceof Error ? error.message : String(error));
        throw error;
      }
    }),
  );
}

/** Runs all pre-shutdown hooks at the same time; a failure is logged and holds nothing up. */
export async function runPreShutdownHooks(hooks: readonly Hook[], log: Logger, signal: AbortSignal): Promise<void> {
  await Promise.all(hooks.map((hook) => runLogged(hook, "pre-shutdown", log, signal)));
}

/** Runs the stop hooks one by one in order; a failure is logged and the next one runs. */
export async function runStopHooks(hooks: readonly Hook[], log: Logger, signal: AbortSignal): Promise<void> {
  for (const hook of hooks) await runLogged(hook, "stop", log, signal);
}

async function runLogged(hook: Hook, phase: string, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    await hook.run(signal);
  } catch (error) {
    log.error("Hook failed", { phase, hook: hook.name, error });
  }
}
