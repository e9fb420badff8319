// Whether this process may open as many sockets as it was told to be clients: said at the start, with what to do about it.
import { ExitError, type Logger } from "@coracle/lifecycle";
import { readTextFile } from "@coracle/runtime";

/** What is wanted, and how it is asked for. */
export interface OpenFilesNeed {
  /** Sockets. */
  readonly wanted: number;
  /** The flag that says so. */
  readonly flag: string;
  /** What each socket is for: `devices`. */
  readonly what: string;
  /** True ends the program when there are too few; false only warns. */
  readonly isFatal: boolean;
  readonly log: Logger;
}

/** Files that the program has open for itself. */
export const OWN_FILES = 64;
const LIMITS_FILE = "/proc/self/limits";
const LIMITS_SIZE_BYTES_MAX = 64 * 1024;

/** The soft limit in the text of proc_pid_limits(5); `undefined` if there is none. */
export function openFilesMaxOf(limits: string): number | undefined {
  const [, soft] = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits) ?? [];
  return soft === undefined || soft === "unlimited" ? undefined : Number(soft);
}

/** The sentence for too few files; `undefined` if there are enough. */
export function openFilesProblem(
  { wanted, flag, what }: Pick<OpenFilesNeed, "wanted" | "flag" | "what">,
  max: number | undefined,
): string | undefined {
  if (max === undefined || wanted + OWN_FILES <= max) return undefined;
  const fits = max - OWN_FILES;
  return (
    `Cannot have ${wanted} ${what} (${flag}) as each has a socket of its own: the limit of open files is ${max}. ` +
    `Raise it (ulimit -n ${wanted + OWN_FILES})${fits > 0 ? `, or use ${flag} ${fits}` : ""}`
  );
}

/** Looks at the limit where the system tells it. Too few files are an {@link ExitError}, or a warning. */
export async function requireOpenFiles(need: OpenFilesNeed): Promise<void> {
  let limits: string;
  try {
    limits = await readTextFile(LIMITS_FILE, LIMITS_SIZE_BYTES_MAX);
  } catch {
    // No such file on other systems: the socket that cannot be opened will say so.
    return;
  }
  const problem = openFilesProblem(need, openFilesMaxOf(limits));
  if (problem === undefined) return;
  if (need.isFatal) throw new ExitError(problem);
  need.log.warning(problem);
}
