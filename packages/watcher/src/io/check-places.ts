// What the command line names on this machine: told at the start when it is not there, not at the first change.
import { ExitError } from "@coracle/lifecycle";
import { directoryOf, joinPath, splitPathList, statPath } from "@coracle/runtime";
import type { WatcherConfig } from "../config.ts";

/**
 * Throws {@link ExitError} if the cursor's folder or the program to run is not there.
 * @param searchPath the environment's `PATH`
 */
export async function checkPlaces(
  { cursor, exec }: Pick<WatcherConfig, "cursor" | "exec">,
  searchPath: string,
): Promise<void> {
  if (cursor !== undefined) {
    const folder = directoryOf(cursor);
    if ((await kindOf(folder)) !== "directory") throw usage("cursor", cursor, `there is no folder ${folder}`);
    if ((await kindOf(cursor)) === "directory") throw usage("cursor", cursor, "it is a folder: name a file in it");
  }
  if (exec !== undefined) {
    // As execvp(3): only a name without a slash is searched for.
    const places = exec.includes("/") ? [exec] : splitPathList(searchPath).map((folder) => joinPath(folder, exec));
    for (const place of places) if ((await kindOf(place)) === "file") return;
    throw usage("exec", exec, exec.includes("/") ? "there is no such file" : "no folder of PATH has it");
  }
}

async function kindOf(path: string): Promise<string | undefined> {
  return (await statPath(path).catch(() => undefined))?.kind;
}

function usage(flagName: string, value: string, reason: string): ExitError {
  return new ExitError(`--${flagName}: "${value}" cannot be used: ${reason}`, { exitCode: 2 });
}
