// One run from its preparation to its result: namespace, subnets, load, cleaning up, table.
import { SeededRandom } from "@coracle/base";
import type { KubeClient } from "@coracle/kube/io";
import type { Service } from "@coracle/lifecycle";
import { type OutputWriter, stderr, stdout } from "@coracle/runtime";
import type { AttachmentsConfig } from "../../attachments-config.ts";
import { AttachmentLoad } from "../../core/attachments/attachment-load.ts";
import { lifetimeMinMs } from "../../core/attachments/lane.ts";
import { resultLines } from "../../core/attachments/result-table.ts";
import { RunTally, VERDICT_EXIT_CODES } from "../../core/attachments/run-tally.ts";
import { summarizeSizes } from "../../core/attachments/size-law.ts";
import { LoadDriver } from "./load-driver.ts";
import { addLoadMetrics } from "./load-metrics.ts";
import { nodeNames } from "./node-names.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { type RunRecord, writeRunFiles } from "./run-files.ts";
import { loadOptions, type RunPlan } from "./run-plan.ts";
import { Workspace } from "./workspace.ts";

/** Clients of one API server: one sends every request once, the other tries again. */
export interface RunClients {
  readonly calls: KubeClient;
  readonly patient: KubeClient;
}

/** Replaced in three seconds, most of a lifetime is the time to get an interface. */
const LIFETIME_WARN_MS = 3000;

/** One run. */
export class AttachmentsRun {
  readonly #service: Service;
  readonly #config: AttachmentsConfig;
  readonly #plan: RunPlan;
  readonly #clients: RunClients;
  readonly #tally: RunTally;
  readonly #preparing = new AbortController();
  readonly #onOutput: ReturnType<typeof addLoadMetrics>;
  /** Where a person looks: the table's place is standard output unless JSON goes there. */
  readonly #people: OutputWriter;
  #load: AttachmentLoad | undefined;
  #driver: LoadDriver | undefined;

  constructor(
    service: Service,
    config: AttachmentsConfig,
    run: { readonly plan: RunPlan; readonly clients: RunClients },
  ) {
    this.#service = service;
    this.#config = config;
    this.#plan = run.plan;
    this.#clients = run.clients;
    this.#tally = new RunTally(new SeededRandom(run.plan.seed));
    this.#people = config.json === "-" ? stderr() : stdout();
    this.#onOutput = addLoadMetrics(service.metrics, {
      runId: run.plan.runId,
      tally: this.#tally,
      population: () => this.#load?.population ?? 0,
    });
  }

  /** Where the run is. */
  state(): { readonly runId: string; readonly seed: number; readonly phase: string; readonly population: number } {
    const { runId, seed } = this.#plan;
    return { runId, seed, phase: this.#load?.phase ?? "preparing", population: this.#load?.population ?? 0 };
  }

  /** Ends it early: everything is removed. */
  interrupt(): void {
    this.#preparing.abort(new Error("The run is interrupted"));
    this.#driver?.interrupt();
  }

  /** Does the run; answers the exit code. A failure of the preparation throws after cleaning up. */
  async run(): Promise<number> {
    const workspace = new Workspace(this.#clients.patient, this.#plan.runId);
    try {
      const nodes = await this.#prepare(workspace);
      if (nodes === undefined) return VERDICT_EXIT_CODES.interrupted;
      return await this.#runLoad(workspace, nodes);
    } finally {
      if (!this.#config.keep) await workspace.remove();
    }
  }

  /** The nodes' names, or `undefined` when interrupted. */
  async #prepare(workspace: Workspace): Promise<readonly string[] | undefined> {
    const { signal } = this.#preparing;
    const { networks } = this.#plan;
    try {
      const nodes = await nodeNames(this.#clients.patient, this.#config, signal);
      this.#introduce(nodes);
      await workspace.make(networks, signal);
      const subnetCount = networks.reduce((sum, { subnets }) => sum + subnets.length, 0);
      await workspace.validated(subnetCount, this.#config.validateWithinMs, signal);
      return signal.aborted ? undefined : nodes;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async #runLoad(workspace: Workspace, nodes: readonly string[]): Promise<number> {
    const { clock, log } = this.#service;
    const { runId } = this.#plan;
    const load = new AttachmentLoad(loadOptions(this.#config, this.#plan, nodes));
    this.#load = load;
    this.#warnOfShortLives(load);
    const driver = new LoadDriver({
      load,
      runId,
      calls: this.#clients.calls,
      watches: this.#clients.patient,
      clock,
      log,
      onOutput: (output) => {
        this.#tally.add(output);
        this.#onOutput(output);
      },
    });
    this.#driver = driver;
    const startedAt = clock.now();
    const display = new ProgressDisplay({
      writer: stderr(),
      clock,
      tally: this.#tally,
      population: () => load.population,
      operations: load.lanes.reduce((sum, { operationCount }) => sum + operationCount, 0),
    });
    try {
      await driver.run();
    } finally {
      display.end();
    }
    const durationMs = clock.now() - startedAt;
    const { keep, waitAfterDeleteMs } = this.#config;
    const locksLeft = keep ? undefined : await workspace.locksLeft(waitAfterDeleteMs);
    const result = this.#tally.result({ keep });
    return await this.#report({
      config: this.#config,
      plan: this.#plan,
      nodes,
      lanes: load.lanes,
      result,
      durationMs,
      locksLeft,
      metrics: this.#service.metrics,
    });
  }

  async #report(record: RunRecord): Promise<number> {
    const lines = [...resultLines(record.result)];
    if ((record.locksLeft ?? 0) > 0) lines.push(`${record.locksLeft} locks of addresses were left`);
    this.#people.write(`${lines.join("\n")}\n`);
    await writeRunFiles(record);
    return VERDICT_EXIT_CODES[record.result.verdict];
  }

  #introduce(nodes: readonly string[]): void {
    const { runId, seed, networks, test } = this.#plan;
    const { slotCount, averagePeers, breakPoint } = summarizeSizes(networks.map(({ size }) => size));
    const { numAttachments, rate, opsDistribution, threads } = this.#config;
    const first = networks[0];
    const lines = [
      `run ${runId}, seed ${seed}: ${numAttachments} attachments at ${rate} operations a second (${opsDistribution}), ${threads} at one time`,
      `${networks.length} networks from VNI ${first?.vni ?? 0} on, ${slotCount} slots, ${averagePeers.toFixed(1)} peers on average, single ones from network ${breakPoint ?? "none"}`,
      `${nodes.length} nodes: ${nodes.slice(0, 8).join(", ")}${nodes.length > 8 ? ", …" : ""}`,
      test === undefined
        ? "no tests (--test-program)"
        : `tests by ${test.program}, ${test.fraction} of them with a peer`,
    ];
    this.#people.write(`${lines.join("\n")}\n`);
  }

  #warnOfShortLives(load: AttachmentLoad): void {
    const lifetimeMs = lifetimeMinMs(load.lanes, this.#config.rate);
    if (lifetimeMs === undefined || lifetimeMs >= LIFETIME_WARN_MS) return;
    this.#people.write(
      `warning: attachments exist for ${(lifetimeMs / 1000).toFixed(2)} s by the schedule: use larger networks or a lower --rate\n`,
    );
  }
}
