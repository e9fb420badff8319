// The interface of the attachment machine: what its driver tells it, what it asks of its driver, what can be read.
import type { WatchStreamEvent } from "@coracle/kube";
import type { AttachmentTimes, LocalView } from "./attachment-fields.ts";
import type { NetworkInterface } from "./fabric.ts";
import type { WatchQuery } from "./watch-selector.ts";

/** Settings of the attachment machine. */
export interface AttachmentMachineOptions {
  /** This node's name, as `spec.node` has it. */
  readonly node: string;
  /** Attachments of this node at most; more are not looked at until there is room, and counted. */
  readonly localsMax: number;
  /** Attachments of other nodes at most. */
  readonly remotesMax: number;
  /** How long the first lists of remote attachments may hold up the adoption of what an earlier run left. */
  readonly adoptWaitMs: number;
}

/** What happens to the machine. Events of a watch that was closed are ignored. */
export type AgentInput =
  | { readonly kind: "start" }
  | { readonly kind: "watch"; readonly id: number; readonly event: WatchStreamEvent }
  | { readonly kind: "timeout" };

/** What its driver has to do, in this order. */
export type AgentOutput =
  /** Follow these attachments; `vni` is 0 for those of this node. */
  | { readonly kind: "open-watch"; readonly id: number; readonly vni: number; readonly query: WatchQuery }
  | { readonly kind: "close-watch"; readonly id: number; readonly vni: number }
  /** Tell the fabric. `relevance` has the times of the attachment that made a remote one's VNI relevant. */
  | {
      readonly kind: "desire";
      readonly wanted: NetworkInterface;
      readonly times: AttachmentTimes;
      readonly relevance?: AttachmentTimes;
    }
  | { readonly kind: "release"; readonly owner: string; readonly wasLocal: boolean }
  /** Every first desire is told; `isComplete` is false when a list took too long. */
  | { readonly kind: "adopt"; readonly isComplete: boolean }
  /** A local attachment came or changed: see `AttachmentMachine.local`. */
  | { readonly kind: "local"; readonly owner: string }
  /** An attachment has left this node's watch: deleted, or its address was withdrawn. */
  | { readonly kind: "local-gone"; readonly view: LocalView };

/** Why a local attachment gets no interface. */
export type LocalBlock =
  | { readonly kind: "unusable-address" }
  /** Its VNI is in use by another namespace on this node. */
  | { readonly kind: "foreign-vni"; readonly namespace: string }
  /** A newer attachment of the same name was seen on another node. */
  | { readonly kind: "superseded" };

/** A local attachment and what keeps it from an interface, if anything. */
export interface LocalState {
  readonly view: LocalView;
  readonly block: LocalBlock | undefined;
}

/** Counters and sizes for metrics. */
export interface MachineCounts {
  readonly locals: number;
  readonly remotes: number;
  readonly watches: number;
  readonly watchesSynced: number;
  /** Objects left out for want of room since the start. */
  readonly overflows: number;
  /** Remote attachments that cannot be reached: IPv6, malformed. */
  readonly unusable: number;
}
