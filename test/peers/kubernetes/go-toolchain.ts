// The go that builds peers: the one on PATH, or, if that is too old to fetch a newer one itself, one it brings as a module.
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** New enough for every peer's go.mod. */
const GO_TOOLCHAIN = "go1.26.3";

const run = promisify(execFile);

let found: Promise<string> | undefined;

/** The command of a go that can build every peer. Looked for once; what was fetched stays in Go's module cache. */
export function goProgram(): Promise<string> {
  found ??= findGo();
  return found;
}

/** True if this go, told by `go version`, switches to the toolchain that a go.mod asks for: 1.21 was the first. */
export function switchesToolchains(version: string): boolean {
  const [, major = "0", minor = "0"] = /\bgo(\d+)\.(\d+)/.exec(version) ?? [];
  // A development version says `devel`: it is newer than any release.
  return /\bdevel\b/.test(version) || Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 21);
}

async function findGo(): Promise<string> {
  return switchesToolchains((await run("go", ["version"])).stdout) ? "go" : await fetchGo();
}

/** Fetches a toolchain from the module proxy, verified by the checksum database as any module is. */
async function fetchGo(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-go-"));
  try {
    await writeFile(join(folder, "go.mod"), "module coracle.dev/peers/toolchain\n");
    const platform = (await run("go", ["env", "GOOS", "GOARCH"])).stdout.trim().split(/\s+/).join("-");
    const module = `golang.org/toolchain@v0.0.1-${GO_TOOLCHAIN}.${platform}`;
    const { stdout } = await run("go", ["mod", "download", "-json", module], { cwd: folder });
    const { Dir } = JSON.parse(stdout) as { readonly Dir: string };
    // Files of modules are not executable.
    for (const programs of [join(Dir, "bin"), join(Dir, "pkg", "tool", platform.replace("-", "_"))]) {
      for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755);
    }
    return join(Dir, "bin", "go");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
