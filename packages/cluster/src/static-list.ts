// The fixed table of a cluster in mode static, as it is written: ID=HOST:PORT, separated as a list of addresses is.
import { ok, type Result } from "@coracle/base";
import { isNodeId, type NodeId } from "./node-id.ts";
import { listWords, parsePeerName, type PeerListError, type PeerName, refuseList } from "./peer-list.ts";

/** A node of the table: its id and where its cluster port is. */
export interface StaticPeer extends PeerName {
  readonly nodeId: NodeId;
}

const FORM = /^(\d{1,3})=(.+)$/;

/** Reads a table. One that is empty is refused, as a file cut off would be, and so is one that contradicts itself. */
export function parseStaticList(text: string): Result<readonly StaticPeer[], PeerListError> {
  const wordOfId = new Map<NodeId, string>();
  const idOfAddress = new Map<string, NodeId>();
  const peers: StaticPeer[] = [];
  for (const word of listWords(text)) {
    const [, digits = "", address = ""] = FORM.exec(word) ?? [];
    const nodeId = Number(digits);
    const peer = parsePeerName(address);
    if (peer === undefined) return refuseList(`"${word.slice(0, 80)}" is not ID=HOST:PORT`);
    if (!isNodeId(nodeId)) return refuseList(`"${word.slice(0, 80)}" has no node id from 0 to 255`);
    const former = wordOfId.get(nodeId);
    if (former === word) continue;
    if (former !== undefined) return refuseList(`node ${nodeId} is in it twice, as "${former}" and "${word}"`);
    const other = idOfAddress.get(address);
    if (other !== undefined) return refuseList(`nodes ${other} and ${nodeId} are both at ${address}`);
    wordOfId.set(nodeId, word);
    idOfAddress.set(address, nodeId);
    peers.push({ ...peer, nodeId });
  }
  return peers.length === 0 ? refuseList("it is empty") : ok(peers);
}
