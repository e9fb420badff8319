// The sessions that a server can resume: bounded by count, bytes and age, the least recently used out first.
import { assert, type Millis, type Random } from "@coracle/base";
import type { PeerIdentity } from "../connection/identity.ts";
import type { ResumableSession } from "./resumption.ts";
import { assertSessionIdLayout, makeSessionId, type SessionIdLayout } from "./session-id.ts";
import { SessionSlab, SLAB_ENTRY_SIZE_BYTES } from "./session-slab.ts";

/** Bounds of a store, and what its session ids say. */
export interface SessionStoreOptions {
  readonly entriesMax?: number;
  /** Of secrets, identities and names, everything that an entry keeps alive counted. */
  readonly sizeBytesMax?: number;
  /** From the full handshake on; resuming does not prolong it. RFC 5246 §F.1.4 advises at most a day. */
  readonly lifetimeMs?: number;
  readonly ids?: SessionIdLayout;
}

/** As many as a server's sessions, for a day. */
export const SESSION_STORE_LIMITS: Required<Omit<SessionStoreOptions, "ids">> = {
  entriesMax: 150_000,
  sizeBytesMax: 64 * 1024 * 1024,
  lifetimeMs: 24 * 3_600_000,
};

/** An identity's object and the two references to what is not in the slab. */
const REFERENCES_SIZE_BYTES = 96;

/** Names one stored session. 0 names none; a ticket of a session that was forgotten names none either. */
export type SessionTicket = number;

/** A session on its way into or out of the store. */
export interface StoredSession extends ResumableSession {
  /** Tells later whether the identity still has the same pre-shared key; zeros for other identities. */
  readonly pskCheck: Uint8Array;
}

/** What a lookup finds. */
export interface FoundSession extends StoredSession {
  readonly ticket: SessionTicket;
}

/** What happened to entries so far. */
export interface SessionStoreCounts {
  stored: number;
  expired: number;
  /** Made room for others. */
  evicted: number;
  /** Ended by a fatal alert, or told to be forgotten. */
  forgotten: number;
  /** Larger than the whole store. */
  refused: number;
}

/** One server's store. Secrets of forgotten entries are wiped. */
export class SessionStore {
  /** Live numbers; read only. */
  readonly counts: SessionStoreCounts = { stored: 0, expired: 0, evicted: 0, forgotten: 0, refused: 0 };
  readonly #limits: Required<Omit<SessionStoreOptions, "ids">>;
  readonly #ids: SessionIdLayout;
  readonly #slab: SessionSlab;
  readonly #identities: (PeerIdentity | undefined)[] = [];
  readonly #serverNames: (string | undefined)[] = [];
  #sizeBytes = 0;

  constructor(options: SessionStoreOptions = {}) {
    const { ids = {}, ...limits } = options;
    assertSessionIdLayout(ids);
    this.#ids = ids;
    this.#limits = { ...SESSION_STORE_LIMITS, ...limits };
    assert(this.#limits.lifetimeMs > 0, `Cannot keep sessions for ${this.#limits.lifetimeMs} ms`);
    this.#slab = new SessionSlab(this.#limits.entriesMax);
  }

  get size(): number {
    return this.#slab.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** An id for a session that may be stored later. */
  makeId(random: Random): Uint8Array {
    return makeSessionId(random, this.#ids);
  }

  /** Stores a session that a full handshake made; 0 if it is larger than the whole store. */
  put(session: StoredSession, now: Millis): SessionTicket {
    const { identity, serverName } = session;
    const size = entrySize(identity, serverName);
    if (size > this.#limits.sizeBytesMax) {
      this.counts.refused++;
      return 0;
    }
    const before = this.#slab.find(session.sessionId);
    if (before >= 0) this.#remove(before);
    while (this.#slab.size >= this.#limits.entriesMax || this.#sizeBytes + size > this.#limits.sizeBytesMax) {
      this.#remove(this.#slab.oldest);
      this.counts.evicted++;
    }
    const entry = this.#slab.add({ ...session, createdAt: now });
    this.#identities[entry] = identity;
    this.#serverNames[entry] = serverName;
    this.#sizeBytes += size;
    this.counts.stored++;
    return this.#slab.ticketOf(entry);
  }

  /** The session with an id, unless its time is over. */
  find(sessionId: Uint8Array, now: Millis): FoundSession | undefined {
    const entry = this.#slab.find(sessionId);
    const identity = this.#identities[entry];
    if (entry < 0 || identity === undefined) return undefined;
    if (now - this.#slab.createdAt(entry) >= this.#limits.lifetimeMs) {
      this.#remove(entry);
      this.counts.expired++;
      return undefined;
    }
    const serverName = this.#serverNames[entry];
    return { ...this.#slab.read(entry), identity, serverName, ticket: this.#slab.ticketOf(entry) };
  }

  /** Notes that a session was resumed. False if it has been forgotten meanwhile. */
  touch(ticket: SessionTicket): boolean {
    const entry = this.#slab.entryOf(ticket);
    if (entry >= 0) this.#slab.touch(entry);
    return entry >= 0;
  }

  /** Forgets a session, as after a fatal alert (RFC 5246 §7.2.2). */
  forget(ticket: SessionTicket): void {
    const entry = this.#slab.entryOf(ticket);
    if (entry < 0) return;
    this.#remove(entry);
    this.counts.forgotten++;
  }

  /** Forgets every session of identities that are not to come back without a full handshake; gives their number. */
  forgetIdentities(matches: (identity: PeerIdentity) => boolean): number {
    let count = 0;
    for (let entry = this.#slab.oldest; entry >= 0;) {
      const following = this.#slab.newerThan(entry);
      const identity = this.#identities[entry];
      if (identity !== undefined && matches(identity)) {
        this.#remove(entry);
        count++;
      }
      entry = following;
    }
    this.counts.forgotten += count;
    return count;
  }

  #remove(entry: number): void {
    const identity = this.#identities[entry];
    if (identity !== undefined) this.#sizeBytes -= entrySize(identity, this.#serverNames[entry]);
    this.#identities[entry] = undefined;
    this.#serverNames[entry] = undefined;
    this.#slab.remove(entry);
  }
}

function entrySize(identity: PeerIdentity, serverName: string | undefined): number {
  return SLAB_ENTRY_SIZE_BYTES + REFERENCES_SIZE_BYTES + identitySize(identity) + 2 * (serverName?.length ?? 0);
}

function identitySize(identity: PeerIdentity): number {
  switch (identity.kind) {
    case "psk":
      return identity.identity.length;
    case "raw-public-key":
      return identity.publicKey.length;
    case "x509":
      return identity.chain.reduce((sum, certificate) => sum + certificate.length, 2 * identity.name.length);
    case "anonymous":
      return 0;
  }
}
