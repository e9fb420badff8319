// Where a connection ID leads, in words: what `/cid/<hex>` answers.
import { err, ok, type Result } from "@coracle/base";
import { CID_WORKER_AT } from "./datagram-home.ts";
import type { CidStage } from "./worker-messages.ts";

/** Where a connection ID leads. */
export interface CidExplanation {
  readonly cid: string;
  readonly nodeId: number;
  /** `here`: this node's; `member`: forwarded; `nobody`: dropped. */
  readonly owner: "here" | "member" | "nobody";
  /** Of an own ID: whether there is a session or a handshake that has it. */
  readonly stage: CidStage | undefined;
  /** Of an own ID: the worker that it belongs to. */
  readonly worker: number | undefined;
  /** The owner's cluster address, if it is a member. */
  readonly clusterAddress: string | undefined;
  readonly explanation: string;
}

/** What an explanation follows from. */
export interface CidFacts {
  readonly nodeId: number;
  readonly cidSizeBytes: number;
  readonly workers: number;
  /** What has an ID of this node, asked of the worker that it belongs to. */
  readonly stage: (cid: string, worker: number) => Promise<CidStage>;
  /** The cluster address of a member. */
  readonly clusterAddress: (nodeId: number) => string | undefined;
}

/** Explains the ID written as `hex`; the error reads on from "cannot explain a connection ID: ". */
export async function explainCid(hex: string, facts: CidFacts): Promise<Result<CidExplanation, string>> {
  const { cidSizeBytes, workers } = facts;
  if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) return err("it is not hexadecimal");
  if (hex.length !== 2 * cidSizeBytes) {
    return err(`IDs of this cluster have ${cidSizeBytes} bytes, this one has ${hex.length / 2}`);
  }
  const octet = (at: number): number => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  const cid = hex.toLowerCase();
  const nodeId = octet(0);
  if (nodeId !== facts.nodeId) return ok(foreign(cid, nodeId, facts.clusterAddress(nodeId)));
  const worker = workers === 1 ? 0 : octet(CID_WORKER_AT);
  const stage = worker < workers ? await facts.stage(cid, worker) : "unknown";
  const explanation =
    stage === "unknown"
      ? "its first byte is this node's id, but no session here has it: records with it are dropped"
      : `its first byte is this node's id, and a ${stage} here has it`;
  return ok({ cid, nodeId, owner: "here", stage, worker, clusterAddress: undefined, explanation });
}

function foreign(cid: string, nodeId: number, clusterAddress: string | undefined): CidExplanation {
  const explanation =
    clusterAddress === undefined
      ? `its first byte names node ${nodeId}, which is no living member: records with it are dropped`
      : `its first byte names node ${nodeId}: records with it are forwarded to ${clusterAddress}`;
  const owner = clusterAddress === undefined ? "nobody" : "member";
  return { cid, nodeId, owner, stage: undefined, worker: undefined, clusterAddress, explanation };
}
