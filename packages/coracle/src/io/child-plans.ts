// Which children `up` runs, with their command lines.
import { formatAddress } from "@coracle/lifecycle";
import { joinPath } from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
import type { PartAddresses } from "./addresses.ts";
import { childCommand } from "./child-command.ts";
import type { ChildPlan } from "./children.ts";
import { readLines } from "./read-lines.ts";

/** A host that an agent serves. */
export interface HostPlace {
  readonly name: string;
  readonly hostIp: string;
  /** Folder of its Open vSwitch's sockets; absent with the log fabric. */
  readonly ovsRunDir: string | undefined;
}

/** What the watcher follows for the live view. */
const FOLLOWED = "namespaces,subnets,networkattachments,iplocks,pods";

/** What the children are made of. */
export interface ChildPlansOptions {
  readonly config: UpConfig;
  readonly addresses: PartAddresses;
  readonly hosts: readonly HostPlace[];
  readonly onWatcherLine: (line: string) => void;
}

/** The children of the virtual networks in order of their start. */
export function childPlans({ config, addresses, hosts, onWatcherLine }: ChildPlansOptions): readonly ChildPlan[] {
  const kubeconfig = ["--kubeconfig", joinPath(config.data, "admin.kubeconfig")];
  const apiserverHttp = formatAddress(addresses.apiserverHttp);
  const ipamHttp = formatAddress(addresses.ipamHttp);
  const watcherHttp = formatAddress(addresses.watcherHttp);
  const serve = ["--standalone", "--data", config.data, "--listen", formatAddress(addresses.listen)];
  return [
    {
      name: "apiserver",
      after: [],
      argv: [...childCommand("apiserver"), ...serve, "--http", apiserverHttp],
      healthUrl: `http://${apiserverHttp}`,
    },
    {
      name: "ipam",
      after: ["apiserver"],
      argv: [...childCommand("ipam"), ...kubeconfig, "--http", ipamHttp],
      healthUrl: `http://${ipamHttp}`,
    },
    ...hosts.flatMap((host, index) => {
      const http = addresses.agentsHttp[index];
      return http === undefined ? [] : [agentPlan(host, kubeconfig, formatAddress(http))];
    }),
    {
      name: "watcher",
      after: ["apiserver"],
      argv: [...childCommand("watcher"), FOLLOWED, "-A", "-o", "jsonl", ...kubeconfig, "--http", watcherHttp],
      healthUrl: `http://${watcherHttp}`,
      onOutput: (stream) => readLines(stream, onWatcherLine),
    },
  ];
}

/** Agents run in this process's own network namespace: the API server is on its loopback, and Open vSwitch behind files. */
function agentPlan(host: HostPlace, kubeconfig: readonly string[], http: string): ChildPlan {
  const { ovsRunDir } = host;
  const ovs = ["--fabric", "ovs", "--datapath-type", "netdev", "--ovs-run-dir", ovsRunDir ?? ""];
  const fabric = ovsRunDir === undefined ? ["--fabric", "log"] : ovs;
  const place = ["--node", host.name, "--host-ip", host.hostIp];
  return {
    name: agentName(host.name),
    after: ["apiserver"],
    argv: [...childCommand("ovs-agent"), "run", ...place, ...fabric, ...kubeconfig, "--http", http],
    healthUrl: `http://${http}`,
  };
}

/** The name of a host's agent among the children. */
export function agentName(host: string): string {
  return `ovs-agent-${host}`;
}
