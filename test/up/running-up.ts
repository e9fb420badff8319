// `coracle up` in a folder and on ports of one test's own; ended and removed whatever happens.
import { mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sweepAbandoned } from "@coracle/lab/io";
import { ChildProgram } from "../system/child-program.ts";
import { freePort } from "@coracle/sim";

const ATTEMPTS_MAX = 50;

/** The program. */
export const MAIN: string = join(import.meta.dirname, "../../packages/coracle/src/main.ts");

/** One `up` after another on the same data folder and ports. */
export class Up {
  readonly folder: string;
  readonly data: string;
  /** API server, its health, ipam, watcher, and the first of the two agents; the DTLS cluster has any. */
  readonly ports: readonly number[];
  readonly #children: ChildProgram[] = [];

  private constructor(folder: string, ports: readonly number[]) {
    this.folder = folder;
    this.data = join(folder, "data");
    this.ports = ports;
  }

  static async with(body: (up: Up) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "coracle-up-"));
    const up = new Up(folder, await freePorts());
    try {
      await body(up);
    } finally {
      await Promise.all(up.#children.map((child) => child.end()));
      killIfThere(await up.pid());
      for (const pid of await up.childPids()) killIfThere(pid);
      await sweepAbandoned().catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Starts `up` with the log fabric and without the DTLS cluster. */
  start(...flags: string[]): ChildProgram {
    return this.startWith(["bun", MAIN], "--fabric", "log", "--no-routers", ...flags);
  }

  /** Starts `up` by a command line of one's own. */
  startWith(command: readonly string[], ...flags: string[]): ChildProgram {
    const names = ["--listen", "--apiserver-http", "--ipam-http", "--watcher-http", "--agents-http"];
    const addresses = names.flatMap((name, index) => [name, `127.0.0.1:${this.ports[index]}`]);
    const cluster = ["--cluster-http", "127.0.0.1:0"];
    const child = new ChildProgram([...command, "up", "--data", this.data, ...addresses, ...cluster, ...flags]);
    this.#children.push(child);
    return child;
  }

  /** Pid of the `up` that holds the data folder, which may run behind a wrapper; 0 if none does. */
  async pid(): Promise<number> {
    const holder = await readlink(join(this.data, "up.lock")).catch(() => "");
    return Number(holder.split(":")[0]);
  }

  /** Pids of the children that the running `up` has noted. */
  async childPids(): Promise<number[]> {
    return [...(await this.children()).values()];
  }

  /** The same by the children's names. */
  async children(): Promise<ReadonlyMap<string, number>> {
    const text = await readFile(join(this.data, "up.children"), "utf8").catch(() => "");
    return new Map(Array.from(text.matchAll(/^(\S+) (\d+):/gm), ([, name = "", pid]) => [name, Number(pid)]));
  }
}

function killIfThere(pid: number): void {
  // 0 would be this process's own group.
  if (pid === 0) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** True while a process runs: a zombie does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

/** Five free ports, the last with a free one behind it: two agents listen side by side. */
async function freePorts(): Promise<number[]> {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = await freePort();
    if (!ports.includes(port + 1) && (await isFree(port + 1))) return [...ports, port];
  }
  throw new Error(`Cannot find two free ports side by side in ${ATTEMPTS_MAX} attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
