// From the words of the command line to resources of the server, waiting for a server that is not there yet.
import { Backoff, REFLECTOR_BACKOFF } from "@coracle/base";
import { StatusError } from "@coracle/kube";
import type { ApiResource, KubeClient } from "@coracle/kube/io";
import { ExitError, type Logger } from "@coracle/lifecycle";
import { HttpClientError, sleep } from "@coracle/runtime";
import { EXIT_CODES, type WatcherConfig } from "../config.ts";

const RESOURCES_MAX = 64;

/** The resources `config.resource` names. Throws {@link ExitError} for what waiting does not mend. */
export async function resolveResources(
  client: KubeClient,
  config: WatcherConfig,
  context: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<readonly ApiResource[]> {
  const names = [...new Set(config.resource.split(",").filter((name) => name !== ""))];
  if (names.length === 0 || names.length > RESOURCES_MAX) {
    throw new ExitError(`<resource>: "${config.resource}" names ${names.length} resources: use 1 to ${RESOURCES_MAX}`, {
      exitCode: 2,
    });
  }
  const backoff = new Backoff(REFLECTOR_BACKOFF, client.random);
  const startedAt = client.clock.now();
  for (;;) {
    try {
      const found = await Promise.all(names.map((name) => client.resolve(name, { signal: context.signal })));
      return found.map((resource, index) => resource ?? unknownResource(names[index] ?? ""));
    } catch (error) {
      const failure = describeFailure(error, config);
      const now = client.clock.now();
      const isLate = config.giveUpMs !== undefined && now - startedAt > config.giveUpMs;
      if (failure.exitCode !== undefined || isLate) {
        throw new ExitError(failure.message, { exitCode: failure.exitCode ?? EXIT_CODES.gaveUp, cause: error });
      }
      const waitMs = backoff.step(now);
      context.log.warning("Server not reached", { reason: failure.message, retryInMs: Math.round(waitMs) });
      await sleep(waitMs, context.signal);
    }
  }
}

function unknownResource(name: string): never {
  throw new ExitError(`<resource>: the server does not have a resource type "${name}"`, {
    exitCode: EXIT_CODES.notFound,
  });
}

/** The line to print, and the exit code where trying again cannot help. */
function describeFailure(
  error: unknown,
  config: WatcherConfig,
): { readonly message: string; readonly exitCode?: number } {
  if (error instanceof ExitError) return { message: error.message, exitCode: error.exitCode };
  const origin = config.kubeconfig === undefined ? "" : `${config.kubeconfig}: `;
  if (error instanceof StatusError) {
    const isAuth = error.httpCode === 401 || error.httpCode === 403;
    return { message: `${origin}${error.message}`, ...(isAuth ? { exitCode: EXIT_CODES.auth } : {}) };
  }
  if (error instanceof HttpClientError) {
    return {
      message: `${origin}${error.message}`,
      ...(error.code === "TLS" ? { exitCode: EXIT_CODES.untrusted } : {}),
    };
  }
  if (error instanceof Error && typeof Reflect.get(error, "code") === "string") {
    return { message: `${origin}${error.message}`, exitCode: EXIT_CODES.failed };
  }
  throw error;
}
