// What `up` knows about the running system, kept current from the children's news and the watcher's lines.
import { formatAddress } from "@coracle/lifecycle";
import { joinPath } from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
import type { ClusterModel } from "../core/cluster-model.ts";
import { formatCluster, formatClusterBriefly } from "../core/cluster-table.ts";
import { ObjectCounts, readWatcherLine, type WatcherLine } from "../core/event-line.ts";
import type { NetworkModel } from "../core/network-model.ts";
import { formatNetwork } from "../core/network-table.ts";
import { INVITED } from "../core/sample-objects.ts";
import type { Supervisor } from "../core/supervisor.ts";
import type { ChildFacts, SystemView } from "../core/system-table.ts";
import type { PartAddresses } from "./addresses.ts";
import { agentName, type HostPlace } from "./child-plans.ts";
import type { ChildrenEvent } from "./children.ts";
import { clusterCommands, clusterFacts } from "./cluster-facts.ts";
import { createNodes, createSample } from "./create-sample.ts";
import type { Presenter } from "./presenter.ts";

/** What {@link SystemState} needs. */
export interface SystemStateOptions {
  readonly config: UpConfig;
  readonly addresses: PartAddresses;
  readonly supervisor: Supervisor;
  readonly presenter: Presenter;
  readonly version: string;
  readonly hosts: readonly HostPlace[];
  /** What each host is, in a clause. */
  readonly hostText: (host: string) => string;
  readonly network: NetworkModel;
  /** Children that the sample objects need. */
  readonly networkChildren: readonly string[];
  /** Called once they are created, or cannot be. */
  readonly onSampled: () => void;
  /** Absent without the DTLS cluster. */
  readonly cluster: ClusterModel | undefined;
  /** Told of every line about an object. */
  readonly onObject: (line: WatcherLine) => void;
  readonly notices: readonly string[];
  /** More command lines to paste. */
  readonly commands: readonly string[];
}

/** The model behind the table and the lines. */
export class SystemState {
  /** The line to end with when a part could not run. */
  failure: string | undefined;
  readonly #options: SystemStateOptions;
  readonly #counts = new ObjectCounts();
  readonly #synced = new Set<string>();
  #lastEvent = "";
  #hasSampled = false;
  readonly #readyOnce = new Set<string>();

  constructor(options: SystemStateOptions) {
    this.#options = options;
  }

  show(): void {
    this.#options.presenter.show(this.#view());
  }

  tell(event: string, text: string): void {
    this.#options.presenter.tell({ event, text });
  }

  /** A child started, ended, or cannot run. */
  onChildEvent(event: ChildrenEvent, log: { readonly path: string; readonly lastLine: string }): void {
    switch (event.kind) {
      case "ready":
        this.tell("ready", `${event.name} is ready`);
        this.#readyOnce.add(event.name);
        // Only then do the steps of a sample attachment show how long they take, and not how long the parts took to start.
        if (this.#options.networkChildren.every((name) => this.#readyOnce.has(name))) void this.#sample();
        break;
      case "restarting": {
        const again = `again in ${(event.delayMs / 1000).toFixed(1)} s`;
        this.tell("restarting", `${event.name} ended with ${event.code}; ${again}; its log: ${log.path}`);
        break;
      }
      case "gave-up":
        this.failure = `${event.name} cannot run (exit ${event.code}): ${log.lastLine}`;
        this.tell("gave-up", this.failure);
        break;
    }
    this.show();
  }

  /** A line the watcher wrote. */
  onWatcherLine(text: string): void {
    const line = readWatcherLine(text);
    if (line === undefined) return;
    this.#counts.take(line);
    this.#options.onObject(line);
    if (line.type === "SYNCED") this.#synced.add(line.text.split(":")[0] ?? "");
    if (!line.initial && line.type !== "BOOKMARK") {
      this.#lastEvent = line.text;
      this.#options.presenter.tell({ event: line.type.toLowerCase(), text: line.text });
    }
    this.show();
  }

  async #sample(): Promise<void> {
    const { config, hosts } = this.#options;
    if (this.#hasSampled) return;
    this.#hasSampled = true;
    const kubeconfig = joinPath(config.data, "admin.kubeconfig");
    try {
      await createNodes(kubeconfig, hosts);
      const created = config.sample ? await createSample(kubeconfig, config.data, hosts) : 0;
      if (created > 0) this.tell("sample", `created ${created} sample objects in namespaces blue and red`);
    } catch (error) {
      this.tell(
        "sample",
        `the objects of hosts and samples could not be created: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    this.#options.onSampled();
  }

  #view(): SystemView {
    const { config, supervisor, version, network, cluster, notices } = this.#options;
    const facts = cluster?.view();
    return {
      version,
      dataFolder: config.data,
      children: supervisor.statuses(),
      facts: this.#facts(),
      network: formatNetwork(network),
      cluster: facts === undefined ? [] : formatCluster(facts),
      clusterBriefly: facts === undefined ? [] : formatClusterBriefly(facts),
      clusterFacts: facts,
      commands: this.#commands(),
      notices,
    };
  }

  #facts(): ReadonlyMap<string, ChildFacts> {
    const { config, addresses, hosts, hostText, cluster } = this.#options;
    const followed = this.#synced.size === 0 ? "" : `following ${this.#synced.size} resources`;
    const last = this.#lastEvent === "" ? "" : `; last: ${this.#lastEvent}`;
    const stored = ["SQLite", this.#counts.toText()].filter(Boolean).join(", ");
    return new Map<string, ChildFacts>([
      ["apiserver", { url: `https://${formatAddress(addresses.listen)}`, detail: stored }],
      ["ipam", { url: `http://${formatAddress(addresses.ipamHttp)}`, detail: "" }],
      ...hosts.map(({ name }, index): [string, ChildFacts] => [
        agentName(name),
        { url: this.#agentUrl(index), detail: hostText(name) },
      ]),
      ["watcher", { url: `http://${formatAddress(addresses.watcherHttp)}`, detail: followed + last }],
      ...(addresses.cluster === undefined || cluster === undefined
        ? []
        : clusterFacts(config, addresses.cluster, cluster.view())),
    ]);
  }

  #commands(): readonly string[] {
    const { config, addresses, commands } = this.#options;
    const { namespace, name } = INVITED;
    const wait = `kubectl -n ${namespace} wait --for=condition=Ready networkattachment/${name}`;
    return [
      `export KUBECONFIG=${joinPath(config.data, "admin.kubeconfig")}`,
      "kubectl get networkattachments -A -o wide",
      ...(config.sample ? [`kubectl apply -f ${joinPath(config.data, `${name}.yaml`)} && ${wait}`] : []),
      `curl -s '${this.#agentUrl(0)}/readyz?verbose'`,
      ...(addresses.cluster === undefined ? [] : clusterCommands(addresses.cluster)),
      `curl -sN http://${formatAddress(addresses.watcherHttp)}/events`,
      ...commands,
    ];
  }

  #agentUrl(index: number): string {
    const address = this.#options.addresses.agentsHttp[index];
    return address === undefined ? "" : `http://${formatAddress(address)}`;
  }
}
