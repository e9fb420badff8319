// Looking at and ending processes by identity, never by name or by a bare id.
import { processExists, readTextFile, sendSignal, sleep } from "@coracle/runtime";
import { type ProcessIdentity, startTicksOf } from "../core/process-identity.ts";

/** The identity of a running process. */
export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, startTicks: await readStartTicks(pid) };
}

/** True if that very process still runs, and not another one that got its id. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!processExists(identity.pid)) return false;
  return identity.startTicks === "" || (await readStartTicks(identity.pid)) === identity.startTicks;
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

async function readStartTicks(pid: number): Promise<string> {
  try {
    return startTicksOf(await readTextFile(`/proc/${pid}/stat`));
  } catch {
    return "";
  }
}
