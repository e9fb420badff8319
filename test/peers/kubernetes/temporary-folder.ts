// Temporary folders that vanish with the test, or at the latest with the process that made them.
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made = new Set<string>();
let exitHookSet = false;

/** Makes a folder below the system's temporary one, readable by its owner alone. */
export async function makeTemporaryFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  made.add(folder);
  if (!exitHookSet) {
    exitHookSet = true;
    process.once("exit", () => {
      for (const left of made) rmSync(left, { recursive: true, force: true });
    });
  }
  return folder;
}

/** Removes a folder with all below it; missing is fine. */
export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  made.delete(folder);
}
