// Follows the pods for address look-ups, from the first question on: who never asks pays nothing.
import { compileProjection } from "@coracle/kube";
import { follow, type KubeClient } from "@coracle/kube/io";
import type { Logger } from "@coracle/lifecycle";
import { sleep } from "@coracle/runtime";
import { IpIndex, POD_FACT_FIELDS, podFacts } from "../core/ip-index.ts";

const PODS = { group: "", version: "v1", resource: "pods" };
const RESTART_MS = 5000;

/** What a {@link PodLookup} needs. */
export interface PodLookupOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** An index of the cluster's pods by address, kept current in the background. */
export class PodLookup {
  readonly #options: PodLookupOptions;
  readonly #index = new IpIndex();
  readonly #synced = Promise.withResolvers<void>();
  #started = false;
  #failure: string | undefined;

  constructor(options: PodLookupOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#index.size;
  }

  /** The index once it holds a complete state; `undefined` with a reason if that takes longer than `waitMs`. */
  async index(
    waitMs: number,
  ): Promise<{ readonly index: IpIndex } | { readonly index?: undefined; readonly reason: string }> {
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    const isLate = sleep(waitMs, this.#options.signal).then(
      () => true,
      () => true,
    );
    if (await Promise.race([this.#synced.promise.then(() => false), isLate])) {
      return { reason: this.#failure ?? "the pods are still being listed" };
    }
    return { index: this.#index };
  }

  async #run(): Promise<void> {
    const { signal, log } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        log.error("Following pods for look-ups failed", { error });
      }
      await sleep(RESTART_MS, signal).catch(() => undefined);
    }
  }

  async #follow(): Promise<void> {
    const { client, signal } = this.#options;
    const projection = compileProjection([...POD_FACT_FIELDS]);
    if (!projection.ok) throw new Error(projection.error.message);
    let listed = new Set<string>();
    for await (const event of follow(client, PODS, { signal, projection: projection.value })) {
      const now = client.clock.now();
      switch (event.kind) {
        case "sync-start":
          listed = new Set();
          break;
        case "item":
        case "upsert": {
          const pod = podFacts(event.object);
          if (pod === undefined) break;
          if (event.kind === "item") listed.add(pod.uid);
          this.#index.upsert(pod, now);
          break;
        }
        case "remove":
          this.#index.remove(event.object.metadata.uid ?? "", now);
          break;
        case "sync-end":
          this.#index.retain(listed, now);
          listed = new Set();
          this.#failure = undefined;
          this.#synced.resolve();
          break;
        case "error":
          this.#failure = event.status.message ?? event.status.reason ?? "the server refused";
          break;
        case "bookmark":
        case "gap":
          break;
      }
    }
  }
}
