// Settings, inputs and outputs of the database session.
import type { Result } from "@coracle/base";
import type { Json } from "../json.ts";
import type { MonitorMethod, RowChange } from "../monitor/database-monitor.ts";
import type { OvsdbError } from "./ovsdb-error.ts";

/** Settings of a session; all but the database have defaults. */
export interface OvsdbSessionOptions {
  readonly database: string;
  /** From connect until the monitored rows are there. Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /** Without a byte for this long an echo is sent. Default 5 s. */
  readonly idleProbeMs?: number;
  /** Without a byte for this long after the echo the connection is dead. Default 10 s. */
  readonly probeTimeoutMs?: number;
  /** Requests without an answer. Default 256. */
  readonly pendingMax?: number;
  /** Largest message received. Default 256 MiB. */
  readonly messageSizeBytesMax?: number;
  /** Bytes that wait to be sent. Default 64 MiB. */
  readonly sendSizeBytesMax?: number;
  /** Ways to monitor, best first; the next is tried when a server does not know one. */
  readonly monitorMethods?: readonly MonitorMethod[];
}

/** Something to ask of the server by its own method and parameters. */
export interface OvsdbRequest {
  readonly method: string;
  readonly params: readonly Json[];
}

/** What happens to a session. */
export type OvsdbInput =
  | { readonly kind: "connected" }
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  | { readonly kind: "disconnected" }
  | { readonly kind: "timeout" }
  | { readonly kind: "request"; readonly id: number; readonly request: OvsdbRequest; readonly timeoutMs: number };

/** What a session wants done. `ready` comes once, when the monitored rows are there, after their `changes`. */
export type OvsdbOutput =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "changes"; readonly changes: readonly RowChange[] }
  | { readonly kind: "ready"; readonly method: MonitorMethod; readonly isResumed: boolean }
  | { readonly kind: "answer"; readonly id: number; readonly result: Result<Json, OvsdbError> }
  | { readonly kind: "lock"; readonly lock: string; readonly isOwned: boolean }
  | { readonly kind: "close"; readonly error: OvsdbError };
