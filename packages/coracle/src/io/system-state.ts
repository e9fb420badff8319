// What `up` knows about the running system, kept current from the children's news and the watcher's lines.
import { formatAddress } from "@coracle/lifecycle";
import { joinPath } from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
import { ObjectCounts, readWatcherLine, type WatcherLine } from "../core/event-line.ts";
import type { NetworkModel } from "../core/network-model.ts";
import { formatNetwork } from "../core/network-table.ts";
import { INVITED } from "../core/sample-objects.ts";
import type { Supervisor } from "../core/supervisor.ts";
import type { ChildFacts, SystemView } from "../core/system-table.ts";
import { agentAddress, agentName, type HostPlace } from "./child-plans.ts";
import type { ChildrenEvent } from "./children.ts";
import { createNodes, createSample } from "./create-sample.ts";
import type { Presenter } from "./presenter.ts";

/** What {@link SystemState} needs. */
export interface SystemStateOptions {
  readonly config: UpConfig;
  readonly supervisor: Supervisor;
  readonly presenter: Presenter;
  readonly version: string;
  readonly hosts: readonly HostPlace[];
  /** What each host is, in a clause. */
  readonly hostText: (host: string) => string;
  readonly network: NetworkModel;
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
        if (this.#readyOnce.size === this.#options.supervisor.statuses().length) void this.#sample();
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
  }

  #view(): SystemView {
    const { config, supervisor, version, network, notices } = this.#options;
    return {
      version,
      dataFolder: config.data,
      children: supervisor.statuses(),
      facts: this.#facts(),
      network: formatNetwork(network),
      commands: this.#commands(),
      notices,
    };
  }

  #facts(): ReadonlyMap<string, ChildFacts> {
    const { config, hosts, hostText } = this.#options;
    const followed = this.#synced.size === 0 ? "" : `following ${this.#synced.size} resources`;
    const last = this.#lastEvent === "" ? "" : `; last: ${this.#lastEvent}`;
    const stored = ["SQLite", this.#counts.toText()].filter(Boolean).join(", ");
    return new Map<string, ChildFacts>([
      ["apiserver", { url: `https://${formatAddress(config.listen)}`, detail: stored }],
      ["ipam", { url: `http://${formatAddress(config.ipamHttp)}`, detail: "" }],
      ...hosts.map(({ name }, index): [string, ChildFacts] => [
        agentName(name),
        { url: `http://${formatAddress(agentAddress(config, index))}`, detail: hostText(name) },
      ]),
      ["watcher", { url: `http://${formatAddress(config.watcherHttp)}`, detail: followed + last }],
    ]);
  }

  #commands(): readonly string[] {
    const { config, commands } = this.#options;
    const { namespace, name } = INVITED;
    const wait = `kubectl -n ${namespace} wait --for=condition=Ready networkattachment/${name}`;
    return [
      `export KUBECONFIG=${joinPath(config.data, "admin.kubeconfig")}`,
      "kubectl get networkattachments -A -o wide",
      ...(config.sample ? [`kubectl apply -f ${joinPath(config.data, `${name}.yaml`)} && ${wait}`] : []),
      ...commands,
      `curl -s 'http://${formatAddress(agentAddress(config, 0))}/readyz?verbose'`,
      `curl -sN http://${formatAddress(config.watcherHttp)}/events`,
    ];
  }
}
