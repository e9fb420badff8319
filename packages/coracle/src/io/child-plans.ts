// Which children `up` runs, with their command lines.
import { formatAddress } from "@coracle/lifecycle";
import { joinPath } from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
import { childCommand } from "./child-command.ts";
import type { ChildPlan } from "./children.ts";
import { readLines } from "./read-lines.ts";

/** What the watcher follows for the live view. */
const FOLLOWED = "namespaces,subnets,networkattachments,iplocks,pods";

/** The children in order of their start. */
export function childPlans(config: UpConfig, onWatcherLine: (line: string) => void): readonly ChildPlan[] {
  const apiserverHttp = formatAddress(config.apiserverHttp);
  const watcherHttp = formatAddress(config.watcherHttp);
  const kubeconfig = joinPath(config.data, "admin.kubeconfig");
  const serve = ["--standalone", "--data", config.data];
  return [
    {
      name: "apiserver",
      after: [],
      argv: [...childCommand("apiserver"), ...serve, "--listen", formatAddress(config.listen), "--http", apiserverHttp],
      healthUrl: `http://${apiserverHttp}`,
    },
    {
      name: "watcher",
      after: ["apiserver"],
      argv: [
        ...childCommand("watcher"),
        FOLLOWED,
        "-A",
        "-o",
        "jsonl",
        "--kubeconfig",
        kubeconfig,
        "--http",
        watcherHttp,
      ],
      healthUrl: `http://${watcherHttp}`,
      onOutput: (stream) => readLines(stream, onWatcherLine),
    },
  ];
}
