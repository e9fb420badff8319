// Removes what has expired: events by age, and pods at the end of their grace period, since no kubelet runs here to do it.
import { EVENT, POD } from "@coracle/api";
import type { Logger } from "@coracle/lifecycle";
import { eventExpiryMs, podExpiryMs } from "../core/registry/expiry.ts";
import type { RegistryEnvironment } from "../core/registry/environment.ts";
import { deleteObject } from "../core/registry/remove.ts";
import { StatusError } from "@coracle/kube";
import type { CacheHub } from "../core/watch/cache-hub.ts";
import type { StoredObject } from "../core/watch/stored-object.ts";
import { startTimer, type Timer } from "@coracle/runtime";
import { WorkQueue } from "./work-queue.ts";

const WORKERS = 4;
/** Events are looked through this often; an hour more or less a minute is the same. */
const SWEEP_MS = 60_000;

/** Follows pods that are being deleted, and sweeps events. */
export class ExpiryController {
  readonly #hub: CacheHub;
  readonly #environment: RegistryEnvironment;
  readonly #queue: WorkQueue;
  #stopListening: () => void = () => undefined;
  #timer: Timer | undefined;

  constructor(hub: CacheHub, environment: RegistryEnvironment, log: Logger) {
    this.#hub = hub;
    this.#environment = environment;
    const { random } = environment;
    this.#queue = new WorkQueue({
      name: "expiry",
      workers: WORKERS,
      log,
      random,
      reconcile: (key) => this.#remove(key),
    });
  }

  start(): void {
    const pods = this.#hub.cacheOf(POD);
    this.#stopListening = pods.listen(({ current }) => this.#schedule(current));
    for (const pod of pods.objects()) this.#schedule(pod);
    this.#sweepLater();
  }

  stop(): void {
    this.#stopListening();
    this.#timer?.cancel();
    this.#queue.stop();
  }

  #schedule(pod: StoredObject | undefined): void {
    const atMs = pod === undefined ? undefined : podExpiryMs(pod);
    if (pod === undefined || atMs === undefined) return;
    const delayMs = atMs - this.#environment.clock.wallMs();
    if (delayMs <= 0) this.#queue.add(pod.key);
    else this.#queue.addAfter(pod.key, delayMs);
  }

  #sweepLater(): void {
    this.#timer = startTimer(SWEEP_MS, () => {
      const nowMs = this.#environment.clock.wallMs();
      for (const event of this.#hub.cacheOf(EVENT).objects()) {
        if (eventExpiryMs(event) <= nowMs) this.#queue.add(event.key);
      }
      this.#sweepLater();
    });
  }

  async #remove(key: string): Promise<void> {
    const object = this.#hub.cacheOf(POD).get(key) ?? this.#hub.cacheOf(EVENT).get(key);
    if (object === undefined || !this.#isDue(object)) return;
    const { definition, namespace, name } = object;
    const target = { definition, namespace, name, subresource: "" };
    try {
      await deleteObject(this.#environment, target, {
        dryRun: false,
        gracePeriodSeconds: 0,
        propagationPolicy: undefined,
        orphanDependents: undefined,
        preconditions: { uid: object.metadata.uid, resourceVersion: undefined },
      });
    } catch (error) {
      if (!(error instanceof StatusError) || (error.reason !== "NotFound" && error.reason !== "Conflict")) throw error;
    }
  }

  #isDue(object: StoredObject): boolean {
    const atMs = object.definition === POD ? podExpiryMs(object) : eventExpiryMs(object);
    return atMs !== undefined && atMs <= this.#environment.clock.wallMs();
  }
}
