// What the kernel says of the memory of a running process (proc(5): /proc/PID/status).
import { readFileSync } from "node:fs";
import { CannotRun } from "./bench.ts";

/** Memory of a process, in MiB. */
export interface ProcessMemory {
  /** Most that was ever resident (VmHWM). */
  readonly peakMiB: number;
  /** Resident now (VmRSS). */
  readonly nowMiB: number;
}

/** The memory of process `pid`. */
export function processMemory(pid: number): ProcessMemory {
  const status = readProc(pid, "status");
  const field = (name: string): number => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    if (kib === undefined) throw new Error(`Cannot read the memory of process ${pid}: its status has no ${name}`);
    return Number(kib) / 1024;
  };
  return { peakMiB: field("VmHWM"), nowMiB: field("VmRSS") };
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch (cause) {
    if (process.platform !== "linux") throw new CannotRun("it reads /proc", "Run it on Linux.");
    throw new Error(`Cannot read the figures of process ${pid}: it has no /proc/${pid}/${name}`, { cause });
  }
}
