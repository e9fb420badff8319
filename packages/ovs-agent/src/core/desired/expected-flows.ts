// Every flow that should be on the bridge, derived from a desired table: whole, or one part of it.
import type { Flow } from "@coracle/openflow";
import { guestMac } from "../mac-address.ts";
import { bridgeFlows } from "../pipeline/bridge-flows.ts";
import { type BridgePorts, interfaceFlows } from "../pipeline/interface-flows.ts";
import { hostFlow } from "../pipeline/remote-flows.ts";
import { type CookieShard, isInShard } from "./cookie-shard.ts";
import type { DesiredTable } from "./desired-table.ts";
import type { Entry } from "./entry.ts";
import type { ExpectedFlow } from "./flow-comparison.ts";

const WHOLE: CookieShard = { index: 0, count: 1 };

/** The flows, with the entry of each; the bridge's own and those of hosts have none. */
export function* expectedFlows(
  table: DesiredTable,
  ports: BridgePorts,
  shard: CookieShard = WHOLE,
): Generator<ExpectedFlow<Entry | undefined>> {
  if (isInShard(shard, 0)) yield* bridgeFlows(ports.round).map(unowned);
  for (const host of table.hosts()) {
    if (isInShard(shard, host.hostIp)) yield unowned(hostFlow(host, ports.tunnelPort, ports.round));
  }
  for (const entry of table.entries()) {
    const { flows } = entry;
    if (flows === undefined || !isInShard(shard, guestMac(flows.vni, flows.ipv4))) continue;
    for (const flow of interfaceFlows(flows, entry.flowsPort, ports)) yield { flow, owner: entry };
  }
}

function unowned(flow: Flow): ExpectedFlow<undefined> {
  return { flow, owner: undefined };
}
