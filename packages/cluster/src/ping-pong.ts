// Ping and pong: six bytes, the node id in little endian, the sender's state of start-up.
import { err, ok, type Result } from "@coracle/base";
import { FrameType } from "./forward-header.ts";
import { isNodeId, type NodeId } from "./node-id.ts";

/** How far a node's start-up has come, as it says itself. */
export const NodeState = { start: 0, up: 1, initialized: 2 } as const;

/** One of {@link NodeState}. */
export type NodeState = (typeof NodeState)[keyof typeof NodeState];

/** Bytes of a message. Longer ones are accepted, what follows is ignored. */
export const PING_SIZE_BYTES = 6;

/** A parsed ping or pong. */
export interface PingPong {
  readonly kind: "ping" | "pong";
  readonly nodeId: NodeId;
  /** `undefined` for a state byte that has no meaning: the node lives, but says nothing of its start-up. */
  readonly state: NodeState | undefined;
}

/** Why bytes are not a ping or pong. */
export type PingPongError = "short-message" | "unknown-message" | "node-id-out-of-range";

/** Parses a message. An id above 255 is refused: no connection ID could carry it. */
export function parsePingPong(bytes: Uint8Array): Result<PingPong, PingPongError> {
  const type = bytes[0];
  if (type !== FrameType.ping && type !== FrameType.pong) return err("unknown-message");
  if (bytes.length < PING_SIZE_BYTES) return err("short-message");
  const id = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1, true);
  if (!isNodeId(id)) return err("node-id-out-of-range");
  const state = bytes[5];
  return ok({
    kind: type === FrameType.ping ? "ping" : "pong",
    nodeId: id,
    state: state === NodeState.start || state === NodeState.up || state === NodeState.initialized ? state : undefined,
  });
}

/** The six bytes of a message. */
export function encodePingPong(kind: "ping" | "pong", id: NodeId, state: NodeState): Uint8Array {
  return Uint8Array.of(FrameType[kind], id, 0, 0, 0, state);
}
