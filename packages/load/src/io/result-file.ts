// The file of a run's result: whether it can be written is said before the run, not after it.
import { ExitError } from "@coracle/lifecycle";
import { appendFile, fileExists, FileError, removePath } from "@coracle/runtime";

/** Throws an {@link ExitError} if `--json` names what cannot be written. What the file holds stays; `-` is standard output. */
export async function requireWritable(json: string | undefined): Promise<void> {
  if (json === undefined || json === "-") return;
  try {
    const isNew = !(await fileExists(json));
    await appendFile(json, "");
    if (isNew) await removePath(json);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new ExitError(`--json: ${error.message}`, { exitCode: 2, cause: error });
  }
}
