// The flags of `coracle-heartbeat`.
import { err, type Result } from "@coracle/base";
import { parsePeerList, type PeerName } from "@coracle/cluster";
import {
  type Address,
  type Config,
  defineConfig,
  flag,
  SERVICE_EXIT_CODES,
  type ServiceConfig,
  serviceFlags,
} from "@coracle/lifecycle";

/** What `coracle-heartbeat` is told. */
export interface HeartbeatConfig extends ServiceConfig {
  readonly http: Address;
  readonly listen: Address;
  readonly nodeId: number;
  readonly clusterAddress: Address | undefined;
  readonly clusterSecurity: "auto" | "plain" | "dtls" | "dtls-mac";
  readonly peers: readonly PeerName[] | undefined;
  readonly peersFile: string | undefined;
  readonly nodesExpected: number | undefined;
  readonly readyNodesMin: number | undefined;
  readonly eventClientsMax: number;
  readonly onChange: string | undefined;
  readonly onChangeArg: readonly string[];
  readonly onChangeTimeoutMs: number;
  readonly onChangeWaitingMax: number;
  readonly onChangeSettleMs: number;
  readonly onChangeAttempts: number;
}

const CLUSTER = "Cluster";
const HOOK = "Events and the program for changes";

function readPeerList(text: string): Result<readonly PeerName[], string> {
  const parsed = parsePeerList(text);
  return parsed.ok ? parsed : err(`is no list of nodes: ${parsed.error.message}`);
}

/** The command line of `coracle-heartbeat`. */
export const heartbeatConfig: Config<HeartbeatConfig> = defineConfig({
  name: "coracle-heartbeat",
  summary: "tell an application which nodes of its cluster live",
  description:
    "Pings the other nodes as a node of a DTLS Connection ID cluster does and is pinged by them: coracle-dtls-router, Californium, or more of this program. Who joins, falls silent, moves or dies is shown at /nodes, streamed at /nodes/events, and told to --on-change.",
  flags: {
    listen: flag.address({
      help: "Talk to the other nodes here, over UDP.",
      default: "127.0.0.1:5884",
      group: CLUSTER,
    }),
    nodeId: flag.number({
      help: "This node's id; no other node of the cluster has it.",
      required: true,
      max: 255,
      group: CLUSTER,
    }),
    clusterAddress: flag.address({
      help: "This node's address as the others see it; needed when --listen is a wildcard.",
      group: CLUSTER,
    }),
    clusterSecurity: flag.choice(["auto", "plain", "dtls", "dtls-mac"], {
      help: "How nodes talk; auto is dtls-mac if DTLS_CID_MGMT_IDENTITY and DTLS_CID_MGMT_SECRET_BASE64 are set, else plain.",
      default: "auto",
      group: CLUSTER,
    }),
    peers: flag.parsed(readPeerList, {
      help: "Addresses of nodes with commas; names are looked up again at each discovery, and may stand for many nodes.",
      valueName: "LIST",
      group: CLUSTER,
    }),
    peersFile: flag.path({ help: "A file of addresses of nodes; read again on change.", group: CLUSTER }),
    nodesExpected: flag.number({
      help: "Nodes of the whole cluster, this one included; else as many as are listed at the start.",
      min: 1,
      max: 256,
      group: CLUSTER,
    }),
    readyNodesMin: flag.number({
      help: "Nodes without which this one is not ready; else more than half of those expected.",
      min: 1,
      max: 256,
      group: CLUSTER,
    }),
    eventClientsMax: flag.number({
      help: "Clients of /nodes/events at once; one that does not read is cut off.",
      default: 64,
      min: 1,
      max: 4096,
      group: HOOK,
    }),
    onChange: flag.path({
      help: "Run this program when something changed, one at a time, with the changes and all nodes as JSON on its input.",
      valueName: "PROGRAM",
      group: HOOK,
    }),
    onChangeArg: flag.repeated(flag.text({ help: "Argument of the program; may be repeated.", group: HOOK })),
    onChangeTimeoutMs: flag.duration({
      help: "A program that runs longer is killed.",
      default: "30s",
      minMs: 1,
      group: HOOK,
    }),
    onChangeWaitingMax: flag.number({
      help: "Changes that wait for the program and are told at once; the oldest beyond that are left out, and counted in what it reads.",
      default: 64,
      min: 1,
      max: 4096,
      group: HOOK,
    }),
    onChangeSettleMs: flag.duration({
      help: "Wait this long after a first change, so that a burst of them is told at once.",
      default: "200ms",
      maxMs: 60_000,
      group: HOOK,
    }),
    onChangeAttempts: flag.number({
      help: "Runs of a program that fails, with pauses of 1 s to a minute, until it has taken the newest state; then it waits for the next change.",
      default: 10,
      min: 1,
      max: 1000,
      group: HOOK,
    }),
    ...serviceFlags({ http: "127.0.0.1:9685" }),
  },
  check: (config) => {
    if (config.peers === undefined && config.peersFile === undefined) return "give --peers or --peers-file";
    if (config.peers?.length === 0 && config.peersFile === undefined) return "--peers names no node";
    if (config.onChange === undefined && config.onChangeArg.length > 0) return "--on-change-arg needs --on-change";
    return undefined;
  },
  exitCodes: SERVICE_EXIT_CODES,
  examples: [
    {
      line: "coracle-heartbeat --node-id 1 --listen 10.0.0.1:5884 --peers 10.0.0.1:5884,10.0.0.2:5884,10.0.0.3:5884",
      does: "one of three nodes; curl -N 127.0.0.1:9685/nodes/events tells who comes and goes",
    },
    {
      line: "coracle-heartbeat --node-id 1 --peers-file nodes.txt --on-change ./reload.sh",
      does: "run a program when something changed",
    },
  ],
});
