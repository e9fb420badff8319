// A process told apart from a later one with the same id: its id and when it started (proc(5), /proc/PID/stat field 22).

/** Identifies one process for as long as the machine runs. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start; "" where the system does not tell. */
  readonly startTicks: string;
}

/** What a /proc/PID/stat text says. */
export interface ProcessStat {
  readonly startTicks: string;
  /** It has ended with all its threads, and its parent has not taken note yet: a zombie. */
  readonly hasEnded: boolean;
}

/** Reads a /proc/PID/stat text. The command name may hold spaces and parentheses, so fields count from its end. */
export function parseStat(stat: string): ProcessStat {
  const [state = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // The first thread may be a zombie while others end: until then they hold its files and ports.
  const threads = Number(rest[16] ?? 0);
  return { startTicks: rest[18] ?? "", hasEnded: (state === "Z" || state === "X") && threads <= 1 };
}

/** One line of text for files and links. */
export function formatIdentity(identity: ProcessIdentity): string {
  return `${identity.pid}:${identity.startTicks}`;
}

/** The inverse of {@link formatIdentity}; `undefined` for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^([1-9]\d{0,9}):(\d*)$/.exec(text.trim());
  if (match === null) return undefined;
  return { pid: Number(match[1]), startTicks: match[2] ?? "" };
}
