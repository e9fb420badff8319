// What the management plane keeps per address: keys of its session, the node id it is bound to, when a start was first wished.
import type { Millis } from "@coracle/base";
import type { ClusterMacKeys } from "./cluster-mac.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { NodeId } from "./node-id.ts";
import type { MemberChange } from "./node-table-io.ts";

/** Sessions remembered, and wishes to start one; Californium allows 1024 sessions. */
export const SESSIONS_MAX = 1024;

/** Unanswered messages to an address without a member before its session is given up. */
const UNANSWERED_MAX = 3;

interface Session {
  readonly keys: ClusterMacKeys | undefined;
  nodeId: NodeId | undefined;
  /** Messages sent since the last one received. */
  unanswered: number;
}

/** True for the changes after which the node is forwarded to. */
export function isMemberChange(change: MemberChange): boolean {
  return change === "joined" || change === "returned" || change === "moved";
}

/** Bookkeeping of the secure modes; in the plain mode only the members. */
export class SessionBook {
  readonly #glareWaitMs: number;
  readonly #sessions: Map<string, Session> = new Map();
  readonly #wishes: Map<string, Millis> = new Map();
  readonly #members: Map<NodeId, Endpoint> = new Map();
  readonly #memberKeys: Map<string, NodeId> = new Map();

  constructor(glareWaitMs: number) {
    this.#glareWaitMs = glareWaitMs;
  }

  /** Notes a new session; false if there are too many, then it has no keys here. */
  established(key: string, keys: ClusterMacKeys | undefined): boolean {
    this.#wishes.delete(key);
    if (!this.#sessions.has(key) && this.#sessions.size === SESSIONS_MAX) return false;
    this.#sessions.set(key, { keys, nodeId: undefined, unanswered: 0 });
    return true;
  }

  closed(key: string): void {
    this.#sessions.delete(key);
  }

  /** Binds a session to the id its peer names first; false if it names another one later. */
  bind(key: string, id: NodeId): boolean {
    const session = this.#sessions.get(key);
    if (session === undefined) return false;
    session.unanswered = 0;
    session.nodeId ??= id;
    return session.nodeId === id;
  }

  keys(key: string): ClusterMacKeys | undefined {
    return this.#sessions.get(key)?.keys;
  }

  /** True once the side that should wait has waited for the other to start; the wish is then forgotten. */
  mayStart(key: string, now: Millis): boolean {
    const since = this.#wishes.get(key);
    if (since === undefined) {
      if (this.#wishes.size === SESSIONS_MAX) this.#wishes.clear();
      this.#wishes.set(key, now);
      return false;
    }
    if (now - since < this.#glareWaitMs) return false;
    this.#wishes.delete(key);
    return true;
  }

  /** Notes a message sent in a session; true once so many stayed unanswered that the peer has surely forgotten it. */
  sentInVain(key: string): boolean {
    const session = this.#sessions.get(key);
    return session !== undefined && ++session.unanswered > UNANSWERED_MAX;
  }

  setMember(id: NodeId, endpoint: Endpoint | undefined): void {
    const former = this.#members.get(id);
    const formerKey = former && formatEndpoint(former);
    // Of two nodes that change places the first to move has the other's address already.
    if (formerKey !== undefined && this.#memberKeys.get(formerKey) === id) this.#memberKeys.delete(formerKey);
    this.#members.delete(id);
    if (endpoint === undefined) return;
    this.#members.set(id, endpoint);
    this.#memberKeys.set(formatEndpoint(endpoint), id);
  }

  memberEndpoint(id: NodeId): Endpoint | undefined {
    return this.#members.get(id);
  }

  memberAt(key: string): NodeId | undefined {
    return this.#memberKeys.get(key);
  }
}
