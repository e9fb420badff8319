// CPU time of a running process to the nanosecond, threads that have ended included: its CPU clock (clock_getcpuclockid(3)).
import { dlopen, FFIType, ptr } from "bun:ffi";
import { CannotRun } from "./bench.ts";

/** Low bits of a clock id: a process's clock, as the scheduler counts it. */
const SCHEDULED_TIME = 2;
const ID_SHIFT = 3;
const NS_PER_SECOND = 1_000_000_000n;

const time = new BigInt64Array(2);
let read: ((clock: number, address: number) => number) | undefined;

/** CPU time that all threads of process `pid` have used so far. Throws {@link CannotRun} where there is no such clock. */
export function processCpuNs(pid: number): number {
  read ??= openClock();
  if (read((~pid << ID_SHIFT) | SCHEDULED_TIME, ptr(time)) !== 0)
    throw new Error(`Cannot read the CPU time of process ${pid}: it has no clock, so it has probably ended`);
  return Number((time[0] ?? 0n) * NS_PER_SECOND + (time[1] ?? 0n));
}

function openClock(): (clock: number, address: number) => number {
  if (process.platform !== "linux") throw new CannotRun("it reads CPU clocks of processes", "Run it on Linux.");
  const { symbols } = dlopen("libc.so.6", {
    clock_gettime: { args: [FFIType.i32, FFIType.u64], returns: FFIType.i32 },
  });
  return (clock, address) => symbols.clock_gettime(clock, address);
}
