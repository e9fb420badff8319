// A server that ends DTLS and answers CoAP, as a process whose CPU time is read: ours or the reference.
import { processCpuNs } from "../process-clock.ts";
import type { LoadResult } from "./load-process.ts";

/** A running server, or several that serve together. */
export interface TerminatingServer {
  readonly port: number;
  readonly pids: readonly number[];
}

/** CPU time of these processes so far, in nanoseconds. */
export function cpuNsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processCpuNs(pid), 0);
}

const NS_PER_US = 1000;

/** CPU time in microseconds of each of `count` requests that `send` sends, over all `pids`. */
export async function requestCostUs(
  pids: readonly number[],
  count: number,
  send: () => Promise<LoadResult>,
): Promise<number> {
  const before = cpuNsOf(pids);
  const { done, lost } = await send();
  if (lost > count / 100) throw new Error(`Cannot measure servers that lose ${lost} of ${count} requests`);
  return (cpuNsOf(pids) - before) / done / NS_PER_US;
}
