// A node of the table as the JSON document that every program shows.
import type { Millis } from "@coracle/base";
import { formatEndpoint } from "../endpoint.ts";
import type { NodeView } from "../node-record.ts";

/** One other node, gone ones included. */
export interface NodeDocument {
  readonly nodeId: number;
  readonly address: string;
  readonly liveness: string;
  /** What the node said of its start-up: 0 start, 1 up, 2 initialized. */
  readonly state: number | null;
  readonly incarnation: number;
  /** Null in a fixed table, where nobody is listened for. */
  readonly silentMs: number | null;
  readonly rttMs: number | null;
}

/** The document of a node as of `now`. */
export function nodeDocument(node: NodeView, now: Millis): NodeDocument {
  return {
    nodeId: node.nodeId,
    address: formatEndpoint(node.endpoint),
    liveness: node.liveness,
    state: node.state ?? null,
    incarnation: node.incarnation,
    silentMs: node.liveness === "unknown" ? null : Math.max(0, Math.round(now - node.lastSeen)),
    rttMs: node.rttMs === undefined ? null : Math.round(node.rttMs * 1000) / 1000,
  };
}
