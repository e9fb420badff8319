// The fabric that makes nothing and says what it would do: for machines without Open vSwitch.
import { type Clock, formatIp, numberToIpv4 } from "@coracle/base";
import { formatFlow } from "@coracle/openflow";
import { systemClock } from "@coracle/runtime";
import { DesiredTable } from "../../core/desired/desired-table.ts";
import { expectedFlows } from "../../core/desired/expected-flows.ts";
import type { AbandonSignal, Fabric, FabricEvent, FabricState } from "../../core/fabric.ts";
import type { LocalInterface, NetworkInterface } from "../../core/interface.ts";
import { deviceName } from "../../core/mac-address.ts";
import { bridgeFlows } from "../../core/pipeline/bridge-flows.ts";
import { FabricListeners } from "./fabric-listeners.ts";

/** Settings of a log fabric. */
export interface LogFabricOptions {
  readonly clock?: Clock;
  readonly onLog?: (message: string, facts: Readonly<Record<string, unknown>>) => void;
}

/** Port numbers like a real bridge's, and the tunnel's. */
const BRIDGE_PORTS = { tunnelPort: 1, round: 1 } as const;

/** A fabric that has not been started. */
export function createLogFabric(options: LogFabricOptions = {}): Fabric {
  return new LogFabric(options);
}

/** The desired table of the real fabric, driven by a switch that takes everything at once. */
class LogFabric implements Fabric {
  readonly name = "log";
  readonly onEvent: (listener: (event: FabricEvent) => void) => () => void;
  readonly #options: LogFabricOptions;
  readonly #listeners = new FabricListeners();
  readonly #table: DesiredTable;
  readonly #counters = { bundles: 0, flowMods: 0, transactions: 0, failures: 0 };
  #nextPort = 2;
  #isStarted = false;
  #isAdopted = false;
  #isKicked = false;
  #isClosed = false;

  constructor(options: LogFabricOptions) {
    this.#options = options;
    this.onEvent = this.#listeners.onEvent;
    this.#table = new DesiredTable({ clock: options.clock ?? systemClock, tell: (event) => this.#tell(event) });
  }

  start(): Promise<void> {
    this.#isStarted = true;
    return Promise.resolve();
  }

  survivors(): readonly LocalInterface[] {
    return [];
  }

  desire(wanted: NetworkInterface): void {
    this.#table.desire(wanted);
    this.#kick();
  }

  release(owner: string): void {
    this.#table.release(owner);
    this.#kick();
  }

  adopt(): void {
    if (this.#isAdopted) return;
    this.#isAdopted = true;
    this.#table.letGo();
    this.#kick();
  }

  state(): FabricState {
    const { local, remote, pending, failing, flows } = this.#table.counts;
    return {
      connected: this.#isStarted,
      adopted: this.#isAdopted,
      localCount: local,
      remoteCount: remote,
      pending,
      failing,
      flowsDesired: flows + bridgeFlows(BRIDGE_PORTS.round).length,
      counters: { ...this.#counters, bundlesFailed: 0, replays: 0, foreignFlowsRemoved: 0 },
    };
  }

  *flows(): Generator<string> {
    for (const { flow } of expectedFlows(this.#table, BRIDGE_PORTS)) yield formatFlow(flow);
  }

  settled(signal?: AbandonSignal): Promise<void> {
    return this.#listeners.settled(() => !this.#isKicked && this.#table.isSettled, signal);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.close();
    return Promise.resolve();
  }

  #kick(): void {
    if (this.#isKicked || this.#isClosed) return;
    this.#isKicked = true;
    queueMicrotask(() => {
      this.#isKicked = false;
      this.#run();
      this.#listeners.check();
    });
  }

  /** Ports and flows by turns until nothing is left to do. */
  #run(): void {
    for (;;) {
      const ops = this.#table.takePorts();
      if (ops.length > 0) {
        this.#counters.transactions++;
        const outcomes = ops.map(({ kind }) => ({
          kind: "done" as const,
          ofport: kind === "make" ? this.#nextPort++ : 0,
        }));
        this.#table.portsDone(ops, outcomes);
      }
      const batch = this.#table.takeBundle(BRIDGE_PORTS);
      if (batch !== undefined) {
        this.#counters.bundles++;
        this.#counters.flowMods += batch.count;
        this.#table.bundleDone(batch, { kind: "done" });
      } else if (ops.length === 0) return;
    }
  }

  #tell(event: FabricEvent): void {
    const { vni, ipv4, owner, kind } = event.interface;
    const facts = { owner, kind, vni, ipv4: formatIp(numberToIpv4(ipv4)) };
    if (event.kind === "failed") {
      this.#counters.failures++;
      this.#options.onLog?.(event.message, { ...facts, code: event.code });
    } else {
      const word = event.kind === "implemented" ? "would make an interface" : "would remove an interface";
      this.#options.onLog?.(word, { ...facts, device: deviceName(vni, ipv4) });
    }
    this.#listeners.tell(event);
  }
}
