// Reference programs that run on Node: bundled into a temporary folder, with a Node that is new enough for them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { peersFolder, programOnPath } from "@coracle/test/peers/kubernetes";
import { CannotRun } from "./bench.ts";

/** @kubernetes/client-node needs `zlib`'s zstd, which came with Node 22.15. */
const NODE_MAJOR_MIN = 24;
/** Taken from the npm registry into the cache where the machine's own is older. */
const NODE_VERSION = "26.10.0";

/** The path of a Node that runs the references; brought from the npm registry if need be. */
export async function referenceNode(): Promise<string> {
  const own = programOnPath("node");
  if (own !== undefined && nodeMajor(own) >= NODE_MAJOR_MIN) return own;
  const folder = join(peersFolder(), `node-${NODE_VERSION}`);
  const path = join(folder, "package/bin/node");
  if (existsSync(path)) return path;
  const unfinished = `${folder}.${process.pid}.unfinished`;
  await mkdir(unfinished, { recursive: true });
  try {
    const arch = process.arch === "arm64" ? "arm64" : "x64";
    spawnSync("npm", ["pack", "--silent", `node-linux-${arch}@${NODE_VERSION}`], { cwd: unfinished });
    const tarball = (await readdir(unfinished)).find((file) => file.endsWith(".tgz"));
    if (tarball !== undefined) spawnSync("tar", ["-xzf", tarball], { cwd: unfinished });
    if (!existsSync(join(unfinished, "package/bin/node")))
      throw new CannotRun(`no Node ${NODE_MAJOR_MIN} is here`, `Put one on PATH, or npm with a way to its registry.`);
    if (tarball !== undefined) await rm(join(unfinished, tarball));
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return path;
}

function nodeMajor(program: string): number {
  const run = spawnSync(program, ["--version"], { encoding: "utf8" });
  return Number(/^v(\d+)\./.exec(run.stdout ?? "")?.[1] ?? 0);
}

/** Bundles `source` for Node into `folder`; answers the file. */
export function bundleForNode(source: string, folder: string): string {
  const target = join(folder, `${source.slice(source.lastIndexOf("/") + 1).replace(/\.ts$/, "")}.mjs`);
  const run = spawnSync(process.execPath, ["build", "--target=node", `--outfile=${target}`, source], {
    encoding: "utf8",
  });
  if (run.status !== 0) throw new Error(`Cannot bundle ${source}: ${run.stderr}`);
  return target;
}
