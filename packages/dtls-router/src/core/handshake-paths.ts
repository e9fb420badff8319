// Clients whose handshake comes through another node: a Finished with a connection ID behind plaintext records is forwarded.
import type { Endpoint } from "@coracle/cluster";
import type { PeerAddress } from "@coracle/dtls";

/** Entries kept; the oldest is forgotten first, and its flight then goes out from this node. */
export const HANDSHAKE_PATHS_MAX = 4096;

/**
 * DTLS keeps a handshake at one address, so a forwarded flight is handed to it under the client's address alone. Where the
 * answer has to go is kept here until the session learns it from a record of its own.
 */
export class HandshakePaths {
  readonly #routers: Map<PeerAddress, Endpoint> = new Map();

  get size(): number {
    return this.#routers.size;
  }

  note(client: PeerAddress, router: Endpoint): void {
    this.#routers.delete(client);
    for (const oldest of this.#routers.keys()) {
      if (this.#routers.size < HANDSHAKE_PATHS_MAX) break;
      this.#routers.delete(oldest);
    }
    this.#routers.set(client, router);
  }

  /** The node that the client's handshake came through last. */
  router(client: PeerAddress): Endpoint | undefined {
    return this.#routers.size === 0 ? undefined : this.#routers.get(client);
  }

  forget(client: PeerAddress): void {
    if (this.#routers.size > 0) this.#routers.delete(client);
  }
}
