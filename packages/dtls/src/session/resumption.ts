// Session-id resumption (RFC 5246 §7.3, RFC 7627 §5.3): what is kept, and a bounded store for it.
import type { PeerIdentity } from "../connection/identity.ts";

/** What a later handshake needs to resume. Plain data: it may be shared between nodes. */
export interface ResumableSession {
  readonly sessionId: Uint8Array;
  /** Secret. */
  readonly masterSecret: Uint8Array;
  /** Number of the cipher suite. */
  readonly suite: number;
  /** Who the peer was. */
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
}

/** Where a server looks for sessions to resume. Sessions without extended master secret are never stored. */
export interface SessionStore {
  get(sessionId: Uint8Array): ResumableSession | undefined;
  put(session: ResumableSession): void;
  delete(sessionId: Uint8Array): void;
}

/** Sessions in memory, the oldest forgotten first. */
export class MemorySessionStore implements SessionStore {
  readonly #capacity: number;
  readonly #sessions: Map<string, ResumableSession> = new Map();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(sessionId: Uint8Array): ResumableSession | undefined {
    return this.#sessions.get(keyOf(sessionId));
  }

  put(session: ResumableSession): void {
    this.#sessions.set(keyOf(session.sessionId), session);
    if (this.#sessions.size <= this.#capacity) return;
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest);
      return;
    }
  }

  delete(sessionId: Uint8Array): void {
    this.#sessions.delete(keyOf(sessionId));
  }
}

function keyOf(sessionId: Uint8Array): string {
  return String.fromCharCode(...sessionId);
}
