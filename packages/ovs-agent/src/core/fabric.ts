// What implements interfaces: declared to it, not ordered from it. Outcomes come as events.
import type { LocalInterface, NetworkInterface } from "./interface.ts";

export type { LocalInterface, NetworkInterface } from "./interface.ts";

/** Why an interface could not be made. */
export type FabricFailureCode =
  /** Another owner holds this address of this virtual network; served when that one is released. */
  | "ADDRESS_TAKEN"
  /** The datapath made no device, or none within the time limit. */
  | "DEVICE_FAILED"
  /** The switch refused this interface's flows. */
  | "FLOWS_REFUSED"
  /** The database refused this interface's port. */
  | "PORT_REFUSED"
  /** VNI or address is out of range. */
  | "BAD_ADDRESS"
  /** A cap of the fabric is reached. */
  | "LIMIT";

/** The outcome of a declaration. */
export type FabricEvent =
  | {
      readonly kind: "implemented";
      readonly interface: NetworkInterface;
      /** False if it was there from an earlier run. */
      readonly created: boolean;
    }
  | { readonly kind: "removed"; readonly interface: NetworkInterface }
  | {
      readonly kind: "failed";
      readonly interface: NetworkInterface;
      readonly code: FabricFailureCode;
      /** For people: action, condition, value. */
      readonly message: string;
      readonly willRetry: boolean;
    };

/** What a fabric tells of itself. */
export interface FabricState {
  /** True while declarations can take effect at once. */
  readonly connected: boolean;
  /** Why not connected, or what is wrong though connected. */
  readonly reason?: string;
  /** True once {@link Fabric.adopt} has been called and its comparison is done. */
  readonly adopted: boolean;
  /** Interfaces installed now. */
  readonly localCount: number;
  readonly remoteCount: number;
  /** Declarations without an outcome. */
  readonly pending: number;
  /** Interfaces whose last attempt failed. */
  readonly failing: number;
  /** Flows that should be installed. */
  readonly flowsDesired: number;
  /** Names of ports on our bridge that are not ours. They are left alone: no flow of ours lets them in. */
  readonly foreignPorts?: readonly string[];
  /** Totals since the start. */
  readonly counters: FabricCounters;
}

/** Totals since a fabric's start. */
export interface FabricCounters {
  /** Bundles committed and refused. */
  readonly bundles: number;
  readonly bundlesFailed: number;
  /** Flow-mods in committed bundles. */
  readonly flowMods: number;
  /** Database transactions that changed ports. */
  readonly transactions: number;
  /** Whole-table replays after a lost connection. */
  readonly replays: number;
  /** Flows on our bridge that nobody here installed, removed. */
  readonly foreignFlowsRemoved: number;
  /** Failure events told. */
  readonly failures: number;
}

/** What a program gives up with; every `AbortSignal` is one. */
export interface AbandonSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Makes interfaces. Owners are `namespace/name`. One interface an owner. */
export interface Fabric {
  readonly name: "ovs" | "log";
  /** Connects, makes the bridge and tunnel port. Retries, reporting by {@link state}, until it works or `signal` aborts. */
  start(signal: AbandonSignal): Promise<void>;
  /** Local interfaces that an earlier run left. Valid between {@link start} and {@link adopt}. */
  survivors(): readonly LocalInterface[];
  /**
   * Declares an owner's interface; replaces what was declared for that owner. Declaring the same again tells the
   * outcome again and changes nothing.
   */
  desire(wanted: NetworkInterface): void;
  /** The owner wants no interface. `removed` is told when it is gone; nothing if there was none. */
  release(owner: string): void;
  /** All first desires are in: compare with what is installed, fix differences, remove what nobody wants. */
  adopt(): void;
  /** Listens to outcomes; returns what ends that. */
  readonly onEvent: (listener: (event: FabricEvent) => void) => () => void;
  state(): FabricState;
  /** Every flow that should be installed, as ovs-ofctl writes it. */
  flows?(): Iterable<string>;
  /** Resolves when everything declared so far is installed, removed or failed; rejects if `signal` aborts first. */
  settled(signal?: AbandonSignal): Promise<void>;
  /** Ends connections and timers; leaves the dataplane as it is. */
  close(): Promise<void>;
}
