// Writes the agent's part of the status: one write per change, on the version that it was decided on.
import type { Clock } from "@coracle/base";
import { type JsonObject, type KubeObject, StatusError, WorkQueue } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import type { Logger } from "@coracle/lifecycle";
import { startTimer, type Timer } from "@coracle/runtime";
import { type LocalView, readLocal, splitOwner, versionOrder } from "../core/attachment-fields.ts";
import type { AttachmentMachine } from "../core/attachment-machine.ts";
import type { HostLedger } from "../core/host-ledger.ts";
import { type HostFacts, planStatus } from "../core/status-plan.ts";
import type { AgentMetrics } from "./agent-metrics.ts";

/** Attachments of the API group. */
export const ATTACHMENTS = {
  group: "network.coracle.dev",
  version: "v1alpha1",
  resource: "networkattachments",
} as const;

/** What a {@link StatusWriter} works with. */
export interface StatusWriterOptions {
  readonly client: KubeClient;
  readonly machine: AttachmentMachine;
  readonly ledger: HostLedger;
  readonly node: string;
  readonly hostIp: string;
  readonly workers: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const KEYS_MAX = 131_072;
const RETRY_MS = 200;
const RETRY_MS_MAX = 60_000;
/** Conflicts in a row that are tried again at once. */
const CONFLICTS_MAX = 3;
const PATCH = { type: "merge", fieldManager: "coracle-ovs-agent" } as const;

/** How a try ended: `retry` after a while. */
type Outcome = "done" | "retry";

/**
 * Brings statuses in line with the ledger. Patches only the agent's own fields, and only the version that was looked at: the address
 * controller's writes are neither lost nor answered with an interface of another address.
 */
export class StatusWriter {
  readonly queue: WorkQueue;
  readonly #options: StatusWriterOptions;
  /** What our own last write left, until the watch has brought it. */
  readonly #written = new Map<string, LocalView>();
  #metrics: AgentMetrics | undefined;
  #running = 0;
  #timer: Timer | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.queue = new WorkQueue({
      keysMax: KEYS_MAX,
      backoffMs: RETRY_MS,
      backoffMsMax: RETRY_MS_MAX,
      delaysAdded: true,
      observer: {
        started: (waitedMs) => this.#metrics?.work.started(waitedMs),
        finished: (workedMs) => this.#metrics?.work.finished(workedMs),
      },
    });
  }

  /** Metrics are made of the queue, and so after it. */
  setMetrics(metrics: AgentMetrics): void {
    this.#metrics = metrics;
  }

  /** The status of this owner may have to be written, or cleared. */
  add(owner: string): void {
    this.queue.add(owner, this.#options.clock.now());
    this.#startWork();
  }

  /** Starts nothing more. */
  stop(): void {
    this.#timer?.cancel();
  }

  #startWork(): void {
    const { clock, signal, workers } = this.#options;
    if (signal.aborted) return;
    while (this.#running < workers) {
      const owner = this.queue.take(clock.now());
      if (owner === undefined) break;
      this.#running++;
      void this.#work(owner);
    }
    this.#timer?.cancel();
    // Without a free worker the next end looks again.
    const dueAt = this.#running < workers ? this.queue.nextTimeout() : undefined;
    if (dueAt !== undefined) this.#timer = startTimer(dueAt - clock.now(), () => this.#startWork());
  }

  async #work(owner: string): Promise<void> {
    const mustRetry = await this.#isToRetry(owner);
    const now = this.#options.clock.now();
    this.#running--;
    if (mustRetry) this.queue.retry(owner, now);
    else this.queue.forget(owner);
    this.queue.done(owner, now);
    this.#startWork();
  }

  async #isToRetry(owner: string): Promise<boolean> {
    try {
      return (await this.#bring(owner)) === "retry";
    } catch (error) {
      if (this.#options.signal.aborted) return false;
      this.#options.log.warning("Status not written", { attachment: owner, error });
      return true;
    }
  }

  /** Writes what is missing; conflicts are tried again on what the server has now. */
  async #bring(owner: string): Promise<Outcome> {
    const state = this.#options.machine.local(owner);
    if (state === undefined) return this.#clear(owner);
    let view = this.#newest(state.view);
    for (let conflict = 0; conflict <= CONFLICTS_MAX; conflict++) {
      const facts = this.#options.ledger.facts(owner);
      if (facts === undefined) return "done";
      const outcome = await this.#write(view, facts);
      if (outcome !== "conflict") return outcome;
      const live = await this.#read(owner);
      // Another object, or another address: the watch will tell, and the ledger decides anew.
      if (live === undefined || live.uid !== view.uid || live.vni !== view.vni || live.ipv4 !== view.ipv4)
        return "done";
      view = live;
    }
    return "retry";
  }

  async #write(view: LocalView, facts: HostFacts): Promise<Outcome | "conflict"> {
    const { clock, ledger } = this.#options;
    const patch = planStatus(view.reported, facts, { generation: view.generation, wallMs: clock.wallMs() });
    if (patch === undefined) {
      ledger.noteWritten(view.owner, facts);
      return "done";
    }
    const startedAt = clock.now();
    const hasError =
      facts.outcome.kind === "failed" || facts.outcome.kind === "refused" || facts.postCreate.kind === "not-allowed";
    try {
      const next = readLocal(await this.#patch(view, patch));
      this.#metrics?.statusUpdate(hasError, "ok", clock.now() - startedAt);
      if (view.reported.ifcName === "" && next.reported.ifcName !== "") this.#metrics?.firstStatus(next.times);
      if (this.#options.machine.local(view.owner) !== undefined) this.#written.set(view.owner, next);
      ledger.noteWritten(view.owner, facts);
      return "done";
    } catch (error) {
      const code = error instanceof StatusError ? error.httpCode : 0;
      this.#metrics?.statusUpdate(hasError, code === 404 ? "nf" : "err", clock.now() - startedAt);
      if (code === 404) return "done";
      if (code === 409) return "conflict";
      throw error;
    }
  }

  /** Takes the interface out of the status of an attachment that still exists without an address. */
  async #clear(owner: string): Promise<Outcome> {
    const { node, hostIp, machine } = this.#options;
    this.#written.delete(owner);
    for (let conflict = 0; conflict <= CONFLICTS_MAX; conflict++) {
      const live = await this.#read(owner);
      if (live === undefined || live.node !== node || live.ipv4Text !== "" || machine.local(owner) !== undefined)
        return "done";
      const { macAddress, ifcName, hostIp: reportedHost } = live.reported;
      if (macAddress === "" && ifcName === "" && reportedHost === "") return "done";
      const facts: HostFacts = {
        hostIp,
        outcome: { kind: "withdrawn" },
        postCreate: { kind: "none" },
        isOldReportVoid: true,
      };
      const outcome = await this.#write(live, facts);
      if (outcome !== "conflict") return outcome;
    }
    return "retry";
  }

  /** The watch may lag behind our own writes. */
  #newest(view: LocalView): LocalView {
    const written = this.#written.get(view.owner);
    if (written === undefined) return view;
    const isNewer =
      written.uid === view.uid && versionOrder(written.resourceVersion) > versionOrder(view.resourceVersion);
    if (isNewer) return written;
    this.#written.delete(view.owner);
    return view;
  }

  async #read(owner: string): Promise<(LocalView & { readonly node: string }) | undefined> {
    const { client, signal } = this.#options;
    try {
      const object = await client.get(ATTACHMENTS, splitOwner(owner), { signal, dropManagedFields: true });
      const spec = object["spec"] as { readonly node?: string } | undefined;
      return { ...readLocal(object), node: spec?.node ?? "" };
    } catch (error) {
      if (error instanceof StatusError && error.httpCode === 404) return undefined;
      throw error;
    }
  }

  #patch({ namespace, name, resourceVersion }: LocalView, status: JsonObject): Promise<KubeObject> {
    const { client, signal } = this.#options;
    const target = { namespace, name, subresource: "status" };
    return client.patch(ATTACHMENTS, target, { metadata: { resourceVersion }, status }, { ...PATCH, signal });
  }
}
