// The flags of `coracle up`.
import { type Address, type Config, defineConfig, flag, formatDuration } from "@coracle/lifecycle";

/** What `coracle up` is told. */
export interface UpConfig {
  readonly data: string;
  readonly listen: Address;
  readonly apiserverHttp: Address;
  readonly ipamHttp: Address;
  readonly watcherHttp: Address;
  /** Of the first agent; the others have the ports behind it. */
  readonly agentsHttp: Address;
  /** Of the first router; the other routers, the heartbeats, the balancer and the devices have the ports behind it. */
  readonly clusterHttp: Address;
  readonly hosts: number;
  readonly fabric: "auto" | "ovs" | "log";
  readonly routers: boolean;
  readonly devices: number;
  /** 0: never. */
  readonly rebindEveryMs: number;
  readonly sample: boolean;
  readonly clean: boolean;
  readonly json: boolean;
}

const HOSTS = "Hosts";
const CLUSTER = "DTLS cluster";
const ADDRESSES = "Addresses";

/** Routers of the sample cluster. */
export const ROUTER_COUNT = 3;
/** HTTP addresses of the cluster: a router and a heartbeat each, the balancer, the devices. */
export const CLUSTER_HTTP_COUNT: number = 2 * ROUTER_COUNT + 2;
const PORT_MAX = 65_535;

/** The command line of `coracle up`. */
export const upConfig: Config<UpConfig> = defineConfig({
  name: "coracle up",
  summary: "run the whole system on this machine",
  description:
    "Starts the API server with its embedded store, the address controller, an agent for each host and a watcher; three DTLS routers with a heartbeat each, behind a balancer that gives devices new addresses all the time, and the devices. Supervises them, and shows what happens. As root, with iproute2 and Open vSwitch, hosts are network namespaces with an Open vSwitch each, and the sample attachments ping each other. Everything listens on loopback. Ctrl-C stops everything; the data stays for the next time.",
  flags: {
    data: flag.path({
      help: "Folder for the database, certificates, kubeconfig and logs; made if needed.",
      default: ".coracle",
      valueName: "DIR",
    }),
    sample: flag.boolean({ help: "Create sample subnets with attachments on the first start.", default: true }),
    clean: flag.boolean({ help: "Remove the data folder when everything has stopped." }),
    json: flag.boolean({ help: "One JSON object a line, also on a terminal." }),
    hosts: flag.number({ help: "How many hosts: a, b, c, …", default: 2, min: 1, max: 8, group: HOSTS }),
    fabric: flag.choice(["auto", "ovs", "log"], {
      help: "ovs: hosts with Open vSwitch, or an error; log: agents only say what they would do; auto: ovs where it can be had.",
      default: "auto",
      group: HOSTS,
    }),
    routers: flag.boolean({
      help: "Run the routers, their heartbeats, the balancer and the devices.",
      default: true,
      group: CLUSTER,
    }),
    devices: flag.number({
      help: "Devices; each asks every two seconds.",
      default: 40,
      min: 1,
      max: 2000,
      group: CLUSTER,
    }),
    rebindEveryMs: flag.duration({
      help: "How often the balancer gives every device a new address and a router by chance, in whole seconds; 0s is never.",
      default: "5s",
      group: CLUSTER,
    }),
    listen: flag.address({
      help: "Where the API server serves Kubernetes' API over TLS. Port 0, here and below, is any free one.",
      default: "127.0.0.1:6443",
      group: ADDRESSES,
    }),
    apiserverHttp: flag.address({
      help: "Health and metrics of the API server.",
      default: "127.0.0.1:8081",
      group: ADDRESSES,
    }),
    ipamHttp: flag.address({
      help: "Health and metrics of the address controller.",
      default: "127.0.0.1:8082",
      group: ADDRESSES,
    }),
    watcherHttp: flag.address({
      help: "Health, metrics, events and look-ups of the watcher.",
      default: "127.0.0.1:8083",
      group: ADDRESSES,
    }),
    agentsHttp: flag.address({
      help: "Health, metrics and attachments of the first host's agent; the others have the ports behind it.",
      default: "127.0.0.1:8091",
      group: ADDRESSES,
    }),
    clusterHttp: flag.address({
      help: "Health, metrics and nodes of the first router; the others, the heartbeats, the balancer and the devices have the ports behind it.",
      default: "127.0.0.1:8101",
      group: ADDRESSES,
    }),
  },
  check: ({ agentsHttp, hosts, clusterHttp, routers, rebindEveryMs }) =>
    (rebindEveryMs % 1000 === 0
      ? undefined
      : `--rebind-every: ${formatDuration(rebindEveryMs)} is not in whole seconds`) ??
    refuseRange("--agents-http", agentsHttp, hosts) ??
    (routers ? refuseRange("--cluster-http", clusterHttp, CLUSTER_HTTP_COUNT) : undefined),
  examples: [
    { line: "coracle up", does: "start, and continue with the data of the last time" },
    { line: "coracle up --hosts 3", does: "with three hosts" },
    { line: "coracle up --no-routers", does: "the virtual networks alone" },
    { line: "coracle up --devices 500 --rebind-every 1s", does: "more devices, which move all the time" },
    { line: "coracle up --data /tmp/try --clean", does: "try it and leave nothing behind" },
  ],
  exitCodes: { 1: "a part of the system could not run", 130: "interrupted twice" },
});

/** Why `count` ports from `first` on cannot be had, if so. */
function refuseRange(flagName: string, first: Address, count: number): string | undefined {
  const last = first.port + count - 1;
  if (first.port === 0 || last <= PORT_MAX) return undefined;
  return `${flagName}: ${count} programs would need ports up to ${last}; the last is ${PORT_MAX}`;
}
