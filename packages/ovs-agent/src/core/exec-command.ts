// Commands around an interface's life: which programs may run, what is put in for the three variables, how runs are told.
import type { ExecReport } from "@coracle/api";

/** When a command runs. */
export type ExecMoment = "postCreate" | "postDelete";

/** What `${ifname}`, `${ipv4}` and `${mac}` stand for. */
export interface ExecVariables {
  readonly ifname: string;
  readonly ipv4: string;
  readonly mac: string;
}

/** A command that ran, or could not. */
export interface ExecRun {
  readonly report: ExecReport;
  /** One word in CamelCase for conditions and events. */
  readonly reason: "Succeeded" | "Failed" | "TimedOut" | "NotStarted" | "Killed" | "QueueFull";
  readonly message: string;
  readonly durationMs: number;
}

/** Exit status in reports when a program could not be started or did not end by exiting. */
export const EXIT_NOT_EXITED = -2;

/** Why the command's program must not run, or `undefined`. A path must be on the list exactly as it is written. */
export function refusalOf(command: readonly string[], allowedPrograms: ReadonlySet<string>): string | undefined {
  const [program = ""] = command;
  if (command.length === 0 || allowedPrograms.has(program)) return undefined;
  return `Cannot run ${JSON.stringify(program.slice(0, 256))} after creation: the program is not on this node's list of allowed programs`;
}

/** The words of a command with the variables put in; the program itself is left as it is, and nothing else is interpreted. */
export function expandCommand(command: readonly string[], variables: ExecVariables): readonly string[] {
  const { ifname, ipv4, mac } = variables;
  return command.map((word, index) =>
    index === 0
      ? word
      : word.replaceAll(/\$\{(ifname|ipv4|mac)\}/g, (_, name) =>
          name === "ifname" ? ifname : name === "ipv4" ? ipv4 : mac,
        ),
  );
}

/** The metric label for complaints: floor(log2(n)) of the occurrences of `Invalid` in both outputs; -1 for none. */
export function complaintsLabel(report: Pick<ExecReport, "stdOut" | "stdErr">): string {
  const complaints = occurrences(report.stdOut) + occurrences(report.stdErr);
  return complaints === 0 ? "-1" : String(Math.floor(Math.log2(complaints)));
}

function occurrences(text: string): number {
  return text.split("Invalid").length - 1;
}

/** Output as text of at most `lengthMax` characters: what was cut off is said at its end. */
export function outputText(bytes: Uint8Array, totalSizeBytes: number, lengthMax: number): string {
  const text = new TextDecoder().decode(bytes);
  if (totalSizeBytes <= bytes.length && text.length <= lengthMax) return text;
  const mark = `\n[truncated: ${totalSizeBytes} bytes in all]\n`;
  const kept = text.slice(0, Math.max(0, lengthMax - mark.length));
  // Half of a surrogate pair is no text.
  const isSplit = /[\uD800-\uDBFF]$/.test(kept);
  return `${isSplit ? kept.slice(0, -1) : kept}${mark}`;
}

/** A report of a command that never ran. */
export function emptyReport(command: readonly string[], time: string, stdErr: string): ExecReport {
  return { command, exitStatus: EXIT_NOT_EXITED, startTime: time, stopTime: time, stdOut: "", stdErr };
}
