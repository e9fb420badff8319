// Our compiled binaries, as `bun run build` makes them.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { CannotRun } from "./bench.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Binaries with an HTTP or API listener of their own, by package. */
export type BinaryName = "apiserver" | "dtls-router" | "heartbeat" | "ipam" | "load" | "ovs-agent" | "watcher";

/** Builds the named binaries for this machine, so that none is older than its sources; answers their paths. */
export function buildBinaries<N extends BinaryName>(names: readonly N[]): Readonly<Record<N, string>> {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const run = spawnSync(process.execPath, [join(ROOT, "tools/src/build.ts"), ...names, "--arch", arch], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (run.status !== 0) throw new CannotRun(`its binaries do not build: ${run.stderr}`, "Repair `bun run build`.");
  const paths = names.map((name) => [name, join(ROOT, "dist", `coracle-${name}`)] as const);
  return Object.fromEntries(paths) as Record<N, string>;
}
