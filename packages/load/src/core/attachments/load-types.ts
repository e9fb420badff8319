// What goes into the machine of a load run and what comes out of it.
import type { Random } from "@coracle/base";
import type { NetworkPlan } from "./address-plan.ts";
import type { WantedAttachment } from "./attachment-name.ts";
import type { LatencyName } from "./latencies.ts";
import type { Observation } from "./observation.ts";
import type { OperationDistribution } from "./schedule.ts";
import type { TestSettings } from "./test-command.ts";

/** What a run is to do. */
export interface LoadOptions {
  readonly runId: string;
  readonly networks: readonly NetworkPlan[];
  /** Names of nodes; at least one. */
  readonly nodes: readonly string[];
  readonly isRoundRobin: boolean;
  /** Attachments to create in all. */
  readonly attachmentCount: number;
  /** Lanes that work side by side, each one operation at a time. */
  readonly threads: number;
  readonly ratePerSecond: number;
  readonly distribution: OperationDistribution;
  /** Absent: no tests. */
  readonly test: TestSettings | undefined;
  readonly stopOnBreak: boolean;
  readonly stopOnPingFail: boolean;
  /** Above 0: a shock test, creations only and then this wait. */
  readonly waitAfterCreateMs: number;
  /** Longest wait for the last notifications. */
  readonly waitAfterDeleteMs: number;
  /** An attachment that is older and has no interface when its turn to go comes counts as stuck. */
  readonly readyWithinMs: number;
  /** Leave at the end what exists. */
  readonly keep: boolean;
  readonly random: Random;
}

/** How a call ended. `unknown`: no answer, the server may have acted or not. */
export type CallOutcome = "ok" | "refused" | "unknown";

/** What the driver tells the machine. */
export type LoadInput =
  | { readonly kind: "start" }
  | { readonly kind: "timeout" }
  | { readonly kind: "created"; readonly name: string; readonly outcome: CallOutcome; readonly tookMs: number }
  | { readonly kind: "deleted"; readonly name: string; readonly outcome: CallOutcome; readonly tookMs: number }
  | { readonly kind: "observed"; readonly observation: Observation }
  | { readonly kind: "removed"; readonly name: string }
  /** Stop creating, and clean up. */
  | { readonly kind: "interrupt" };

/** Something wrong with an attachment. */
export type FindingKind =
  "broken" | "stuck" | "test-failed" | "duplicate-address" | "outside-network" | "duplicate-interface" | "vanished";

/** A finding about one attachment. */
export interface Finding {
  readonly kind: FindingKind;
  readonly name: string;
  readonly message: string;
}

/** Where a run is. */
export type LoadPhase = "warm-up" | "cruise" | "cool-down" | "waiting" | "cleaning up" | "settling" | "finished";

/** What the machine asks of the driver and tells it. */
export type LoadOutput =
  | { readonly kind: "create"; readonly attachment: WantedAttachment }
  | { readonly kind: "delete"; readonly name: string }
  | { readonly kind: "call"; readonly verb: "create" | "delete"; readonly isOk: boolean }
  | { readonly kind: "latency"; readonly latency: LatencyName; readonly seconds: number; readonly name: string }
  | {
      readonly kind: "test";
      readonly exitStatus: number;
      readonly complaintsLog2: number;
      readonly isFull: boolean;
      /** It failed, and its peer was deleted meanwhile. */
      readonly isMoot: boolean;
    }
  | { readonly kind: "reached"; readonly stage: "addressed" | "ready"; readonly contention: boolean }
  /** An attachment's turn to go came before it had its interface, or an error. */
  | { readonly kind: "unready"; readonly name: string }
  /** A state was first seen after the deletion had been asked for. */
  | { readonly kind: "late-change" }
  /** An operation began later than the schedule says. */
  | { readonly kind: "late-operation"; readonly delayMs: number }
  | { readonly kind: "finding"; readonly finding: Finding }
  | { readonly kind: "phase"; readonly phase: LoadPhase }
  | { readonly kind: "finished"; readonly ending: LoadEnding };

/** Why a run ended. */
export interface LoadEnding {
  readonly reason: "complete" | "interrupted" | "broken" | "ping-failed";
  /** Attachments that were deleted and of whose end no notification came in time. */
  readonly unconfirmed: number;
  /** Attachments that still exist. */
  readonly left: number;
}
