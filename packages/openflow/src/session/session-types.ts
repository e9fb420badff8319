// Settings, inputs and outputs of the session machine.
import type { Result } from "@coracle/base";
import type { OpenflowError } from "../wire/error-message.ts";
import type { SwitchFeatures } from "../wire/features.ts";
import type { PacketIn } from "../wire/packet-in.ts";
import type { PortStatus } from "../wire/port-description.ts";
import type { OpenflowVersion } from "../wire/version.ts";
import type { SessionError } from "./session-error.ts";
import type { SessionReply, SessionRequest } from "./session-request.ts";

/** Settings of an session; all have defaults. */
export interface SessionOptions {
  /** Versions to offer. */
  readonly versions?: readonly OpenflowVersion[];
  /** From connect to features reply. Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /** Without a byte for this long an echo is sent. Default 5 s. */
  readonly idleProbeMs?: number;
  /** Without a byte for this long after the echo the connection is dead. Default 10 s. */
  readonly probeTimeoutMs?: number;
  /** Requests and bundles in flight together. Default 256. */
  readonly pendingMax?: number;
  /** Size at which a batch of messages is handed out for sending. Default 256 KiB. */
  readonly batchSizeBytes?: number;
  /** Largest multipart reply. Default 512 MiB. */
  readonly multipartSizeBytesMax?: number;
  /** Events that wait to be polled; more are counted and dropped. Default 1,024. */
  readonly eventsMax?: number;
}

/** What happens to a session. */
export type SessionInput =
  | { readonly kind: "connected" }
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  | { readonly kind: "disconnected" }
  | { readonly kind: "timeout" }
  | { readonly kind: "request"; readonly id: number; readonly request: SessionRequest; readonly timeoutMs: number };

/** What a session wants done. `send` bytes are valid until the next `poll`: write them out first. */
export type SessionOutput =
  | { readonly kind: "send"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "ready"; readonly version: OpenflowVersion; readonly features: SwitchFeatures }
  | { readonly kind: "answer"; readonly id: number; readonly result: Result<SessionReply, SessionError> }
  | { readonly kind: "port-status"; readonly status: PortStatus }
  | { readonly kind: "packet-in"; readonly packet: PacketIn }
  | { readonly kind: "stray-error"; readonly xid: number; readonly error: OpenflowError }
  | { readonly kind: "close"; readonly error: SessionError };
