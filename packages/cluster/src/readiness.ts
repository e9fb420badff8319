// When a node may say it is ready, and what it says of itself on the wire. Pure functions of counts.
import { NodeState } from "./ping-pong.ts";

/** What readiness is decided from. */
export interface ReadinessFacts {
  /** Members, this node not counted. */
  readonly members: number;
  /** Members that said UP or INITIALIZED. */
  readonly membersUp: number;
  /** Members that said INITIALIZED. */
  readonly membersInitialized: number;
  readonly nodesExpected: number;
  readonly readyNodesMin: number;
  /** Whether the cluster has formed before, as this node saw it. */
  readonly formed: boolean;
}

/** Counts members by what they said of themselves. */
export function countMembers(
  members: Iterable<{ readonly state: NodeState | undefined }>,
): Pick<ReadinessFacts, "members" | "membersUp" | "membersInitialized"> {
  const counts = { members: 0, membersUp: 0, membersInitialized: 0 };
  for (const { state } of members) {
    counts.members++;
    if (state === NodeState.initialized) counts.membersInitialized++;
    if (state === NodeState.initialized || state === NodeState.up) counts.membersUp++;
  }
  return counts;
}

/** True once the cluster has formed: everyone expected is up, or one that is initialised was met. Never false again. */
export function hasFormed(facts: ReadinessFacts): boolean {
  return facts.formed || facts.membersInitialized > 0 || facts.membersUp + 1 >= facts.nodesExpected;
}

/** True while the cluster has formed and enough members live. Unlike Californium's it is taken back when they do not. */
export function isReady(facts: ReadinessFacts): boolean {
  return facts.formed && facts.members + 1 >= facts.readyNodesMin;
}

/** The state byte of the node's own messages. A node that lost its quorum does not vouch for the cluster any more. */
export function ownState(facts: ReadinessFacts): NodeState {
  if (isReady(facts)) return NodeState.initialized;
  return facts.members + 1 >= facts.nodesExpected ? NodeState.up : NodeState.start;
}
