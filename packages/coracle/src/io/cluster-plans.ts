// The children of the sample DTLS cluster: routers, a heartbeat beside each, a balancer that forgets, a fleet of devices.
import { encodeBase64, type Random } from "@coracle/base";
import { type Address, formatAddress } from "@coracle/lifecycle";
import { joinPath, writeFileAtomic } from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
import { BALANCER_NAME, DEVICES_NAME, heartbeatName, routerName } from "../core/cluster-names.ts";
import type { ClusterAddresses, RouterAddresses } from "./addresses.ts";
import { childCommand } from "./child-command.ts";
import type { ChildPlan } from "./children.ts";

/** Heartbeats are nodes too: their ids lie above those of the routers. */
const HEARTBEAT_IDS_FROM = 101;
const KEY_SIZE_BYTES = 16;
const SECRET_SIZE_BYTES = 32;
const OWNER_ONLY = 0o600;
const PSK_FILE = "devices.psk";

/** What the plans are made of. */
export interface ClusterPlansOptions {
  readonly config: UpConfig;
  readonly addresses: ClusterAddresses;
  readonly random: Random;
}

/** Path of the devices' keys in a data folder. */
export function pskPath({ data }: UpConfig): string {
  return joinPath(data, PSK_FILE);
}

/**
 * The children in order of their start, held until they are released. Writes the devices' keys into the data folder, for its owner alone; the secret of the cluster
 * is nowhere but in the environment of its nodes. Both are new each time.
 */
export async function clusterPlans(options: ClusterPlansOptions): Promise<readonly ChildPlan[]> {
  const { config, addresses, random } = options;
  await writeFileAtomic(pskPath(config), freshKeys(config.devices, random), { mode: OWNER_ONLY });
  const env = {
    DTLS_CID_MGMT_IDENTITY: "coracle-up",
    DTLS_CID_MGMT_SECRET_BASE64: encodeBase64(random.bytes(SECRET_SIZE_BYTES)),
  };
  const peers = addresses.routers.map(({ cluster }) => formatAddress(cluster)).join(",");
  const nodes = { config, peers, env };
  return [
    ...addresses.routers.map((router, index) => routerPlan(router, index + 1, nodes)),
    ...addresses.routers.map((router, index) => heartbeatPlan(router, index + 1, nodes)),
    balancerPlan(addresses),
    devicesPlan(config, addresses),
  ];
}

function freshKeys(count: number, random: Random): string {
  const key = (_: unknown, index: number): string =>
    `device-${index + 1}=${encodeBase64(random.bytes(KEY_SIZE_BYTES))}\n`;
  return Array.from({ length: count }, key).join("");
}

/** What all nodes share. */
interface NodesPlan {
  readonly config: UpConfig;
  readonly peers: string;
  readonly env: Readonly<Record<string, string>>;
}

function routerPlan({ listen, cluster, http }: RouterAddresses, id: number, nodes: NodesPlan): ChildPlan {
  const { config, peers, env } = nodes;
  const ports = ["--listen", formatAddress(listen), "--cluster-listen", formatAddress(cluster)];
  const node = ["--node-id", String(id), "--peers", peers, "--psk-file", pskPath(config)];
  // One thread is plenty for some devices, and this machine is somebody's laptop.
  const size = ["--upstream", "coap", "--workers", "1"];
  return plan(routerName(id), "dtls-router", [...ports, ...node, ...size], { after: [], http, env });
}

function heartbeatPlan({ heartbeat, heartbeatHttp }: RouterAddresses, id: number, nodes: NodesPlan): ChildPlan {
  const { peers, env } = nodes;
  const node = ["--node-id", String(HEARTBEAT_IDS_FROM + id - 1), "--peers", peers];
  const args = ["--listen", formatAddress(heartbeat), ...node];
  return plan(heartbeatName(id), "heartbeat", args, { after: [], http: heartbeatHttp, env });
}

/** It moves devices when it is told to; what is under way to an old address still comes through. */
function balancerPlan({ routers, balancer, balancerHttp }: ClusterAddresses): ChildPlan {
  const backends = routers.map(({ listen }) => formatAddress(listen)).join(",");
  const args = ["nat", "--listen", formatAddress(balancer), "--backends", backends, "--linger", "2s"];
  return plan(BALANCER_NAME, "load", args, {
    after: routers.map((_, index) => routerName(index + 1)),
    http: balancerHttp,
  });
}

/** Each device asks every two seconds. It gives a request up after some ten seconds, so that a session whose router died is made anew. */
function devicesPlan(config: UpConfig, { balancer, devicesHttp }: ClusterAddresses): ChildPlan {
  const { devices } = config;
  const fleet = ["--count", String(devices), "--rate", String(devices / 2), "--handshake-rate", "40"];
  const patience = ["--ack-timeout", "500ms", "--retransmissions-max", "3"];
  const args = ["devices", "--target", formatAddress(balancer), "--psk-file", pskPath(config), ...fleet, ...patience];
  return plan(DEVICES_NAME, "load", args, { after: [BALANCER_NAME], http: devicesHttp });
}

function plan(
  name: string,
  binary: string,
  args: readonly string[],
  { after, http, env }: { after: readonly string[]; http: Address; env?: Readonly<Record<string, string>> },
): ChildPlan {
  const address = formatAddress(http);
  return {
    name,
    after,
    isHeld: true,
    argv: [...childCommand(binary), ...args, "--http", address],
    healthUrl: `http://${address}`,
    ...(env === undefined ? {} : { env }),
  };
}
