// What is known of one owner: what it wants, what is installed for it, and what has to be done next.
import type { LocalInterface, NetworkInterface } from "../interface.ts";
import { sameInterface } from "../interface.ts";
import { deviceName } from "../mac-address.ts";

/** A device on the bridge. */
export interface LocalPort {
  readonly local: LocalInterface;
  /** The OpenFlow port, or 0 while there is none. */
  readonly ofport: number;
}

/** One for each owner. Kept small: there are 100,000 of them. */
export interface Entry {
  readonly owner: string;
  /** What the owner declared last; nothing once released. */
  wanted: NetworkInterface | undefined;
  /** `wanted`, once its address is the owner's and nothing is wrong with it. */
  target: NetworkInterface | undefined;
  /** What the switch has flows for. */
  flows: NetworkInterface | undefined;
  /** The OpenFlow port that those flows of a local interface speak of; 0 for a remote one. */
  flowsPort: number;
  /** The device, from the moment that it is asked for until it is gone. */
  port: LocalPort | undefined;
  /** What was told as implemented last. */
  told: NetworkInterface | undefined;
  /** Part of a batch whose outcome is awaited. */
  isBusy: boolean;
  /** It has been told, or was there from an earlier run, as it is wanted now. */
  isKept: boolean;
  /** It has no outcome yet. */
  isUnsettled: boolean;
}

/** A new owner. */
export function makeEntry(owner: string): Entry {
  return {
    owner,
    wanted: undefined,
    target: undefined,
    flows: undefined,
    flowsPort: 0,
    port: undefined,
    told: undefined,
    isBusy: false,
    isKept: false,
    isUnsettled: false,
  };
}

/** The device's name of a local interface. */
export function deviceOf(local: LocalInterface): string {
  return deviceName(local.vni, local.ipv4);
}

/** True if the entry has no flows and wants those of another host's interface. */
export function isAddition(entry: Entry): boolean {
  return entry.flows === undefined && entry.target?.kind === "remote";
}

/** What an entry needs next, one thing at a time. */
export type Step = "make-port" | "install" | "uninstall" | "delete-port" | "done";

/**
 * Flows come after the port and go before it. Flows for another place of the same owner replace each other in one bundle,
 * unless a port has to be changed for another: then the old is taken down first.
 */
export function nextStep(entry: Entry): Step {
  const { target, port, flows } = entry;
  if (target?.kind === "local" && (port === undefined || sameInterface(port.local, target))) {
    // Another device may get the number of a port that is lost.
    if (port === undefined || port.ofport === 0) return flows?.kind === "local" ? "uninstall" : "make-port";
    return areFlowsCurrent(entry, target, port.ofport) ? "done" : "install";
  }
  if (target?.kind === "remote" && !areFlowsCurrent(entry, target, 0)) return "install";
  if (target?.kind !== "remote" && flows !== undefined) return "uninstall";
  return port === undefined ? "done" : "delete-port";
}

/** The OpenFlow port for the flows of the target: 0 for a remote interface, `undefined` while a local one has none. */
export function targetPort(entry: Entry): number | undefined {
  const { target, port } = entry;
  if (target === undefined) return undefined;
  if (target.kind === "remote") return 0;
  return port === undefined || port.ofport === 0 || !sameInterface(port.local, target) ? undefined : port.ofport;
}

function areFlowsCurrent(entry: Entry, target: NetworkInterface, port: number): boolean {
  return entry.flows !== undefined && entry.flowsPort === port && sameInterface(entry.flows, target);
}
