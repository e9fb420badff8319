// The sessions of a server by number, connection ID and address, within a cap; the stalest goes only when it is full.
import type { Millis } from "@coracle/base";
import { type CidKey, cidKey } from "../cid/cid-key.ts";
import type { PeerAddress, SessionId } from "../connection/outputs.ts";
import type { Session } from "../connection/session.ts";

/** Sessions looked at to find a stale one; the next search goes on from there. */
const EVICTION_SEARCH_MAX = 64;

/** Finds sessions. Sessions without an ID of their own are known by their peer's address alone. */
export class SessionTable {
  readonly #byId: Map<SessionId, Session> = new Map();
  readonly #byCid: Map<CidKey, Session> = new Map();
  readonly #byAddress: Map<PeerAddress, Session> = new Map();
  #search: Iterator<Session> | undefined;

  get size(): number {
    return this.#byId.size;
  }

  ids(): Iterable<SessionId> {
    return this.#byId.keys();
  }

  get(id: SessionId): Session | undefined {
    return this.#byId.get(id);
  }

  byCid(key: CidKey): Session | undefined {
    return this.#byCid.get(key);
  }

  byAddress(peer: PeerAddress): Session | undefined {
    return this.#byAddress.get(peer);
  }

  hasCid(cid: Uint8Array): boolean {
    return this.#byCid.has(keyOf(cid));
  }

  add(session: Session): void {
    this.#byId.set(session.id, session);
    if (session.ownCid.length > 0) this.#byCid.set(keyOf(session.ownCid), session);
    else this.#byAddress.set(session.peer, session);
  }

  remove(session: Session): void {
    this.#byId.delete(session.id);
    if (session.ownCid.length > 0) this.#byCid.delete(keyOf(session.ownCid));
    else if (this.#byAddress.get(session.peer) === session) this.#byAddress.delete(session.peer);
  }

  /** A session without newer records for `staleAfterMs`, looked for among a few in turn. */
  findStale(now: Millis, staleAfterMs: number): Session | undefined {
    for (let looked = 0; looked < EVICTION_SEARCH_MAX; looked++) {
      this.#search ??= this.#byId.values();
      const step = this.#search.next();
      if (step.done === true) {
        this.#search = undefined;
        if (looked > 0 || this.#byId.size === 0) continue;
      } else if (now - step.value.lastActiveAt >= staleAfterMs) {
        return step.value;
      }
    }
    return undefined;
  }
}

function keyOf(cid: Uint8Array): CidKey {
  return cidKey(cid, 0, cid.length);
}
