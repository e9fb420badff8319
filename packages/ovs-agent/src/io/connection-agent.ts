// The connection agent: drives watches, fabric, commands and statuses as the machines say.
import { NETWORK_API_VERSION } from "@coracle/api";
import type { Clock, Millis } from "@coracle/base";
import { EventRecorder, type EventReport, type KubeClient } from "@coracle/kube/io";
import type { Logger, Metrics } from "@coracle/lifecycle";
import { buildCommit, startTimer, type Timer } from "@coracle/runtime";
import { AttachmentMachine } from "../core/attachment-machine.ts";
import type { AgentInput, AgentOutput } from "../core/attachment-machine-types.ts";
import { ownerOf } from "../core/attachment-fields.ts";
import type { ExecJob } from "../core/exec-queue.ts";
import type { ExecRun } from "../core/exec-command.ts";
import type { Fabric } from "../core/fabric.ts";
import { HostLedger, type LedgerOutput } from "../core/host-ledger.ts";
import { staleQuery } from "../core/watch-selector.ts";
import { AgentMetrics } from "./agent-metrics.ts";
import { addFabricMetrics } from "./fabric-metrics.ts";
import { watchAttachments } from "./attachment-watch.ts";
import { FabricTimes } from "./fabric-times.ts";
import { HookRunner } from "./hook-runner.ts";
import { ATTACHMENTS, StatusWriter } from "./status-writer.ts";
import type { WatchTotals } from "./watch-totals.ts";

/** What a {@link ConnectionAgent} is made of. */
export interface ConnectionAgentOptions {
  readonly client: KubeClient;
  /** Told by the client's metrics hook. */
  readonly watched: WatchTotals;
  readonly fabric: Fabric;
  readonly node: string;
  /** Dotted quad. */
  readonly hostIp: string;
  readonly allowedPrograms: ReadonlySet<string>;
  readonly workers: number;
  readonly localsMax: number;
  readonly remotesMax: number;
  readonly adoptWaitMs: number;
  /** A fabric that cannot be reached for this long is told in the status of attachments that wait for it. */
  readonly troubleAfterMs: number;
  readonly exec: {
    readonly concurrencyMax: number;
    readonly waitingMax: number;
    readonly timeoutMs: number;
    readonly outputSizeBytesMax: number;
  };
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Aborts when the agent is to end: the dataplane stays as it is. */
  readonly signal: AbortSignal;
}

/** One agent: this node's attachments become interfaces, and their statuses say so. */
export class ConnectionAgent {
  readonly machine: AttachmentMachine;
  readonly ledger: HostLedger;
  readonly fabric: Fabric;
  readonly #options: ConnectionAgentOptions;
  readonly #writer: StatusWriter;
  readonly #hooks: HookRunner;
  readonly #events: EventRecorder;
  readonly #metrics: AgentMetrics;
  readonly #times: FabricTimes;
  readonly #watches = new Map<number, AbortController>();
  #timer: Timer | undefined;
  #fabricStarted: Promise<void> = Promise.resolve();
  #isFabricReady = false;
  #lookTimer: Timer | undefined;

  constructor(options: ConnectionAgentOptions) {
    const { node, hostIp, allowedPrograms, client, clock, log, fabric } = options;
    this.#options = options;
    this.fabric = fabric;
    this.machine = new AttachmentMachine(options);
    this.ledger = new HostLedger({ hostIp, allowedPrograms });
    this.#events = new EventRecorder({
      client,
      component: "coracle.dev/ovs-agent",
      instance: node,
      signal: options.signal,
      onRefused: ({ httpCode }) =>
        log.warning("Events are not sent for now: the API server refuses them", { httpCode }),
    });
    this.#hooks = new HookRunner({ ...options.exec, clock, onEnd: (job, run) => this.#onRun(job, run) });
    const { machine, ledger } = this;
    this.#writer = new StatusWriter({ ...options, machine, ledger });
    addFabricMetrics(options.metrics, options.fabric, options.node);
    this.#metrics = new AgentMetrics(options.metrics, {
      ...options,
      machine,
      commit: buildCommit(),
      queue: this.#writer.queue,
      exec: () => ({ running: this.#hooks.running, waiting: this.#hooks.waiting }),
    });
    this.#writer.setMetrics(this.#metrics);
    this.#times = new FabricTimes({ clock, metrics: this.#metrics });
    fabric.onEvent((event) => {
      this.#times.note(event);
      this.ledger.noteFabric(event);
      this.#drainLedger();
    });
  }

  /** Connects the fabric and opens the watches; resolves at once. */
  start(): void {
    const { log, signal, fabric } = this.#options;
    this.#fabricStarted = fabric
      .start(signal)
      .then(() => {
        this.ledger.noteSurvivors(fabric.survivors());
        this.#isFabricReady = true;
      })
      .catch((error: unknown) => {
        if (!signal.aborted) log.error("Fabric could not be started", { error });
      });
    this.#send({ kind: "start" });
    this.#lookAtFabric(this.#options.clock.now());
  }

  /** Ends watches and commands. What is installed stays. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#lookTimer?.cancel();
    for (const watch of this.#watches.values()) watch.abort();
    this.#watches.clear();
    this.#hooks.stop();
    this.#writer.stop();
    await this.fabric.close();
  }

  /** @param connectedAt when the fabric was last seen connected */
  #lookAtFabric(connectedAt: Millis): void {
    const { clock, troubleAfterMs } = this.#options;
    const { connected, reason = "it does not answer" } = this.fabric.state();
    const now = clock.now();
    const isInTrouble = !connected && now - connectedAt >= troubleAfterMs;
    if (connected || isInTrouble) {
      this.ledger.noteTrouble(
        connected ? undefined : `Cannot make the interface as Open vSwitch is not ready: ${reason}`,
      );
      this.#drainLedger();
    }
    this.#lookTimer = startTimer(troubleAfterMs / 4, () => this.#lookAtFabric(connected ? now : connectedAt));
  }

  #send(input: AgentInput): void {
    const { clock } = this.#options;
    this.machine.handle(input, clock.now());
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) this.#act(output);
    this.#drainLedger();
    this.#timer?.cancel();
    const dueAt = this.machine.nextTimeout();
    this.#timer =
      dueAt === undefined ? undefined : startTimer(dueAt - clock.now(), () => this.#send({ kind: "timeout" }));
  }

  #act(output: AgentOutput): void {
    switch (output.kind) {
      case "open-watch":
        this.#openWatch(output);
        break;
      case "close-watch":
        this.#watches.get(output.id)?.abort();
        this.#watches.delete(output.id);
        break;
      case "desire":
        this.#times.desired(output.wanted, output.times, output.relevance);
        this.fabric.desire(output.wanted);
        break;
      case "release":
        this.#times.released(output.owner, output.wasLocal);
        this.fabric.release(output.owner);
        break;
      case "adopt":
        void this.#adopt(output.isComplete);
        break;
      case "local": {
        const state = this.machine.local(output.owner);
        if (state !== undefined) this.ledger.noteState(state);
        break;
      }
      case "local-gone":
        this.ledger.noteGone(output.view.owner);
        break;
    }
  }

  #openWatch({ id, vni, query }: Extract<AgentOutput, { kind: "open-watch" }>): void {
    const { client, log } = this.#options;
    const watch = new AbortController();
    this.#watches.set(id, watch);
    const scope = vni === 0 ? "local" : "remote";
    log.debug("Watch opened", { scope, vni, ...query });
    void watchAttachments({
      client,
      query,
      scope,
      log,
      signal: watch.signal,
      onEvent: (event) => this.#send({ kind: "watch", id, event }),
    });
  }

  async #adopt(isComplete: boolean): Promise<void> {
    const { log, signal } = this.#options;
    if (!isComplete) log.warning("Adopting without every list of remote attachments: some took too long");
    await this.#fabricStarted;
    if (signal.aborted || !this.#isFabricReady) return;
    this.fabric.adopt();
    await this.#sweep();
  }

  /** Statuses that an address was withdrawn from while no agent ran. */
  async #sweep(): Promise<void> {
    const { client, node, log, signal } = this.#options;
    try {
      const stale = await client.list(ATTACHMENTS, {}, { ...staleQuery(node), signal });
      for (const object of stale.items) this.#writer.add(ownerOf(object));
    } catch (error) {
      if (!signal.aborted) log.warning("Statuses without an address could not be listed", { error });
    }
  }

  #drainLedger(): void {
    for (let output = this.ledger.poll(); output !== undefined; output = this.ledger.poll()) this.#obey(output);
  }

  #obey(output: LedgerOutput): void {
    switch (output.kind) {
      case "status":
        this.#writer.add(output.owner);
        break;
      case "exec":
        this.#hooks.submit(output.job);
        break;
      case "event":
        this.#events.record(reportOf(output));
        break;
    }
  }

  #onRun(job: ExecJob, run: ExecRun): void {
    const { report, reason, durationMs } = run;
    const fields = {
      attachment: job.owner,
      moment: job.moment,
      exitStatus: report.exitStatus,
      durationMs: Math.round(durationMs),
    };
    if (reason === "Succeeded") this.#options.log.info("Command ended", fields);
    else this.#options.log.warning("Command failed", { ...fields, reason });
    this.#metrics.execRun(job.moment, run);
    this.ledger.noteRun(job, run);
    this.#drainLedger();
  }
}

function reportOf({ view, type, reason, message }: Extract<LedgerOutput, { kind: "event" }>): EventReport {
  const { namespace, name, uid, resourceVersion } = view;
  const subject = { apiVersion: NETWORK_API_VERSION, kind: "NetworkAttachment", namespace, name, uid, resourceVersion };
  return { subject, type, reason, message };
}
