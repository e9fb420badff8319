// What the table says of the children of the DTLS cluster, and which commands it offers for them.
import { type Address, formatAddress } from "@coracle/lifecycle";
import type { UpConfig } from "../config.ts";
import type { ClusterView } from "../core/cluster-model.ts";
import { BALANCER_NAME, DEVICES_NAME, heartbeatName, routerName } from "../core/cluster-names.ts";
import type { ChildFacts } from "../core/system-table.ts";
import type { ClusterAddresses } from "./addresses.ts";

/** A connection ID as router 2 gives it out: what such a record's way is, any router explains. */
const SAMPLE_CID = "02a1b2c3d4e5";

/** Facts by the name of the child. */
export function clusterFacts(
  config: UpConfig,
  addresses: ClusterAddresses,
  view: ClusterView,
): readonly (readonly [name: string, facts: ChildFacts])[] {
  const { routers, balancer, balancerHttp, devicesHttp } = addresses;
  const alive = `${view.membersAlive} of ${routers.length} routers alive`;
  const moves = config.rebindEveryMs === 0 ? "" : `, new addresses every ${config.rebindEveryMs / 1000} s`;
  return [
    ...routers.map(({ http, listen, cluster }, index): [string, ChildFacts] => [
      routerName(index + 1),
      {
        url: url(http),
        detail: `coaps://${formatAddress(listen)}, cluster port ${cluster.port}`,
        group: "dtls-router",
      },
    ]),
    ...routers.map(({ heartbeatHttp }, index): [string, ChildFacts] => [
      heartbeatName(index + 1),
      { url: url(heartbeatHttp), detail: alive, group: "heartbeat" },
    ]),
    [BALANCER_NAME, { url: url(balancerHttp), detail: `coaps://${formatAddress(balancer)}${moves}` }],
    [DEVICES_NAME, { url: url(devicesHttp), detail: `${view.devices} devices, each asks every 2 s` }],
  ];
}

/** Command lines to paste. */
export function clusterCommands({ routers, balancerHttp }: ClusterAddresses): readonly string[] {
  const [first] = routers;
  if (first === undefined) return [];
  const router = url(first.http);
  return [
    `curl -s ${router}/nodes`,
    `curl -s ${router}/cid/${SAMPLE_CID}`,
    `curl -sN ${url(first.heartbeatHttp)}/nodes/events`,
    `curl -s '${router}/readyz?verbose'`,
    `curl -s -X POST ${url(balancerHttp)}/rebind`,
  ];
}

function url(address: Address): string {
  return `http://${formatAddress(address)}`;
}
