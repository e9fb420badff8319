// A lock that no crash leaves closed and that works across containers: who listens on the unix socket holds it.
import { createServer, type Server } from "node:net";
import { messageOf, RuntimeError } from "./runtime-error.ts";
import { removePath } from "./files/files.ts";
import { processId } from "./process.ts";
import { connectStream } from "./stream.ts";

/** A lock that could not be tried: no folder, no right. */
export class SocketLockError extends RuntimeError {
  override readonly name = "SocketLockError";
}

/** A lock that is held until it is released or this process ends. */
export interface SocketLock {
  release(): Promise<void>;
}

/** What became of taking a lock; `holder` is what its holder says of itself. */
export type SocketLockOutcome =
  { readonly kind: "taken"; readonly lock: SocketLock } | { readonly kind: "held"; readonly holder: string };

const ATTEMPTS_MAX = 5;
const ANSWER_TIMEOUT_MS = 2000;
const ANSWER_SIZE_MAX = 256;

/** Takes the lock of a socket's path. Throws {@link SocketLockError} when the path cannot be listened on. */
export async function takeSocketLock(path: string): Promise<SocketLockOutcome> {
  const name = `pid ${processId()} ${crypto.randomUUID()}`;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const server = await listen(path, name);
    const holder = await ask(path);
    // Somebody who found an old socket here may have removed ours for it: only what answers counts.
    if (server !== undefined && holder === name) {
      return { kind: "taken", lock: { release: () => close(server) } };
    }
    if (server !== undefined) await close(server);
    if (holder !== undefined && holder !== name) return { kind: "held", holder: holder.split(" ", 2).join(" ") };
    await removePath(path);
  }
  throw new SocketLockError("EAGAIN", `Cannot lock ${path}: others took it ${ATTEMPTS_MAX} times in a row`);
}

/** Listens, or `undefined` if the path is in use or was left over. */
function listen(path: string, name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(name);
    });
    server.once("error", (error: Error & { readonly code?: string }) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(new SocketLockError(error.code ?? "EIO", `Cannot lock ${path} as ${messageOf(error)}`, error));
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** What the holder says, or `undefined` if nobody listens. */
async function ask(path: string): Promise<string | undefined> {
  const closed = Promise.withResolvers<void>();
  let answer = "";
  try {
    await connectStream({
      target: { path },
      connectTimeoutMs: ANSWER_TIMEOUT_MS,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      onData: (bytes) => {
        answer = (answer + new TextDecoder().decode(bytes)).slice(0, ANSWER_SIZE_MAX);
      },
      onClose: () => closed.resolve(),
    });
    await closed.promise;
  } catch (error) {
    const code = error instanceof RuntimeError ? error.code : "";
    if (code === "ECONNREFUSED" || code === "ENOENT") return undefined;
    return `somebody who does not answer (${code})`;
  }
  return answer === "" ? "somebody who does not answer" : answer;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
