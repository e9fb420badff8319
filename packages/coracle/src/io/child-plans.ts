// Which children `up` runs, with their command lines.
import { formatAddress } from "@coracle/lifecycle";
import { joinPath } from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
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

/** Address of the agent of the host at `index`. */
export function agentAddress({ agentsHttp }: UpConfig, index: number): UpConfig["agentsHttp"] {
  return { ...agentsHttp, port: agentsHttp.port === 0 ? 0 : agentsHttp.port + index };
}

/** The children in order of their start. */
export function childPlans(
  config: UpConfig,
  hosts: readonly HostPlace[],
  onWatcherLine: (line: string) => void,
): readonly ChildPlan[] {
  const kubeconfig = ["--kubeconfig", joinPath(config.data, "admin.kubeconfig")];
  const apiserverHttp = formatAddress(config.apiserverHttp);
  const ipamHttp = formatAddress(config.ipamHttp);
  const watcherHttp = formatAddress(config.watcherHttp);
  const serve = ["--standalone", "--data", config.data];
  return [
    {
      name: "apiserver",
      after: [],
      argv: [...childCommand("apiserver"), ...serve, "--listen", formatAddress(config.listen), "--http", apiserverHttp],
      healthUrl: `http://${apiserverHttp}`,
    },
    {
      name: "ipam",
      after: ["apiserver"],
      argv: [...childCommand("ipam"), ...kubeconfig, "--http", ipamHttp],
      healthUrl: `http://${ipamHttp}`,
    },
    ...hosts.map((host, index) => agentPlan(host, kubeconfig, formatAddress(agentAddress(config, index)))),
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
