// Runs the election against the API server's Leases.
import { unreachable } from "@coracle/base";
import { type GroupVersionResource, StatusError } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import type { Logger } from "@coracle/lifecycle";
import { startTimer, type Timer } from "@coracle/runtime";
import { type ElectionInput, type ElectionOutput, LeaderElection } from "../core/election/leader-election.ts";
import { leaseObject, type LeaseName, readLease } from "../core/election/lease-record.ts";

const LEASES: GroupVersionResource = { group: "coordination.k8s.io", version: "v1", resource: "leases" };
/** A request that takes longer than this is of no use to a leader. */
const REQUEST_TIMEOUT_MS = 5000;

/** What an election needs. */
export interface LeadershipOptions {
  readonly client: KubeClient;
  readonly lease: LeaseName;
  readonly identity: string;
  readonly log: Logger;
  readonly onChange: (isLeading: boolean) => void;
}

/** One candidate. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #election: LeaderElection;
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  #timer: Timer | undefined;

  constructor(options: LeadershipOptions) {
    const { client, identity } = options;
    this.#options = options;
    this.#election = new LeaderElection({ identity, clock: client.clock, random: client.random });
  }

  get isLeading(): boolean {
    return this.#election.isLeading;
  }

  get leader(): string {
    return this.#election.leader;
  }

  start(): void {
    this.#give({ kind: "start" });
  }

  /** Gives the lease up; resolves when it is given up, or could not be. */
  stop(): Promise<void> {
    this.#give({ kind: "stop" });
    return this.#stopped.promise;
  }

  #give(input: ElectionInput): void {
    const { clock } = this.#options.client;
    this.#election.handle(input, clock.now());
    for (let output = this.#election.poll(); output !== undefined; output = this.#election.poll()) this.#act(output);
    this.#timer?.cancel();
    const timeout = this.#election.nextTimeout();
    if (timeout === undefined) return;
    this.#timer = startTimer(Math.max(0, timeout - clock.now()), () => this.#give({ kind: "timeout" }));
  }

  #act(output: ElectionOutput): void {
    const { log, identity, onChange } = this.#options;
    switch (output.kind) {
      case "read":
        void this.#read().then((input) => this.#give(input));
        return;
      case "write":
        void this.#write(output).then((input) => this.#give(input));
        return;
      case "leading":
        log.info("Leading", { identity });
        onChange(true);
        return;
      case "lost":
        log.warning("No longer leading", { identity, leader: this.leader });
        onChange(false);
        return;
      case "stopped":
        this.#stopped.resolve();
        return;
      default:
        unreachable(output);
    }
  }

  async #read(): Promise<ElectionInput> {
    const { client, lease, log } = this.#options;
    try {
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      return { kind: "read", lease: readLease(await client.get(LEASES, lease, { signal })) };
    } catch (error) {
      if (error instanceof StatusError && error.httpCode === 404) return { kind: "read", lease: "none" };
      log.warning("Lease not read", { reason: reasonOf(error) });
      return { kind: "read", lease: "failed" };
    }
  }

  async #write({ record, resourceVersion }: Extract<ElectionOutput, { kind: "write" }>): Promise<ElectionInput> {
    const { client, lease, log } = this.#options;
    const object = leaseObject(lease, record, resourceVersion);
    try {
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      const isNew = resourceVersion === undefined;
      const written = isNew
        ? await client.create(LEASES, object, { signal })
        : await client.update(LEASES, object, { signal });
      return { kind: "written", resourceVersion: written.metadata.resourceVersion ?? "" };
    } catch (error) {
      // A conflict is how another one wins: nothing to report.
      if (!(error instanceof StatusError && error.httpCode === 409)) {
        log.warning("Lease not written", { reason: reasonOf(error) });
      }
      return { kind: "written", resourceVersion: "" };
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
