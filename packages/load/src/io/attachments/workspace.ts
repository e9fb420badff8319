// The namespace and the subnets of a run: made before it, validated, removed after it.
import { NETWORK_API_VERSION, parseSubnet, type ApiObject } from "@coracle/api";
import { StatusError } from "@coracle/kube";
import { follow, type KubeClient } from "@coracle/kube/io";
import { ExitError } from "@coracle/lifecycle";
import { sleep, startTimer } from "@coracle/runtime";
import { EXIT_NOT_PREPARED } from "../../attachments-config.ts";
import type { NetworkPlan, SubnetPlan } from "../../core/attachments/address-plan.ts";
import { APP_LABEL, RUN_LABEL } from "../../core/attachments/attachment-name.ts";
import { IP_LOCKS, NAMESPACES, SUBNETS } from "./resources.ts";

const CREATES_AT_ONCE = 8;
const LOCK_POLL_MS = 250;

/** The objects around the attachments of one run. */
export class Workspace {
  readonly #client: KubeClient;
  readonly #runId: string;
  readonly #labels: Readonly<Record<string, string>>;
  #isMade = false;

  constructor(client: KubeClient, runId: string) {
    this.#client = client;
    this.#runId = runId;
    this.#labels = { [APP_LABEL.name]: APP_LABEL.value, [RUN_LABEL]: runId };
  }

  /** Makes the namespace and the subnets; a namespace that exists is somebody's and is refused. */
  async make(networks: readonly NetworkPlan[], signal: AbortSignal): Promise<void> {
    await this.#makeNamespace(signal);
    const waiting = networks.flatMap(({ subnets }) => subnets);
    const lane = async (): Promise<void> => {
      for (let subnet = waiting.shift(); subnet !== undefined; subnet = waiting.shift()) {
        await this.#makeSubnet(subnet, signal);
      }
    };
    await Promise.all(Array.from({ length: CREATES_AT_ONCE }, lane));
  }

  /** Resolves when every subnet is validated; a refused one or a timeout throws ExitError. */
  async validated(subnetCount: number, withinMs: number, signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    const timer = startTimer(withinMs, () => late.abort());
    const ready = new Set<string>();
    const ending = AbortSignal.any([signal, late.signal]);
    try {
      for await (const event of follow(this.#client, SUBNETS, { namespace: this.#runId, signal: ending })) {
        if (event.kind !== "item" && event.kind !== "upsert") continue;
        if (isValidated(event.object as unknown as ApiObject)) ready.add(event.object.metadata.name ?? "");
        if (ready.size >= subnetCount) return;
      }
    } finally {
      timer.cancel();
    }
    if (signal.aborted) return;
    throw notPrepared(
      `${ready.size} of ${subnetCount} subnets are validated after ${withinMs} ms: does the validator run?`,
    );
  }

  /** Locks of addresses that are still there when the attachments are gone; absent when the server does not say. */
  async locksLeft(withinMs: number): Promise<number | undefined> {
    const attempts = Math.max(1, Math.ceil(withinMs / LOCK_POLL_MS));
    let left = 0;
    for (let attempt = 0; attempt < attempts; attempt++) {
      try {
        const { items } = await this.#client.list(IP_LOCKS, { namespace: this.#runId }, { form: "metadata" });
        left = items.length;
      } catch (error) {
        if (error instanceof StatusError) return undefined;
        throw error;
      }
      if (left === 0) break;
      await sleep(LOCK_POLL_MS);
    }
    return left;
  }

  /** Removes what {@link make} made. */
  async remove(): Promise<void> {
    if (!this.#isMade) return;
    await unlessGone(this.#client.deleteCollection(SUBNETS, { namespace: this.#runId }));
    await unlessGone(this.#client.delete(NAMESPACES, { name: this.#runId }));
  }

  async #makeNamespace(signal: AbortSignal): Promise<void> {
    const namespace = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: this.#runId, labels: this.#labels },
    };
    try {
      await this.#client.create(NAMESPACES, namespace, { signal });
      this.#isMade = true;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      throw notPrepared(`the namespace ${this.#runId} cannot be made: ${error.message}`, error);
    }
  }

  async #makeSubnet({ name, cidr, vni }: SubnetPlan, signal: AbortSignal): Promise<void> {
    const subnet = {
      apiVersion: NETWORK_API_VERSION,
      kind: "Subnet",
      metadata: { name, namespace: this.#runId, labels: this.#labels },
      spec: { ipv4: cidr, vni },
    };
    try {
      await this.#client.create(SUBNETS, subnet, { signal });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      throw notPrepared(`the subnet ${name} cannot be made: ${error.message}`, error);
    }
  }
}

function isValidated(object: ApiObject): boolean {
  const subnet = parseSubnet(object);
  const [problem] = subnet?.status?.errors ?? [];
  if (problem !== undefined) throw notPrepared(`the subnet ${object.metadata.name} is not valid: ${problem}`);
  return subnet?.status?.validated === true;
}

function notPrepared(why: string, cause?: unknown): ExitError {
  return new ExitError(`Cannot begin the run as ${why}`, { exitCode: EXIT_NOT_PREPARED, cause });
}

async function unlessGone(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof StatusError) || error.httpCode !== 404) throw error;
  }
}
