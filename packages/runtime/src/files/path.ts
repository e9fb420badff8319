// Path arithmetic, over node:path.
import * as path from "node:path";

/** Joins parts with `/` and normalises the result. */
export function joinPath(...parts: readonly string[]): string {
  return path.join(...parts);
}

/** The path made absolute from the working directory, or from `base`. */
export function resolvePath(base: string, ...parts: readonly string[]): string {
  return path.resolve(base, ...parts);
}

/** The directory a path lies in. */
export function directoryOf(filePath: string): string {
  return path.dirname(filePath);
}

/** The last part of a path. */
export function baseName(filePath: string): string {
  return path.basename(filePath);
}

/** True for a path that starts at the root. */
export function isAbsolutePath(filePath: string): boolean {
  return path.isAbsolute(filePath);
}

/** The directories of a `PATH`-like list. */
export function splitPathList(list: string): readonly string[] {
  return list.split(path.delimiter).filter((part) => part !== "");
}
