// Where a connection ID leads, in words: what `/cid/<hex>` answers.
import { formatEndpoint } from "@coracle/cluster";
import type { RouterNode } from "./router-node.ts";

/** Why a text is no connection ID of this deployment, or where one leads. */
export type CidExplanation =
  | { readonly kind: "malformed"; readonly reason: string }
  | {
      readonly kind: "route";
      readonly cid: string;
      readonly nodeId: number;
      /** `here`: this node's; `member`: forwarded; `nobody`: dropped. */
      readonly owner: "here" | "member" | "nobody";
      /** Of an own ID: whether there is a session or a handshake that has it. */
      readonly stage: "session" | "handshake" | "unknown" | undefined;
      /** The owner's cluster address, if it is a member. */
      readonly clusterAddress: string | undefined;
      readonly explanation: string;
    };

/** Explains the ID written as `hex`. */
export function explainCid(
  hex: string,
  settings: { readonly node: RouterNode; readonly nodeId: number; readonly cidSizeBytes: number },
): CidExplanation {
  const { node, cidSizeBytes } = settings;
  if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) return { kind: "malformed", reason: "it is not hexadecimal" };
  if (hex.length !== 2 * cidSizeBytes) {
    return {
      kind: "malformed",
      reason: `IDs of this cluster have ${cidSizeBytes} bytes, this one has ${hex.length / 2}`,
    };
  }
  const cid = Uint8Array.from({ length: cidSizeBytes }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
  const nodeId = cid[0] ?? 0;
  const known = { kind: "route", cid: hex.toLowerCase(), nodeId } as const;
  if (nodeId === settings.nodeId) {
    const stage = node.server.stageOf(cid) ?? "unknown";
    const explanation =
      stage === "unknown"
        ? "its first byte is this node's id, but no session here has it: records with it are dropped"
        : `its first byte is this node's id, and a ${stage} here has it`;
    return { ...known, owner: "here", stage, clusterAddress: undefined, explanation };
  }
  const member = node.router.members.member(nodeId);
  if (member === undefined) {
    const explanation = `its first byte names node ${nodeId}, which is no living member: records with it are dropped`;
    return { ...known, owner: "nobody", stage: undefined, clusterAddress: undefined, explanation };
  }
  const clusterAddress = formatEndpoint(member.endpoint);
  const explanation = `its first byte names node ${nodeId}: records with it are forwarded to ${clusterAddress}`;
  return { ...known, owner: "member", stage: undefined, clusterAddress, explanation };
}
