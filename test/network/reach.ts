// Pings that must come through, and what one looks at when they do not.
import { type Guest, LaboratoryError } from "@coracle/lab/io";
import type { NetworkSystem } from "./network-system.ts";

const WAIT_MS = 60_000;

/** Pings until there is a reply; throws with the state of both hosts after a minute without one. */
export async function reach(network: NetworkSystem, from: Guest, to: Guest): Promise<void> {
  try {
    await from.pingUntilReply(to.ip, WAIT_MS);
  } catch (thrown) {
    if (!(thrown instanceof LaboratoryError)) throw thrown;
    const states = await Promise.all([from, to].map(({ host }) => stateOfHost(network, host.name)));
    throw new Error(`${thrown.message}\n${states.join("\n")}`, { cause: thrown });
  }
}

/** What one looks at first when a host has no traffic: addresses, tunnels, neighbours, flows, guests, the agent's last words. */
export async function stateOfHost(network: NetworkSystem, name: string): Promise<string> {
  const host = network.laboratory.host(name);
  const asked = async (argv: readonly string[]): Promise<string> => (await host.exec(argv)).stdout;
  const control = ["ovs-appctl", "--timeout=5", "-t", `${host.ovsRunDir}/ovs-vswitchd.ctl`];
  const guests = network.laboratory.guests.filter((guest) => guest.host === host);
  const devices = await Promise.all(guests.map(async (guest) => (await guest.exec(["ip", "-o", "addr"])).stdout));
  return [
    await asked(["ip", "-o", "addr"]),
    await asked([...control, "tnl/neigh/show"]),
    await asked([...control, "ovs/route/show"]),
    await asked([...control, "dpif/show"]),
    await host.ofctl("dump-flows", "coracle", ["--no-stats"]).catch(String),
    ...devices,
    network.log(`agent-${name}`).split("\n").slice(-10).join("\n"),
  ].join("\n");
}
