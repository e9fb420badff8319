// The inputs and outputs of a router node.
import type { DatagramView, Endpoint, ManagementInput, ManagementOutput } from "@coracle/cluster";
import type { AlertName, CloseCause, RefusedCause, SessionId, SessionSummary } from "@coracle/dtls";

/** What a {@link RouterNode} is told. */
export type RouterInput =
  /** A datagram on the public port; `datagram` may be reused once the outputs are fetched and sent. */
  | { readonly kind: "public"; readonly datagram: DatagramView; readonly source: Endpoint }
  /** A datagram on the cluster port. */
  | { readonly kind: "cluster"; readonly datagram: DatagramView; readonly source: Endpoint }
  /** Application data for a session. */
  | { readonly kind: "send"; readonly session: SessionId; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly session: SessionId }
  /** For the node table: start, discovered, discovery-failed, node-left. */
  | {
      readonly kind: "management";
      readonly input: Exclude<ManagementInput, { readonly kind: "datagram" | "timeout" }>;
    }
  | { readonly kind: "timeout" };

/**
 * What a {@link RouterNode} asks for or tells. A datagram to send is `bytes[start, end)`, perhaps in the memory it came in: it
 * and where it goes are good until the next datagram is handled or all outputs are fetched, whichever is first.
 */
export type RouterOutput =
  /** Send from the public port. */
  | {
      readonly kind: "public";
      readonly to: Endpoint;
      readonly bytes: Uint8Array;
      readonly start: number;
      readonly end: number;
    }
  /** Send from the cluster port. */
  | {
      readonly kind: "cluster";
      readonly to: Endpoint;
      readonly bytes: Uint8Array;
      readonly start: number;
      readonly end: number;
    }
  | {
      readonly kind: "established";
      readonly session: SessionId;
      readonly client: Endpoint;
      readonly summary: SessionSummary;
    }
  /** Plaintext of one record; the array is the receiver's to keep. */
  | { readonly kind: "data"; readonly session: SessionId; readonly bytes: Uint8Array; readonly isNewest: boolean }
  /** The client's address, or the node it comes through, has changed. */
  | {
      readonly kind: "moved";
      readonly session: SessionId;
      readonly client: Endpoint;
      readonly router: Endpoint | undefined;
    }
  | { readonly kind: "closed"; readonly session: SessionId; readonly cause: CloseCause }
  | {
      readonly kind: "handshake-failed";
      readonly client: Endpoint;
      readonly cause: string;
      readonly alert: AlertName | undefined;
      readonly reason: string;
    }
  /** Application data that was not sent. */
  | { readonly kind: "refused"; readonly session: SessionId | undefined; readonly cause: RefusedCause }
  /** The datagram at hand is for the management plane, which is elsewhere. */
  | { readonly kind: "pass-up" }
  /** A member forwarded a record that is not this node's: perhaps the two read connection IDs differently. Told once a minute at most. */
  | { readonly kind: "misrouted"; readonly from: Endpoint }
  /** A frame came from an address that is no member; told ten times a second at most, where the management plane is elsewhere. */
  | { readonly kind: "stranger"; readonly from: Endpoint }
  | Exclude<ManagementOutput, { readonly kind: "transmit" | "member-set" | "member-removed" }>;
