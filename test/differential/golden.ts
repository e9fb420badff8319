// The recorded answers of the real kube-apiserver: one JSON file per area.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RecordedAnswer, Recording } from "./run-script.ts";

/** Where the golden files are. */
export const goldenFolder: string = join(import.meta.dirname, "golden");

/** Reads the golden answers of the areas that have a file. */
export async function readGolden(folder: string = goldenFolder): Promise<Recording> {
  const recording: Record<string, Record<string, RecordedAnswer>> = {};
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".json")) continue;
    recording[name.slice(0, -".json".length)] = JSON.parse(await readFile(join(folder, name), "utf8")) as Record<
      string,
      RecordedAnswer
    >;
  }
  return recording;
}

/** Writes one file per area of `recording`; with `all`, files of other areas are removed. */
export async function writeGolden(recording: Recording, all: boolean, folder: string = goldenFolder): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (all) {
    for (const name of await readdir(folder)) if (!(name.slice(0, -5) in recording)) await rm(join(folder, name));
  }
  for (const [area, answers] of Object.entries(recording))
    await writeFile(join(folder, `${area}.json`), `${JSON.stringify(answers, null, 1)}\n`);
}
