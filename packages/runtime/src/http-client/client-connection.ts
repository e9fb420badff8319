// What the pool needs of a connection, HTTP/1.1 or HTTP/2.
import type { PendingRequest } from "./pending-request.ts";
import type { HttpClientError } from "./types.ts";

/** A connection that carries requests. */
export interface ClientConnection {
  /** Requests it can take now; 0 when it is full, draining or closed. */
  readonly capacity: number;
  /** Requests under way. */
  readonly active: number;
  readonly isDraining: boolean;
  /** Sends a request; needs capacity. */
  send(request: PendingRequest): void;
  /** Takes no new requests, closes when those under way are done. */
  drain(): void;
  /** Fails what is under way and closes. */
  destroy(error: HttpClientError): void;
}

/** What a connection tells its pool. */
export interface ConnectionEvents {
  /** Capacity came back. */
  onCapacity(): void;
  /** It takes no more requests. */
  onDraining(): void;
  /** It is gone. */
  onClosed(): void;
}
