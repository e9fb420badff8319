// A server that ends DTLS and answers CoAP, as a process whose CPU time is read: ours or the reference.
import { processCpuNs } from "../process-clock.ts";

/** A running server, or several that serve together. */
export interface TerminatingServer {
  readonly port: number;
  readonly pids: readonly number[];
}

/** CPU time of these processes so far, in nanoseconds. */
export function cpuNsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processCpuNs(pid), 0);
}
