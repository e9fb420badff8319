// What `up` knows about the running system, kept current from the children's news and the watcher's lines.
import type { Millis } from "@coracle/base";
import { formatAddress } from "@coracle/lifecycle";
import { joinPath } from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
import { ObjectCounts, readWatcherLine } from "../core/event-line.ts";
import type { Supervisor } from "../core/supervisor.ts";
import type { ChildFacts, SystemView } from "../core/system-table.ts";
import type { ChildrenEvent } from "./children.ts";
import { createSample } from "./create-sample.ts";
import type { Presenter } from "./presenter.ts";

/** What {@link SystemState} needs. */
export interface SystemStateOptions {
  readonly config: UpConfig;
  readonly supervisor: Supervisor;
  readonly presenter: Presenter;
  readonly version: string;
}

/** The model behind the table and the lines. */
export class SystemState {
  /** When stopping began, if it did. */
  stopStarted: Millis | undefined;
  /** The line to end with when a part could not run. */
  failure: string | undefined;
  readonly #options: SystemStateOptions;
  readonly #counts = new ObjectCounts();
  readonly #synced = new Set<string>();
  #lastEvent = "";
  #hasSampled = false;

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
        if (event.name === "apiserver") void this.#sample();
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
    if (line.type === "SYNCED") this.#synced.add(line.text.split(":")[0] ?? "");
    if (!line.initial && line.type !== "BOOKMARK") {
      this.#lastEvent = line.text;
      this.#options.presenter.tell({ event: line.type.toLowerCase(), text: line.text });
    }
    this.show();
  }

  /** The last line of all. */
  closingLine(tookMs: number): string {
    const { supervisor, config } = this.#options;
    const count = supervisor.statuses().length;
    const data = config.clean ? `${config.data} removed` : `data kept in ${config.data}`;
    return `stopped: ${count} processes drained in ${(tookMs / 1000).toFixed(1)} s, ${data}\n`;
  }

  async #sample(): Promise<void> {
    const { config } = this.#options;
    if (this.#hasSampled || !config.sample) return;
    this.#hasSampled = true;
    try {
      const created = await createSample(joinPath(config.data, "admin.kubeconfig"), config.data);
      if (created > 0) this.tell("sample", `created ${created} sample objects in namespace blue`);
    } catch (error) {
      this.tell(
        "sample",
        `the sample objects could not be created: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  #view(): SystemView {
    const { config, supervisor, version } = this.#options;
    const counts = this.#counts.toText();
    const followed = this.#synced.size === 0 ? "" : `following ${this.#synced.size} resources`;
    const last = this.#lastEvent === "" ? "" : `; last: ${this.#lastEvent}`;
    const facts = new Map<string, ChildFacts>([
      [
        "apiserver",
        { url: `https://${formatAddress(config.listen)}`, detail: ["SQLite", counts].filter(Boolean).join(", ") },
      ],
      ["watcher", { url: `http://${formatAddress(config.watcherHttp)}`, detail: followed + last }],
    ]);
    const kubeconfig = joinPath(config.data, "admin.kubeconfig");
    return {
      version,
      dataFolder: config.data,
      children: supervisor.statuses(),
      facts,
      commands: [
        `kubectl --kubeconfig ${kubeconfig} get networkattachments -A -o wide`,
        `curl -s 'http://${formatAddress(config.apiserverHttp)}/readyz?verbose'`,
        `curl -sN http://${formatAddress(config.watcherHttp)}/events`,
      ],
      notices: [],
    };
  }
}
