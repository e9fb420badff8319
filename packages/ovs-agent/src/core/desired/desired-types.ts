// What goes between the desired table and who drives it: caps, port operations, outcomes.
import type { FabricFailureCode } from "../fabric.ts";
import type { LocalInterface } from "../interface.ts";
import type { Entry } from "./entry.ts";
import type { FlowOp } from "./flow-batch.ts";

/** Caps of a table. */
export interface DesiredLimits {
  /** Owners declared at once. */
  readonly ownersMax: number;
  /** Owners in one bundle. */
  readonly bundleOwnersMax: number;
  /** Flow-mods in one bundle, but for one owner's. */
  readonly bundleMessagesMax: number;
  /** Ports in one transaction. */
  readonly portsMax: number;
}

/** A million owners, bundles of 16,384 flow-mods (some 3 MB), transactions of 100 ports. */
export const DESIRED_LIMITS: DesiredLimits = {
  ownersMax: 1_000_000,
  bundleOwnersMax: 8192,
  bundleMessagesMax: 16_384,
  portsMax: 100,
};

/** How much a table holds. */
export interface DesiredCounts {
  /** Interfaces of this host whose flows are installed. */
  readonly local: number;
  /** Those of other hosts. */
  readonly remote: number;
  /** Owners without an outcome. */
  readonly pending: number;
  /** Owners whose last attempt failed. */
  readonly failing: number;
  /** Flows that there should be, without the bridge's own. */
  readonly flows: number;
}

/** A device to make (or to take over, if it is there), or to delete. */
export interface PortOp {
  readonly kind: "make" | "delete";
  readonly entry: Entry;
  readonly local: LocalInterface;
}

/** Why an owner failed. */
export interface Failure {
  readonly code: FabricFailureCode;
  readonly message: string;
}

/** How a bundle ended. `refused` names the owners to blame if it can; `lost` is for an unknown outcome. */
export type BundleOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly message: string; readonly offenders: ReadonlySet<FlowOp> }
  | { readonly kind: "lost" };

/** How a port ended. `lost`: try again when the database is back. */
export type PortOutcome =
  | { readonly kind: "done"; readonly ofport: number }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "lost" };
