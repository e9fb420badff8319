// Where a connection ID leads, in words: what `/cid/<hex>` answers.
import { err, ok, type Result } from "@coracle/base";
import { isNodeId, UNKNOWN_CID_CONFIG } from "@coracle/cluster";
import { CID_WORKER_AT } from "./datagram-home.ts";
import type { QuicLbLayout } from "./quic-lb-layout.ts";
import type { CidStage } from "./worker-messages.ts";

/** Where a connection ID leads. */
export interface CidExplanation {
  readonly cid: string;
  /** Absent if the ID names none. */
  readonly nodeId: number | undefined;
  /** Of a QUIC-LB layout: the configuration that the ID says it is made by. */
  readonly configuration: number | undefined;
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
  /** Absent: the node is in the first byte. */
  readonly layout: QuicLbLayout | undefined;
  readonly workers: number;
  /** What has an ID of this node, asked of the worker that it belongs to. */
  readonly stage: (cid: string, worker: number) => Promise<CidStage>;
  /** The cluster address of a member. */
  readonly clusterAddress: (nodeId: number) => string | undefined;
}

/** What an ID says by itself. */
interface CidReading {
  readonly cid: string;
  readonly nodeId: number | undefined;
  readonly configuration: number | undefined;
  /** Of an own ID. */
  readonly worker: number;
  /** The part that names the node. */
  readonly part: string;
  /** Why it names none. */
  readonly problem: string;
}

/** Explains the ID written as `hex`; the error reads on from "cannot explain a connection ID: ". */
export async function explainCid(hex: string, facts: CidFacts): Promise<Result<CidExplanation, string>> {
  const { cidSizeBytes, workers } = facts;
  if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) return err("it is not hexadecimal");
  if (hex.length !== 2 * cidSizeBytes) {
    return err(`IDs of this cluster have ${cidSizeBytes} bytes, this one has ${hex.length / 2}`);
  }
  const reading = readCid(hex.toLowerCase(), facts);
  const { cid, nodeId, configuration, worker, part } = reading;
  if (nodeId !== facts.nodeId) return ok(foreign(reading, facts));
  const stage = worker < workers ? await facts.stage(cid, worker) : "unknown";
  const explanation =
    stage === "unknown"
      ? `${part} is this node's id, but no session here has it: records with it are dropped`
      : `${part} is this node's id, and a ${stage} here has it`;
  return ok({ cid, nodeId, configuration, owner: "here", stage, worker, clusterAddress: undefined, explanation });
}

function readCid(cid: string, { layout, workers }: CidFacts): CidReading {
  const bytes = Uint8Array.from({ length: cid.length / 2 }, (_, at) =>
    Number.parseInt(cid.slice(2 * at, 2 * at + 2), 16),
  );
  const [first = 0] = bytes;
  if (layout === undefined) {
    const worker = workers === 1 ? 0 : (bytes[CID_WORKER_AT] ?? 0);
    return { cid, nodeId: first, configuration: undefined, worker, part: "its first byte", problem: "" };
  }
  const configuration = first >>> 5;
  const owner = layout.ownerAt(bytes, 0);
  const problem =
    owner === UNKNOWN_CID_CONFIG
      ? `its first byte is of no configuration here: it is made by another layout, or with a key that is gone or not here yet`
      : `its server id by configuration ${configuration} is no node's: it is made with another key, or by nobody`;
  return {
    cid,
    nodeId: isNodeId(owner) ? owner : undefined,
    configuration,
    worker: layout.workerAt(bytes, 0),
    part: `its server id by configuration ${configuration}`,
    problem,
  };
}

function foreign({ cid, nodeId, configuration, part, problem }: CidReading, facts: CidFacts): CidExplanation {
  const clusterAddress = nodeId === undefined ? undefined : facts.clusterAddress(nodeId);
  const explanation =
    nodeId === undefined
      ? `${problem}; records with it are dropped`
      : clusterAddress === undefined
        ? `${part} names node ${nodeId}, which is no living member: records with it are dropped`
        : `${part} names node ${nodeId}: records with it are forwarded to ${clusterAddress}`;
  const owner = clusterAddress === undefined ? "nobody" : "member";
  return { cid, nodeId, configuration, owner, stage: undefined, worker: undefined, clusterAddress, explanation };
}
