// Connection IDs that start with the node's number: the layout of Californium's clusters (MultiNodeConnectionIdGenerator).
import { assert, type Random } from "@coracle/base";
import type { CidSizeAt } from "../record/record-header.ts";
import type { CidGenerator } from "./cid-generator.ts";

/** Bytes of an ID where nothing else is said; Californium's usual size. */
export const NODE_CID_SIZE = 6;

/** What a node's IDs look like. */
export interface NodeCidOptions {
  /** 0..255: the first byte. */
  readonly nodeId: number;
  /** All nodes of a cluster use one size. */
  readonly sizeBytes?: number;
  /** 0..255: the second byte, for the kernel to steer records to the thread that has the session. */
  readonly worker?: number | undefined;
}

/** Node id, perhaps a worker octet, then random bytes. */
export class NodeCids implements CidGenerator {
  readonly sizeAt: CidSizeAt;
  readonly #prefix: Uint8Array;
  readonly #sizeBytes: number;

  constructor(options: NodeCidOptions) {
    const { nodeId, worker, sizeBytes = NODE_CID_SIZE } = options;
    for (const octet of [nodeId, worker ?? 0]) {
      assert(Number.isInteger(octet) && octet >= 0 && octet <= 255, `Cannot put ${octet} into one byte of an ID`);
    }
    this.#prefix = worker === undefined ? Uint8Array.of(nodeId) : Uint8Array.of(nodeId, worker);
    // Fewer than four random bytes would collide within the sessions of one node.
    assert(sizeBytes >= this.#prefix.length + 4, `Cannot make IDs of ${sizeBytes} bytes: too few are random`);
    this.#sizeBytes = sizeBytes;
    this.sizeAt = () => sizeBytes;
  }

  generate(random: Random): Uint8Array {
    const cid = random.bytes(this.#sizeBytes);
    cid.set(this.#prefix);
    return cid;
  }
}

/** The node that an ID of this layout names. */
export function nodeOfCid(cid: Uint8Array): number | undefined {
  return cid[0];
}

/** The worker that an ID with a worker octet names. */
export function workerOfNodeCid(cid: Uint8Array): number | undefined {
  return cid[1];
}
