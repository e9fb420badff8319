// What the kernel says of a running process: memory and CPU time (proc(5): /proc/PID/status, /proc/PID/stat).
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

/** Ticks of the kernel's clock a second, as seen by programs: 100 on every Linux architecture Bun runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time that process `pid` has used in user and kernel mode, in milliseconds; whole ticks of 10 ms. */
export function processCpuMs(pid: number): number {
  const stat = readProc(pid, "stat");
  // The name in brackets may hold spaces: fields are counted from behind it, the first being the third.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch (cause) {
    if (process.platform !== "linux") throw new CannotRun("it reads /proc", "Run it on Linux.");
    throw new Error(`Cannot read the figures of process ${pid}: it has no /proc/${pid}/${name}`, { cause });
  }
}
