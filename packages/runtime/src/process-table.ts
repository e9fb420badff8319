// Looking at and ending processes by identity, never by name or by a bare id.
import { sleep } from "./clock.ts";
import { readTextFile } from "./files/files.ts";
import { parseStat, type ProcessIdentity, type ProcessStat } from "./process-identity.ts";
import { processExists, sendSignal } from "./signals.ts";

/** The identity of a running process. */
export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, startTicks: (await readStat(pid))?.startTicks ?? "" };
}

/** True if that very process still runs, and not another one that got its id. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!processExists(identity.pid)) return false;
  const stat = await readStat(identity.pid);
  if (stat === undefined) return identity.startTicks === "";
  return !stat.hasEnded && (identity.startTicks === "" || stat.startTicks === identity.startTicks);
}

/** Ends a process: SIGTERM, then SIGKILL after `graceMs`. True if it had to be ended. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<boolean> {
  if (!(await isAlive(identity))) return false;
  sendSignal(identity.pid, "SIGTERM");
  const stepMs = 50;
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += stepMs) {
    if (!(await isAlive(identity))) return true;
    await sleep(stepMs);
  }
  sendSignal(identity.pid, "SIGKILL");
  return true;
}

/** `undefined` where the system has no /proc, or the process is gone. */
async function readStat(pid: number): Promise<ProcessStat | undefined> {
  try {
    return parseStat(await readTextFile(`/proc/${pid}/stat`));
  } catch {
    return undefined;
  }
}
