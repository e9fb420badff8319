// Clients whose handshake is another worker's than their address says: they resume a session that that worker has.
import type { Endpoint } from "@coracle/cluster";
import type { PeerAddress } from "@coracle/dtls";
import { directPath } from "./peer-path.ts";

/** Flows remembered; the oldest is forgotten first, and what it still sends without a connection ID is then lost. */
export const ADOPTED_FLOWS_MAX = 4096;

/** Kept by the worker that flows belong to by their address: it sees their hellos. */
export class AdoptedFlows {
  readonly #workers: Map<PeerAddress, number> = new Map();

  get size(): number {
    return this.#workers.size;
  }

  /** The client's handshake is that worker's. */
  note(client: Endpoint, worker: number): void {
    const path = directPath(client);
    this.#workers.delete(path);
    for (const oldest of this.#workers.keys()) {
      if (this.#workers.size < ADOPTED_FLOWS_MAX) break;
      this.#workers.delete(oldest);
    }
    this.#workers.set(path, worker);
  }

  /** The worker of the client's handshake, if it is not the one that its address says. */
  worker(client: Endpoint): number | undefined {
    return this.#workers.size === 0 ? undefined : this.#workers.get(directPath(client));
  }

  /** The client begins anew. */
  forget(client: Endpoint): void {
    if (this.#workers.size > 0) this.#workers.delete(directPath(client));
  }
}
