// Gives the machine of a load run its calls, its notifications and its time.
import type { ApiObject } from "@coracle/api";
import { type Clock, formatMicroTime } from "@coracle/base";
import { type KubeObject, StatusError, type WatchStreamEvent } from "@coracle/kube";
import { follow, type KubeClient } from "@coracle/kube/io";
import type { Logger } from "@coracle/lifecycle";
import { HttpClientError, startTimer, type Timer } from "@coracle/runtime";
import type { AttachmentLoad } from "../../core/attachments/attachment-load.ts";
import { attachmentObject, RUN_LABEL, type WantedAttachment } from "../../core/attachments/attachment-name.ts";
import type { CallOutcome, LoadInput, LoadOutput } from "../../core/attachments/load-types.ts";
import { observe } from "../../core/attachments/observation.ts";
import { ATTACHMENTS } from "./resources.ts";

/** What a driver works with. */
export interface LoadDriverOptions {
  readonly load: AttachmentLoad;
  readonly runId: string;
  /** Sends each create and delete once: a retry would hide in a latency. */
  readonly calls: KubeClient;
  readonly watches: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told every output. */
  readonly onOutput: (output: LoadOutput) => void;
}

/** Runs one machine once. */
export class LoadDriver {
  readonly #options: LoadDriverOptions;
  readonly #watching = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  #timer: Timer | undefined;

  constructor(options: LoadDriverOptions) {
    this.#options = options;
  }

  /** Stops creating; the run ends when everything is removed. */
  interrupt(): void {
    this.#tell({ kind: "interrupt" });
  }

  /** Watches, runs the machine, and resolves when it is finished; rejects when the watch ends for good. */
  async run(): Promise<void> {
    const synced = Promise.withResolvers<void>();
    const watch = this.#watch(synced.resolve);
    watch.catch((error: unknown) => {
      synced.reject(error);
      this.#finished.reject(error);
    });
    try {
      await synced.promise;
      this.#tell({ kind: "start" });
      await this.#finished.promise;
    } finally {
      this.#timer?.cancel();
      this.#watching.abort();
    }
  }

  async #watch(onSynced: () => void): Promise<void> {
    const { watches, runId, log } = this.#options;
    const options = {
      namespace: runId,
      labelSelector: `${RUN_LABEL}=${runId}`,
      trackKeys: true,
      signal: this.#watching.signal,
    };
    for await (const event of follow(watches, ATTACHMENTS, options)) {
      if (event.kind === "sync-end") onSynced();
      if (event.kind === "gap") log.warning("The watch missed changes", { cause: event.cause });
      if (event.kind === "error") log.warning("The watch failed", { reason: event.status.message ?? "" });
      if (event.kind === "error" && event.retryInMs === undefined) throw new StatusError(event.status);
      this.#onChange(event);
    }
  }

  #onChange(event: WatchStreamEvent): void {
    if (event.kind === "remove") this.#tell({ kind: "removed", name: event.object.metadata.name ?? "" });
    if (event.kind !== "item" && event.kind !== "upsert") return;
    const observation = observe(event.object as unknown as ApiObject);
    if (observation !== undefined) this.#tell({ kind: "observed", observation });
  }

  #tell(input: LoadInput): void {
    const { load, clock, onOutput } = this.#options;
    load.handle(input, clock.now());
    for (let output = load.poll(); output !== undefined; output = load.poll()) {
      onOutput(output);
      if (output.kind === "create") void this.#create(output.attachment);
      if (output.kind === "delete") void this.#delete(output.name);
      if (output.kind === "finished") this.#finished.resolve();
    }
    this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    const at = this.#options.load.nextTimeout();
    if (at === undefined) return;
    const delayMs = Math.max(0, at - this.#options.clock.now());
    this.#timer = startTimer(delayMs, () => this.#tell({ kind: "timeout" }));
  }

  async #create(wanted: WantedAttachment): Promise<void> {
    const { calls, clock, runId } = this.#options;
    const object = attachmentObject(wanted, { runId, createdAt: formatMicroTime(clock.wallMs()) });
    const call = (): Promise<unknown> => calls.create(ATTACHMENTS, object as unknown as KubeObject);
    const { outcome, tookMs } = await this.#call("create", wanted.name, call);
    this.#tell({ kind: "created", name: wanted.name, outcome, tookMs });
  }

  async #delete(name: string): Promise<void> {
    const { calls, runId } = this.#options;
    const call = (): Promise<unknown> => calls.delete(ATTACHMENTS, { namespace: runId, name });
    const { outcome, tookMs } = await this.#call("delete", name, call);
    this.#tell({ kind: "deleted", name, outcome, tookMs });
  }

  async #call(
    verb: "create" | "delete",
    name: string,
    call: () => Promise<unknown>,
  ): Promise<{ readonly outcome: CallOutcome; readonly tookMs: number }> {
    const { clock, log } = this.#options;
    const startedAt = clock.now();
    let outcome: CallOutcome = "ok";
    try {
      await call();
    } catch (error) {
      outcome = outcomeOf(verb, error);
      const reason = error instanceof Error ? error.message : String(error);
      if (outcome !== "ok") log.warning("A call failed", { verb, name, outcome, reason });
    }
    return { outcome, tookMs: clock.now() - startedAt };
  }
}

/** A name that is taken is ours, as names are of this run alone; one that is gone needs no deletion. */
export function outcomeOf(verb: "create" | "delete", error: unknown): CallOutcome {
  if (error instanceof StatusError) {
    if (verb === "delete" && error.httpCode === 404) return "ok";
    if (verb === "create" && error.reason === "AlreadyExists") return "ok";
    return error.httpCode >= 500 ? "unknown" : "refused";
  }
  return error instanceof HttpClientError && error.code === "REFUSED" ? "refused" : "unknown";
}
