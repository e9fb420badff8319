// One host: a network namespace with an underlay device, its own ovsdb-server and ovs-vswitchd on the userspace datapath.
import { joinPath, makeDirectory, type SignalName } from "@coracle/runtime";
import { type HostPlan, SWITCH_BRIDGE, UNDERLAY_BRIDGE, UNDERLAY_DEVICE } from "../host-plan.ts";
import { Capture } from "./capture.ts";
import { Daemon } from "./daemon.ts";
import { LinkWatch } from "./link-watch.ts";
import { type CommandOptions, type CommandResult, runCommand, tryCommand, until } from "./run-command.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const TOOL_TIMEOUT_S = 15;
const LOG_OPTIONS = ["--no-chdir", "-vconsole:off", "-vsyslog:off", "-vfile:info"];

/** What a host tells: one of its two daemons ended without being asked to, and whether it was started again. */
export interface HostEvent {
  readonly host: string;
  readonly daemon: "ovsdb-server" | "ovs-vswitchd";
  readonly isRestarted: boolean;
}

/** How a host behaves. */
export interface HostOptions {
  /** Folder of its own. */
  readonly folder: string;
  /** Start a daemon again that ended without being asked to. */
  readonly isSupervised: boolean;
  readonly onEvent: (event: HostEvent) => void;
}

/** A running host. Agents reach its Open vSwitch by the sockets in {@link ovsRunDir}, from any namespace. */
export class Host {
  readonly name: string;
  readonly netns: string;
  /** Underlay address: the local address of its tunnels. */
  readonly hostIp: string;
  /** Where `db.sock` and the bridges' `.mgmt` sockets are. */
  readonly ovsRunDir: string;
  /** News of devices in its namespace. */
  readonly links: LinkWatch;
  readonly #plan: HostPlan;
  readonly #switchNetns: string;
  readonly #options: HostOptions;
  readonly #database: Daemon;
  readonly #switch: Daemon;
  #isMade = false;

  constructor(plan: HostPlan, switchNetns: string, options: HostOptions) {
    this.name = plan.name;
    this.netns = plan.netns;
    this.hostIp = plan.hostIp;
    this.ovsRunDir = options.folder;
    this.links = new LinkWatch(plan.netns);
    this.#plan = plan;
    this.#switchNetns = switchNetns;
    this.#options = options;
    this.#database = this.#daemon("ovsdb-server", () => this.startDatabase());
    this.#switch = this.#daemon("ovs-vswitchd", () => this.startSwitch());
  }

  /** Makes namespace, underlay and Open vSwitch; resolves when the underlay address answers. */
  async start(): Promise<void> {
    const { netns, switchPort } = this.#plan;
    await runCommand(["ip", "netns", "add", netns]);
    const peer = ["peer", "name", UNDERLAY_DEVICE, "netns", netns];
    await runCommand(["ip", "-n", this.#switchNetns, "link", "add", switchPort, "type", "veth", ...peer]);
    await runCommand(["ip", "-n", this.#switchNetns, "link", "set", switchPort, "master", SWITCH_BRIDGE, "up"]);
    await runCommand(["ip", "-n", netns, "link", "set", "lo", "up"]);
    await runCommand(["ip", "-n", netns, "link", "set", UNDERLAY_DEVICE, "up"]);
    await makeDirectory(this.ovsRunDir);
    await runCommand(["ovsdb-tool", "create", joinPath(this.ovsRunDir, "conf.db"), SCHEMA]);
    await this.links.start();
    await this.startDatabase();
    await this.#switch.start(this.#switchCommand(), this.#env(), this.#switchSocket());
    const bridge = ["add-br", UNDERLAY_BRIDGE, "--", "set", "bridge", UNDERLAY_BRIDGE, "datapath_type=netdev"];
    // A fixed MAC: the other hosts remember it for minutes, and a device made anew would get another one.
    const address = `other_config:hwaddr="${this.#plan.hostMac}"`;
    await this.vsctl([...bridge, address, "--", "add-port", UNDERLAY_BRIDGE, UNDERLAY_DEVICE]);
    this.#isMade = true;
    await this.#settle();
  }

  /** Starts ovsdb-server, or resolves at once if it runs. */
  async startDatabase(): Promise<void> {
    const socket = joinPath(this.ovsRunDir, "db.sock");
    const argv = [
      "ovsdb-server",
      joinPath(this.ovsRunDir, "conf.db"),
      `--remote=punix:${socket}`,
      `--unixctl=${joinPath(this.ovsRunDir, "ovsdb-server.ctl")}`,
      `--log-file=${joinPath(this.ovsRunDir, "ovsdb-server.log")}`,
      ...LOG_OPTIONS,
    ];
    await this.#database.start(this.#inNamespace(argv), this.#env(), socket);
    await this.#settle();
  }

  /** Starts ovs-vswitchd. With the database running it resolves when the bridges and the underlay address are back. */
  async startSwitch(): Promise<void> {
    await this.#switch.start(this.#switchCommand(), this.#env(), this.#switchSocket());
    await this.#settle();
  }

  /** Ends ovs-vswitchd (default SIGKILL) and waits until it is gone. It stays away until {@link startSwitch}. */
  killSwitch(signal: SignalName = "SIGKILL"): Promise<void> {
    return this.#switch.end(signal);
  }

  /**
   * Ends ovsdb-server (default SIGKILL) and waits until it is gone. It stays away until {@link startDatabase}. Until then the
   * userspace datapath stands still: ovs-vswitchd leaves its main loop early without the database's lock (vswitchd/bridge.c).
   */
  killDatabase(signal: SignalName = "SIGKILL"): Promise<void> {
    return this.#database.end(signal);
  }

  /** {@link killSwitch} and {@link startSwitch}. */
  async restartSwitch(signal: SignalName = "SIGKILL"): Promise<void> {
    await this.killSwitch(signal);
    await this.startSwitch();
  }

  /** Process ids of the daemons that run. */
  get daemonPids(): readonly number[] {
    return [this.#database.pid, this.#switch.pid].filter((pid) => pid !== undefined);
  }

  /** Cuts or joins the cable between this host and the switch. */
  async setCable(isPlugged: boolean): Promise<void> {
    const state = isPlugged ? "up" : "down";
    await runCommand(["ip", "-n", this.#switchNetns, "link", "set", this.#plan.switchPort, state]);
  }

  /** Runs a program inside the host's namespace. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return tryCommand(this.#inNamespace(argv), { ...options, env: { ...this.#env(), ...options?.env } });
  }

  /** Runs `ovs-vsctl` against this host and gives what it printed; throws if it refused. */
  vsctl(args: readonly string[]): Promise<string> {
    const database = `--db=unix:${joinPath(this.ovsRunDir, "db.sock")}`;
    return runCommand(["ovs-vsctl", `--timeout=${TOOL_TIMEOUT_S}`, database, ...args], { env: this.#env() });
  }

  /** Runs an `ovs-ofctl` command on a bridge of this host and gives what it printed; throws if it refused. */
  ofctl(command: string, bridge: string, args: readonly string[] = [], stdin?: string): Promise<string> {
    const target = `unix:${joinPath(this.ovsRunDir, `${bridge}.mgmt`)}`;
    const argv = ["ovs-ofctl", `--timeout=${TOOL_TIMEOUT_S}`, "-O", "OpenFlow14", command, target, ...args];
    return runCommand(argv, { env: this.#env(), stdin });
  }

  /** Captures what passes on the underlay between this host and the others. */
  captureUnderlay(): Promise<Capture> {
    return Capture.start(this.netns, UNDERLAY_DEVICE);
  }

  /** Stops the daemons; namespaces go with the laboratory. */
  async close(): Promise<void> {
    this.links.close();
    await this.#switch.end("SIGKILL");
    await this.#database.end("SIGKILL");
  }

  #daemon(name: HostEvent["daemon"], start: () => Promise<void>): Daemon {
    return new Daemon(name, () => {
      const isRestarted = this.#options.isSupervised;
      this.#options.onEvent({ host: this.name, daemon: name, isRestarted });
      return isRestarted ? start() : Promise.resolve();
    });
  }

  /** Once both daemons run: the bridges are made again, and a device that is new has no address yet. */
  async #settle(): Promise<void> {
    if (!this.#isMade || this.daemonPids.length < 2) return;
    const list = ["ovs-appctl", "--timeout=5", "-t", this.#switchSocket(), "ofproto/list"];
    const isMade = async (): Promise<boolean> => (await tryCommand(list)).stdout.split("\n").includes(UNDERLAY_BRIDGE);
    await until(`the bridges of host ${this.name}`, async () => this.daemonPids.length < 2 || (await isMade()));
    const batch = `link set ${UNDERLAY_BRIDGE} up\naddr replace ${this.#plan.hostCidr} dev ${UNDERLAY_BRIDGE}\n`;
    await runCommand(["ip", "-n", this.netns, "-batch", "-"], { stdin: batch });
  }

  #switchSocket(): string {
    return joinPath(this.ovsRunDir, "ovs-vswitchd.ctl");
  }

  #switchCommand(): readonly string[] {
    return this.#inNamespace([
      "ovs-vswitchd",
      `unix:${joinPath(this.ovsRunDir, "db.sock")}`,
      "--disable-system",
      `--unixctl=${this.#switchSocket()}`,
      `--log-file=${joinPath(this.ovsRunDir, "ovs-vswitchd.log")}`,
      ...LOG_OPTIONS,
    ]);
  }

  #inNamespace(argv: readonly string[]): readonly string[] {
    return ["ip", "netns", "exec", this.netns, ...argv];
  }

  #env(): Record<string, string> {
    const folder = this.ovsRunDir;
    return { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder };
  }
}
