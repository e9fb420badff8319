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

const STEP_MS = 50;
/** A killed process takes a moment to give back its ports. */
const KILLED_WITHIN_MS = 5000;

/** Ends a process: SIGTERM, then SIGKILL after `graceMs`. True if it had to be ended; it is gone then. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<boolean> {
  if (!(await isAlive(identity))) return false;
  sendSignal(identity.pid, "SIGTERM");
  if (await hasEndedWithin(identity, graceMs)) return true;
  sendSignal(identity.pid, "SIGKILL");
  await hasEndedWithin(identity, KILLED_WITHIN_MS);
  return true;
}

async function hasEndedWithin(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += STEP_MS) {
    if (!(await isAlive(identity))) return true;
    await sleep(STEP_MS);
  }
  return false;
}

/** `undefined` where the system has no /proc, or the process is gone. */
async function readStat(pid: number): Promise<ProcessStat | undefined> {
  try {
    return parseStat(await readTextFile(`/proc/${pid}/stat`));
  } catch {
    return undefined;
  }
}
