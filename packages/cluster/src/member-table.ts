// Who is in the cluster, as the packet path sees it: node id to address and back, nothing else.
import type { ClusterMacKeys } from "./cluster-mac.ts";
import { copyEndpoint, type Endpoint } from "./endpoint.ts";
import { EndpointIndex } from "./endpoint-index.ts";
import { NODE_IDS, type NodeId, nodeId } from "./node-id.ts";

/** One member: where its cluster port is, and the keys of its management session where there is one. */
export interface Member {
  readonly nodeId: NodeId;
  readonly endpoint: Endpoint;
  readonly keys: ClusterMacKeys | undefined;
}

/** The members by id and by address; both views change together. At most one per id, so at most 256. */
export class MemberTable {
  readonly #byId: (Member | undefined)[] = Array.from({ length: NODE_IDS }, () => undefined);
  readonly #slotToMember: (Member | undefined)[] = Array.from({ length: NODE_IDS }, () => undefined);
  readonly #index: EndpointIndex;
  /** Whom the newest frame came from: frames come in runs. */
  #newest: Member | undefined;

  constructor(hashSeed: number) {
    this.#index = new EndpointIndex(NODE_IDS, hashSeed);
  }

  get size(): number {
    return this.#index.size;
  }

  /** Adds or replaces a member. Its former address and a former owner of its address are gone afterwards. */
  set(id: NodeId, endpoint: Endpoint, keys?: ClusterMacKeys): void {
    this.remove(id);
    const { address, port } = endpoint;
    const former = this.memberAt(endpoint);
    if (former !== undefined) this.remove(former.nodeId);
    const member: Member = { nodeId: id, endpoint: copyEndpoint(endpoint), keys };
    this.#slotToMember[this.#index.insert(address, 0, address.length, port)] = member;
    this.#byId[id] = member;
  }

  /** Takes a member out; nothing happens if there is none with this id. */
  remove(id: NodeId): void {
    const member = this.#byId[id];
    if (member === undefined) return;
    const { address, port } = member.endpoint;
    const slot = this.#index.find(address, 0, address.length, port);
    this.#index.remove(slot);
    this.#slotToMember[slot] = undefined;
    this.#byId[id] = undefined;
    this.#newest = undefined;
  }

  /** The member with this id (any number), if there is one. */
  member(id: number): Member | undefined {
    return this.#byId[id];
  }

  /** The member at this address, if there is one. */
  memberAt(endpoint: Endpoint): Member | undefined {
    const newest = this.#newest;
    if (newest !== undefined && isSame(newest.endpoint, endpoint)) return newest;
    const slot = this.#index.find(endpoint.address, 0, endpoint.address.length, endpoint.port);
    const member = slot < 0 ? undefined : this.#slotToMember[slot];
    if (member !== undefined) this.#newest = member;
    return member;
  }

  /** All ids in use, ascending. */
  ids(): NodeId[] {
    return this.#byId.flatMap((member, id) => (member === undefined ? [] : [nodeId(id)]));
  }
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port || a.address.length !== b.address.length) return false;
  for (let index = 0; index < a.address.length; index++) if (a.address[index] !== b.address[index]) return false;
  return true;
}
