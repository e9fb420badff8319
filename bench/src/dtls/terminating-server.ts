// A server that ends DTLS and answers CoAP, as a process whose CPU time is read: ours or the reference.
import { readdirSync, readFileSync } from "node:fs";

/** A running server, or several that serve together. */
export interface TerminatingServer {
  readonly port: number;
  readonly pids: readonly number[];
}

/** CPU time of all threads of these processes so far, in nanoseconds, from the scheduler's own account. */
export function cpuNsOf(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    const tasks = `/proc/${pid}/task`;
    for (const task of readdirSync(tasks)) {
      try {
        sum += Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]);
      } catch {
        // A thread that has just ended; its time is small and gone.
      }
    }
  }
  return sum;
}
