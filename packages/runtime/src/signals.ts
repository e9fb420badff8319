// Operating-system signals to this process.
import process from "node:process";
import { codeOf } from "./runtime-error.ts";

/** The signals an agent answers or sends. */
export type SignalName =
  "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGKILL" | "SIGUSR1" | "SIGUSR2" | "SIGSTOP" | "SIGCONT" | "SIGWINCH";

/** Calls `handler` for each of these signals; the default action (ending the process) no longer happens. Returns how to stop. */
export function onSignal(names: readonly SignalName[], handler: (name: SignalName) => void): () => void {
  const listeners = names.map((name) => ({
    name,
    listener: () => handler(name),
  }));
  for (const { name, listener } of listeners) process.on(name, listener);
  return () => {
    for (const { name, listener } of listeners) process.off(name, listener);
  };
}

/** Sends a signal to another process; false if there is none with this id. */
export function sendSignal(processId: number, name: SignalName): boolean {
  try {
    process.kill(processId, name);
    return true;
  } catch {
    return false;
  }
}

/** True if a process with this id runs, whoever owns it. */
export function processExists(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === "EPERM";
  }
}
