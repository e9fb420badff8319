// The flows of an attachment on another host, and those of the hosts themselves.
import { FIELD, type Flow, matchNumber, matchOf, ofPort, setNumber } from "@coracle/openflow";
import type { RemoteInterface } from "../interface.ts";
import { guestMac } from "../mac-address.ts";
import { encodeCookie } from "./cookie.ts";
import { inNetwork, IS_IPV4, TO_DESTINATION } from "./flow-parts.ts";
import { arpFlow } from "./local-flows.ts";
import { PRIORITY, TABLE } from "./table.ts";

/** How many flows a remote interface has. */
export const REMOTE_FLOW_COUNT = 2;

/** The two flows of a remote interface: ARP answered here, frames sent to its host through the tunnel port. */
export function remoteFlows(remote: RemoteInterface, tunnelPort: number, round: number): readonly Flow[] {
  const { vni, ipv4, hostIp } = remote;
  const mac = guestMac(vni, ipv4);
  const cookie = encodeCookie({ round, category: "remote", subject: mac });
  return [
    arpFlow(remote, mac, cookie),
    {
      table: TABLE.destination,
      priority: PRIORITY.forward,
      match: matchOf([inNetwork(vni), matchNumber(FIELD.eth_dst, mac)]),
      actions: [setNumber(FIELD.tun_dst, hostIp), { kind: "output", port: ofPort(tunnelPort) }],
      cookie,
    },
  ];
}

/**
 * Lets IPv4 of a virtual network in from a host that has an attachment of it; no other host can inject. ARP never
 * crosses the tunnel, as every host answers it.
 */
export function hostFlow(
  host: { readonly vni: number; readonly hostIp: number },
  tunnelPort: number,
  round: number,
): Flow {
  return {
    table: TABLE.source,
    priority: PRIORITY.forward,
    match: matchOf([
      matchNumber(FIELD.in_port, tunnelPort),
      IS_IPV4,
      inNetwork(host.vni),
      matchNumber(FIELD.tun_src, host.hostIp),
    ]),
    actions: [TO_DESTINATION],
    cookie: encodeCookie({ round, category: "host", subject: host.hostIp }),
  };
}
