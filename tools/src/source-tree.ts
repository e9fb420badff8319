// The tree as the checks see it: the files git tracks or would track, with their text.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One file of the tree. */
export interface SourceFile {
  /** Path from the root of the tree, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Where the workspace starts, seen from this file. */
export const workspaceRoot: string = join(import.meta.dirname, "../..");

/** All TypeScript files below `root` that git tracks or has not been told to ignore. */
export function typescriptFiles(root: string = workspaceRoot): SourceFile[] {
  return treePaths(root)
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** All paths below `root` that git tracks or has not been told to ignore and that exist. */
export function treePaths(root: string = workspaceRoot): string[] {
  const listed = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (listed.status !== 0) throw new Error(`Cannot list the tree at ${root}: git said ${listed.stderr.trim()}`);
  return listed.stdout.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
}
