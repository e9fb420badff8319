// The inputs, outputs and counters of the node table.
import type { Endpoint } from "./endpoint.ts";
import type { NodeId } from "./node-id.ts";
import type { NodeView } from "./node-record.ts";

/** What the node table is told. */
export type NodeTableInput =
  | { readonly kind: "start" }
  | { readonly kind: "timeout" }
  /** A ping or pong, in the secure modes as it came out of the session. `from` is the UDP source. */
  | { readonly kind: "message"; readonly from: Endpoint; readonly bytes: Uint8Array }
  /** Answer to `discover`: the whole list, this node's address in it or not. */
  | { readonly kind: "discovered"; readonly addresses: readonly Endpoint[] }
  | { readonly kind: "discovery-failed" }
  /** The packet path met a frame from an address that is no member. */
  | { readonly kind: "unknown-sender"; readonly from: Endpoint }
  /** The management session with this address now exists: ping at once. */
  | { readonly kind: "reachable"; readonly at: Endpoint }
  /** The platform says the node is going (a deleted pod); the wire has no word for it. */
  | { readonly kind: "node-left"; readonly nodeId: NodeId };

/** Why an entry changed. */
export type MemberChange = "joined" | "returned" | "moved" | "suspect" | "alive" | "dead" | "left" | "replaced";

/** What the node table asks for or tells. */
export type NodeTableOutput =
  /** Send six bytes. `connect`: open a management session if there is none; otherwise drop them then. */
  | { readonly kind: "send"; readonly to: Endpoint; readonly bytes: Uint8Array; readonly connect: boolean }
  | { readonly kind: "discover" }
  /** After `joined`, `returned` and `moved` the node is forwarded to; after `dead`, `left` and `replaced` no more. */
  | { readonly kind: "member"; readonly change: MemberChange; readonly node: NodeView }
  | { readonly kind: "ready"; readonly ready: boolean }
  /** Two live nodes use one id; `nodeId` may be this node's own. The known one stays. */
  | {
      readonly kind: "clash";
      readonly nodeId: NodeId;
      readonly kept: Endpoint | undefined;
      readonly refused: Endpoint;
    };

/** Everything the node table counts. */
export const NODE_TABLE_COUNTERS = [
  "ping-sent",
  "pong-sent",
  "ping-received",
  "pong-received",
  "short-message",
  "unknown-message",
  "node-id-out-of-range",
  "self",
  "clash",
  "unlisted-sender",
  "table-full",
  "claims-full",
  "claim",
  "address-claim",
  "moved",
  "expired",
  "left",
  "discovery",
  "discovery-failed",
  "discovery-overflow",
  "stall",
  "send-overflow",
] as const;

/** One of {@link NODE_TABLE_COUNTERS}. */
export type NodeTableCounter = (typeof NODE_TABLE_COUNTERS)[number];
