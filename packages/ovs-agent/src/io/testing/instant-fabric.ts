// A fabric for tests of the agent itself: implements everything in the next turn, or fails as it is told to.
import type {
  Fabric,
  FabricEvent,
  FabricFailureCode,
  FabricState,
  LocalInterface,
  NetworkInterface,
} from "../../core/fabric.ts";

/** Everything succeeds but what {@link failing} names. */
export class InstantFabric implements Fabric {
  readonly name = "log" as const;
  readonly desired: Map<string, NetworkInterface> = new Map();
  readonly installed: Map<string, NetworkInterface> = new Map();
  /** Owners that fail, with the code. */
  readonly failing: Map<string, FabricFailureCode> = new Map();
  readonly #listeners = new Set<(event: FabricEvent) => void>();
  readonly #survivors: readonly LocalInterface[];
  #isAdopted = false;
  /** Why it cannot be reached; declarations wait meanwhile. */
  trouble: string | undefined;

  constructor(survivors: readonly LocalInterface[] = []) {
    this.#survivors = survivors;
    for (const each of survivors) this.installed.set(each.owner, each);
  }

  async start(): Promise<void> {
    await Promise.resolve();
  }

  survivors(): readonly LocalInterface[] {
    return this.#survivors;
  }

  desire(wanted: NetworkInterface): void {
    this.desired.set(wanted.owner, wanted);
    if (this.#isAdopted) queueMicrotask(() => this.#bring(wanted.owner));
  }

  release(owner: string): void {
    this.desired.delete(owner);
    if (this.#isAdopted) queueMicrotask(() => this.#bring(owner));
  }

  adopt(): void {
    this.#isAdopted = true;
    for (const owner of new Set([...this.installed.keys(), ...this.desired.keys()])) this.#bring(owner);
  }

  readonly onEvent = (listener: (event: FabricEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  state(): FabricState {
    const kinds = [...this.installed.values()].map(({ kind }) => kind);
    return {
      connected: this.trouble === undefined,
      ...(this.trouble === undefined ? {} : { reason: this.trouble }),
      adopted: this.#isAdopted,
      localCount: kinds.filter((kind) => kind === "local").length,
      remoteCount: kinds.filter((kind) => kind === "remote").length,
      pending: 0,
      failing: this.failing.size,
      flowsDesired: 0,
      counters: {
        bundles: 0,
        bundlesFailed: 0,
        flowMods: 0,
        transactions: 0,
        replays: 0,
        foreignFlowsRemoved: 0,
        failures: 0,
      },
    };
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #bring(owner: string): void {
    if (this.trouble !== undefined) return;
    const wanted = this.desired.get(owner);
    const old = this.installed.get(owner);
    const isKept = wanted?.kind === old?.kind && wanted?.vni === old?.vni && wanted?.ipv4 === old?.ipv4;
    if (old !== undefined && !isKept) {
      this.installed.delete(owner);
      this.#tell({ kind: "removed", interface: old });
    }
    if (wanted === undefined) return;
    const code = this.failing.get(owner);
    if (code !== undefined) {
      this.#tell({ kind: "failed", interface: wanted, code, message: `Cannot make it: ${code}`, willRetry: true });
      return;
    }
    this.installed.set(owner, wanted);
    this.#tell({ kind: "implemented", interface: wanted, created: old === undefined || !isKept });
  }

  #tell(event: FabricEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
