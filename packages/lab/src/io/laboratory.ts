// A whole laboratory: made in one call, removed in one call, and found again by the next one if its owner is killed.
import { assert } from "@coracle/base";
import { joinPath, systemRandom } from "@coracle/runtime";
import { guestNetns, hostNames, type LaboratoryPlan, planLaboratory, SWITCH_BRIDGE } from "../host-plan.ts";
import { Guest } from "./guest.ts";
import { Host, type HostEvent } from "./host.ts";
import { forgetLaboratory, registerLaboratory, removeLaboratory, runFolder, sweepAbandoned } from "./register.ts";
import { runCommand } from "./run-command.ts";

/** More guests than this are refused. */
const GUESTS_MAX = 4096;

/** How to make a laboratory. */
export interface LaboratoryOptions {
  /** Names of the hosts, or how many: then they are `a`, `b`, …. At most 16. */
  readonly hosts: readonly string[] | number;
  /** Name of the laboratory: `cora` and up to 12 letters or digits. Default: one by chance. */
  readonly name?: string | undefined;
  /** True starts Open vSwitch again when it ends without being asked to. Default false. */
  readonly isSupervised?: boolean | undefined;
  readonly onEvent?: ((event: HostEvent) => void) | undefined;
}

/** What makes a guest: see {@link Laboratory.addGuest}. */
export interface NewGuest {
  /** Name of the host. */
  readonly host: string;
  /** Names the guest's namespace, with the laboratory's name before it. */
  readonly name: string;
  readonly device: string;
  /** `10.1.0.2/24` */
  readonly address: string;
}

/**
 * Makes a laboratory of hosts joined by an underlay, each with a running Open vSwitch and its address on a bridge. First removes
 * laboratories whose owner was killed. Needs root, iproute2 and Open vSwitch (`laboratorySupport()`); throws `LaboratoryError`,
 * and then leaves nothing behind.
 */
export async function createLaboratory(options: LaboratoryOptions): Promise<Laboratory> {
  await sweepAbandoned();
  const names = typeof options.hosts === "number" ? hostNames(options.hosts) : options.hosts;
  const plan = planLaboratory(options.name ?? randomName(), names);
  await registerLaboratory(plan.name);
  try {
    // A name may have been used before by a process that ended without this register.
    await removeLaboratory(plan.name);
    const hosts = await startHosts(plan, options);
    return new Laboratory(plan.name, hosts);
  } catch (thrown) {
    await removeLaboratory(plan.name);
    await forgetLaboratory(plan.name);
    throw thrown;
  }
}

/** A running laboratory. */
export class Laboratory {
  readonly name: string;
  readonly hosts: readonly Host[];
  readonly #guests = new Map<string, Guest>();
  readonly #guestsMax: number;
  #closing: Promise<void> | undefined;

  constructor(name: string, hosts: readonly Host[], guestsMax: number = GUESTS_MAX) {
    this.name = name;
    this.hosts = hosts;
    this.#guestsMax = guestsMax;
  }

  /** The guests placed and not removed. */
  get guests(): readonly Guest[] {
    return [...this.#guests.values()];
  }

  /** The host of this name. */
  host(name: string): Host {
    const host = this.hosts.find((candidate) => candidate.name === name);
    assert(host !== undefined, `Cannot find host "${name}": there are ${this.hosts.map((one) => one.name).join(", ")}`);
    return host;
  }

  /** The guest of this name, if there is one. */
  guest(name: string): Guest | undefined {
    return this.#guests.get(name);
  }

  /** Makes a guest and moves the host's device into it, waiting for the device up to 20 s. */
  async addGuest({ host, name, device, address }: NewGuest): Promise<Guest> {
    assert(this.#guests.size < this.#guestsMax, `Cannot add a guest: there are ${this.#guestsMax}`);
    assert(!this.#guests.has(name), `Cannot add guest "${name}": there is one of this name`);
    const guest = new Guest({ host: this.host(host), netns: guestNetns(this.name, name), device, address });
    this.#guests.set(name, guest);
    try {
      await guest.start();
      return guest;
    } catch (thrown) {
      await this.removeGuest(name);
      throw thrown;
    }
  }

  /** Removes a guest; no harm if there is none of this name. */
  async removeGuest(name: string): Promise<void> {
    const guest = this.#guests.get(name);
    this.#guests.delete(name);
    await guest?.close();
  }

  /** Ends every process and removes every namespace and file of the laboratory. */
  close(): Promise<void> {
    this.#closing ??= this.#removeAll();
    return this.#closing;
  }

  async #removeAll(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.close()));
    await Promise.all([...this.#guests.values()].map((guest) => guest.close()));
    await removeLaboratory(this.name);
    await forgetLaboratory(this.name);
  }
}

async function startHosts(plan: LaboratoryPlan, options: LaboratoryOptions): Promise<Host[]> {
  await runCommand(["ip", "netns", "add", plan.switchNetns]);
  await runCommand(["ip", "-n", plan.switchNetns, "link", "add", SWITCH_BRIDGE, "type", "bridge"]);
  await runCommand(["ip", "-n", plan.switchNetns, "link", "set", SWITCH_BRIDGE, "up"]);
  const hosts = plan.hosts.map(
    (host) =>
      new Host(host, plan.switchNetns, {
        folder: joinPath(runFolder(plan.name), host.name),
        isSupervised: options.isSupervised ?? false,
        onEvent: options.onEvent ?? (() => undefined),
      }),
  );
  const started = await Promise.allSettled(hosts.map((host) => host.start()));
  for (const result of started) {
    if (result.status === "fulfilled") continue;
    await Promise.all(hosts.map((host) => host.close()));
    throw result.reason;
  }
  return hosts;
}

function randomName(): string {
  return `cora${Math.floor(systemRandom.next() * 0xffff_ffff).toString(36)}`;
}
