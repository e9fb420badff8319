// A guest: a network namespace that a host's device is moved into, as a container's would be.
import { sleep, systemClock } from "@coracle/runtime";
import { Capture } from "./capture.ts";
import type { Host } from "./host.ts";
import { LaboratoryError } from "./laboratory-error.ts";
import { type PingOptions, type PingResult, ping } from "./ping.ts";
import { type CommandOptions, type CommandResult, runCommand, tryCommand } from "./run-command.ts";

const PLUG_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 100;
const PING_AGAIN_MS = 20;
const ARP_AGAIN_MS = 100;

/** What a guest is made of. */
export interface GuestOptions {
  readonly host: Host;
  readonly netns: string;
  /** The device in the host's namespace that becomes the guest's. */
  readonly device: string;
  /** Its address with the subnet's prefix length, such as `10.1.0.2/24`. */
  readonly address: string;
}

/**
 * A running guest. Whenever a device of its name appears in the host's namespace it is moved in: a userspace datapath makes new
 * devices when Open vSwitch restarts, and leaves the old ones behind without a carrier. A device is moved once it has the MAC
 * address that the database asks for, which ovs-vswitchd sets last: it cannot set it in another namespace, nor does it try again.
 */
export class Guest {
  readonly host: Host;
  readonly netns: string;
  readonly device: string;
  readonly address: string;
  readonly #forgetDevice: () => void;
  #plugging: Promise<boolean> = Promise.resolve(false);
  #plugs = 0;
  /** What the database asks for: no address if nothing, `undefined` until it was asked. */
  #mac: string | undefined;
  #isClosed = false;

  constructor(options: GuestOptions) {
    this.host = options.host;
    this.netns = options.netns;
    this.device = options.device;
    this.address = options.address;
    this.#forgetDevice = options.host.links.onDevice(options.device, () => void this.#plug());
  }

  /** The address without its prefix length. */
  get ip(): string {
    return this.address.split("/")[0] ?? "";
  }

  /** How often a device was moved in: more than once after Open vSwitch made it anew. */
  get plugs(): number {
    return this.#plugs;
  }

  /** Makes the namespace and waits until the device is in it. Throws {@link LaboratoryError} if none comes in 20 s. */
  async start(): Promise<void> {
    await runCommand(["ip", "netns", "add", this.netns]);
    for (let waitedMs = 0; this.#plugs === 0; waitedMs += LOOK_EVERY_MS) {
      if (await this.#plug()) break;
      if (this.#isClosed || waitedMs > PLUG_TIMEOUT_MS) {
        const where = `host ${this.host.name} within ${PLUG_TIMEOUT_MS} ms`;
        throw new LaboratoryError("TIMEOUT", `Cannot place a guest: device ${this.device} did not appear on ${where}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** One ping to an IPv4 address. */
  ping(address: string, options?: PingOptions): Promise<PingResult> {
    return ping(this.netns, address, options);
  }

  /** Pings until there is a reply, and gives how long that took in all; throws `TIMEOUT` after `timeoutMs` (default 10 000). */
  async pingUntilReply(address: string, timeoutMs: number = 10_000): Promise<PingResult & { readonly kind: "reply" }> {
    const startedMs = systemClock.now();
    for (;;) {
      const result = await this.ping(address, { timeoutMs: 250 });
      if (result.kind === "reply") return result;
      if (systemClock.now() - startedMs > timeoutMs) {
        const what = `${address} did not answer ${this.ip} within ${timeoutMs} ms`;
        throw new LaboratoryError("TIMEOUT", `Cannot ping as ${what}; the last ping was ${result.kind}`);
      }
      await sleep(PING_AGAIN_MS);
    }
  }

  /** Runs a program inside the guest. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return tryCommand(["ip", "netns", "exec", this.netns, ...argv], options);
  }

  /** Captures, and lets one send, whole frames on the guest's device. */
  capture(): Promise<Capture> {
    return Capture.start(this.netns, this.device);
  }

  /** Removes the guest; the device goes with it if its port was not removed before. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forgetDevice();
    await this.#plugging;
    await tryCommand(["ip", "netns", "delete", this.netns]);
  }

  /** Moves the device in if it is there; one attempt after the other, since news and looks cross. */
  #plug(): Promise<boolean> {
    this.#plugging = this.#plugging.then(() => this.#plugNow());
    return this.#plugging;
  }

  async #plugNow(): Promise<boolean> {
    const { netns, device, host, address } = this;
    if (this.#isClosed) return false;
    if (!(await this.#isFinished())) return false;
    // One that Open vSwitch left without a carrier holds the name.
    if (this.#plugs > 0) await tryCommand(["ip", "-n", netns, "link", "delete", device]);
    const moved = await tryCommand(["ip", "-n", host.netns, "link", "set", device, "netns", netns]);
    if (moved.code !== 0) return false;
    const lines = [
      "link set lo up",
      // Linux asks for a neighbour once a second: a question that comes before its answer is known would cost that second.
      `ntable change name arp_cache dev ${device} retrans ${ARP_AGAIN_MS}`,
      `addr replace ${address} dev ${device}`,
      `link set ${device} up`,
      `route replace default dev ${device}`,
    ];
    const configured = await tryCommand(["ip", "-n", netns, "-batch", "-"], { stdin: `${lines.join("\n")}\n` });
    if (configured.code !== 0) return false;
    this.#plugs++;
    return true;
  }

  /** True if the device is in the host's namespace and ovs-vswitchd has done all it does to a new one. */
  async #isFinished(): Promise<boolean> {
    const { device, host } = this;
    const shown = await tryCommand(["ip", "-n", host.netns, "-o", "link", "show", device]);
    if (shown.code !== 0) return false;
    this.#mac ??= await askedMac(host, device);
    return shown.stdout.includes(`link/ether ${this.#mac}`);
  }
}

/** The MAC address that the database asks for; empty if none, `undefined` if the database does not answer now. */
async function askedMac(host: Host, device: string): Promise<string | undefined> {
  const asked = ["--if-exists", "get", "interface", device, "mac"];
  const told = await host.vsctl(asked).catch(() => undefined);
  return told === undefined ? undefined : (/[0-9a-f:]{17}/.exec(told.toLowerCase())?.[0] ?? "");
}
