// Why this node is not ready, in words.
import type { NodeView } from "@coracle/cluster";

/** What is known. */
export interface ClusterHealthFacts {
  readonly ready: boolean;
  /** It was ready before. */
  readonly hasFormed: boolean;
  readonly nodes: readonly Pick<NodeView, "nodeId" | "liveness">[];
  readonly nodesExpected: number;
  readonly readyNodesMin: number;
  /** Where another node is that has this node's id, and is taken for it by the others. */
  readonly rival: string | undefined;
}

/** The reason; `undefined` while ready. */
export function notReadyReason(facts: ClusterHealthFacts): string | undefined {
  const { ready, hasFormed, nodes, nodesExpected, readyNodesMin, rival } = facts;
  if (rival !== undefined) return `another node at ${rival} has this node's id, and the others keep to it`;
  if (ready) return undefined;
  const living = 1 + nodes.filter(({ liveness }) => liveness === "alive" || liveness === "suspect").length;
  return hasFormed
    ? `the cluster has lost its quorum: ${living} of ${nodesExpected} nodes live, ${readyNodesMin} are needed`
    : `the cluster has not formed: ${living} of ${nodesExpected} nodes have been heard of`;
}
