// An Open vSwitch of one test's own: dummy datapath, no kernel, private run directory; gone whatever happens.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const WAIT_MS = 20_000;
const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };

/** The installed version, as `3.1.0`, or `undefined` when Open vSwitch is missing. */
export function ovsVersion(): string | undefined {
  const result = spawnSync("ovs-vswitchd", ["--version"], { env, encoding: "utf8" });
  return result.status === 0 ? /\) (\S+)/.exec(result.stdout)?.[1] : undefined;
}

/** Runs `body` with a private Open vSwitch, or says that it did not and why. */
export async function withOvs(name: string, body: (ovs: PrivateOvs) => Promise<void>): Promise<void> {
  if (ovsVersion() === undefined) {
    process.stdout.write(`did not run: ${name}: Open vSwitch is not installed (Debian: openvswitch-switch)\n`);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "coracle-ovs-"));
  const ovs = new PrivateOvs(folder);
  try {
    await ovs.startDatabase();
    await ovs.startSwitch();
    await body(ovs);
  } finally {
    await ovs.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a program of Open vSwitch against this one. */
export interface ToolResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** See {@link withOvs}. */
export class PrivateOvs {
  readonly folder: string;
  #database: ChildProcess | undefined;
  #switch: ChildProcess | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The socket of ovsdb-server. */
  get databaseSocket(): string {
    return join(this.folder, "db.sock");
  }

  /** The management socket of a bridge. */
  managementSocket(bridge: string): string {
    return join(this.folder, `${bridge}.mgmt`);
  }

  async startDatabase(): Promise<void> {
    const file = join(this.folder, "conf.db");
    if (!(await exists(file))) {
      const made = this.tool("ovsdb-tool", ["create", file, SCHEMA]);
      if (made.status !== 0) throw new Error(`ovsdb-tool: ${made.stderr}`);
    }
    const control = join(this.folder, "ovsdb.ctl");
    await rm(this.databaseSocket, { force: true });
    this.#database = this.#spawn("ovsdb-server", [
      file,
      `--remote=punix:${this.databaseSocket}`,
      `--unixctl=${control}`,
    ]);
    await until("ovsdb-server listens", () => exists(this.databaseSocket));
  }

  /** With `netdev`, dummies take the place of the userspace datapath and its devices; the kernel's is missing either way. */
  async startSwitch(datapath: "dummy" | "netdev" = "dummy"): Promise<void> {
    const control = join(this.folder, "vswitchd.ctl");
    await rm(control, { force: true });
    // In this order: what is disabled later is there as a dummy.
    const dummies = datapath === "dummy" ? "--enable-dummy" : "--enable-dummy=override";
    const options = ["--disable-system", dummies, `--unixctl=${control}`];
    this.#switch = this.#spawn("ovs-vswitchd", [`unix:${this.databaseSocket}`, ...options]);
    await until("ovs-vswitchd listens", () => exists(control));
  }

  /** SIGKILL, and waits until it is gone. */
  async killSwitch(): Promise<void> {
    await killAndWait(this.#switch);
  }

  /** SIGKILL, and waits until it is gone. */
  async killDatabase(): Promise<void> {
    await killAndWait(this.#database);
  }

  /** Makes a bridge on the dummy datapath, with fail mode secure. */
  addBridge(bridge: string): void {
    const settings = ["datapath_type=dummy", "fail_mode=secure"];
    const result = this.vsctl(["add-br", bridge, "--", "set", "bridge", bridge, ...settings]);
    if (result.status !== 0) throw new Error(`ovs-vsctl: ${result.stderr}`);
  }

  vsctl(args: readonly string[]): ToolResult {
    return this.tool("ovs-vsctl", ["--timeout=15", `--db=unix:${this.databaseSocket}`, ...args]);
  }

  ofctl(args: readonly string[], input?: string): ToolResult {
    return this.tool("ovs-ofctl", ["--timeout=60", ...args], input);
  }

  tool(program: string, args: readonly string[], input?: string): ToolResult {
    const given = input === undefined ? {} : { input };
    const result = spawnSync(program, args, { env: this.#env(), encoding: "utf8", maxBuffer: 1 << 28, ...given });
    return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  async stop(): Promise<void> {
    await killAndWait(this.#switch);
    await killAndWait(this.#database);
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    return spawn(program, [...args, "--no-chdir", "-vconsole:off", "-vsyslog:off"], {
      env: this.#env(),
      stdio: "ignore",
    });
  }

  #env(): Record<string, string | undefined> {
    return {
      ...env,
      OVS_RUNDIR: this.folder,
      OVS_LOGDIR: this.folder,
      OVS_DBDIR: this.folder,
      OVS_SYSCONFDIR: this.folder,
    };
  }
}

/** Polls until `condition` holds; throws after 20 s. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${WAIT_MS} ms in vain until ${what}`);
    await sleep(10);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function killAndWait(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => {
    child.once("exit", resolve);
  });
  child.kill("SIGKILL");
  await gone;
}
