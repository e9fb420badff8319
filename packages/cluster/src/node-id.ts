// The id of a cluster node: one byte, because it travels as the first byte of a connection ID.
import { assert, type Brand } from "@coracle/base";

/** A node id from 0 to 255. */
export type NodeId = Brand<number, "NodeId">;

/** How many ids there are, and so the largest cluster. */
export const NODE_IDS = 256;

/** True for a number that is a node id. */
export function isNodeId(value: number): value is NodeId {
  return Number.isInteger(value) && value >= 0 && value < NODE_IDS;
}

/** Takes a number as a node id; asserts that it is one. */
export function nodeId(value: number): NodeId {
  assert(isNodeId(value), `Cannot take a number as a node id from 0 to 255: current value is ${value}`);
  return value;
}
