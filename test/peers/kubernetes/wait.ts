// Waiting for a stranger's program: the only polling in the tests, bounded in time.
import { setTimeout as delay } from "node:timers/promises";

/** Calls `probe` until it returns a value, every `intervalMs`; throws with `what` and the last failure after `timeoutMs`. */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  options: { readonly timeoutMs?: number; readonly intervalMs?: number } = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const deadline = performance.now() + timeoutMs;
  let last = "no answer yet";
  while (performance.now() < deadline) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      if (error instanceof PeerGone) throw error;
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(options.intervalMs ?? 50);
  }
  throw new Error(`Cannot wait longer for ${what}: ${timeoutMs} ms passed, last: ${last}`);
}

/** The program waited for has ended: waiting on is pointless. */
export class PeerGone extends Error {
  readonly code = "PEER_GONE";
}
