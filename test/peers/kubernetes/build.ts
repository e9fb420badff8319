// Builds peers from the Go module proxy into the cache of peers: once per release, never half.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { pinGoModule } from "./go-module.ts";
import { goProgram } from "./go-toolchain.ts";
import { type GoPeer, KUBE_APISERVER, peerPath } from "./version.ts";

/** Told what the build does; `done` of `total` packages while it compiles. */
export interface BuildProgress {
  step(text: string): void;
  compiled(done: number, total: number): void;
}

/** Builds `peer` unless it is there; returns whether it was built. Two builds at once wait for each other. */
export async function buildPeer(peer: GoPeer, progress: BuildProgress): Promise<boolean> {
  const path = peerPath(peer);
  const folder = dirname(path);
  const go = (args: readonly string[], onLine?: () => void): Promise<string> => runGo(peer.folder, args, onLine);
  await mkdir(folder, { recursive: true });
  return await withLock(`${folder}/lock`, progress, async () => {
    if (peer === KUBE_APISERVER && (await pinGoModule(peer.version, go)))
      progress.step(`go.mod now pins ${peer.version}: commit it`);
    if (existsSync(path)) return false;
    progress.step("fetching modules");
    await go(["mod", "download"]);
    const packages = await go(["list", "-deps", "."]);
    const total = packages.trim().split("\n").length;
    progress.step(`compiling ${total} packages (some minutes the first time)`);
    const unfinished = `${path}.${process.pid}.unfinished`;
    let done = 0;
    try {
      // -v names each package when it is compiled; packages in Go's own cache are not named.
      await go(["build", "-v", "-trimpath", "-ldflags", linkerFlags(peer), "-o", unfinished, "."], () => {
        done += 1;
        progress.compiled(done, total);
      });
      await rename(unfinished, path);
    } finally {
      await rm(unfinished, { force: true });
    }
    return true;
  });
}

/** What `/version` answers with; without it kubectl cannot read the server's version. */
function linkerFlags(peer: GoPeer): string {
  if (peer !== KUBE_APISERVER) return "-s -w";
  const [major = "", minor = ""] = peer.version.slice(1).split(".");
  const set = (name: string, value: string): string => `-X k8s.io/component-base/version.${name}=${value}`;
  return [
    "-s -w",
    set("gitVersion", peer.version),
    set("gitMajor", major),
    set("gitMinor", minor),
    set("gitTreeState", "clean"),
  ].join(" ");
}

/** Runs go in a module's folder. `onLine` gets stderr by line instead of it being kept for the error. */
async function runGo(folder: string, args: readonly string[], onLine?: () => void): Promise<string> {
  const child = spawn(await goProgram(), args, {
    cwd: folder,
    // A go that is older than a go.mod asks for fetches a newer one.
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off", GOTOOLCHAIN: "auto" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let tail: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail = [...tail.slice(-19), line];
    onLine?.();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`Cannot run \`go ${args[0]}\`: exit code ${code}: ${tail.join(" | ")}`);
  return out;
}

const LOCK_WAIT_MS = 500;
const LOCK_ATTEMPTS_MAX = 7200;

/** Runs `body` while this process alone holds `path`. A lock whose owner is dead is taken over. */
async function withLock<T>(path: string, progress: BuildProgress, body: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(path, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const owner = Number(await readFile(path, "utf8").catch(() => "0"));
    if (attempt >= LOCK_ATTEMPTS_MAX) throw new Error(`Cannot lock ${path}: process ${owner} has held it for an hour`);
    // An owner that has not written its id yet reads as 0: give it a moment before calling it dead.
    if (owner > 0 ? !alive(owner) : attempt > 10) await rm(path, { force: true });
    else {
      if (attempt === 0) progress.step(`waiting for another build (process ${owner})`);
      await delay(LOCK_WAIT_MS);
    }
  }
  try {
    return await body();
  } finally {
    await rm(path, { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
