// A handshake in flight on a server, and the table of all of them.
import type { Millis } from "@coracle/base";
import { type CidKey, cidKey } from "../cid/cid-key.ts";
import type { DeadlineOwner } from "../connection/deadline-queue.ts";
import type { HandshakeRun } from "../connection/handshake-run.ts";
import type { PeerAddress } from "../connection/outputs.ts";
import type { ServerHandshake } from "./server-handshake.ts";

/** One handshake. */
export interface PendingHandshake extends DeadlineOwner {
  readonly kind: "pending";
  readonly peer: PeerAddress;
  readonly handshake: ServerHandshake;
  readonly run: HandshakeRun;
  readonly giveUpAt: Millis;
}

/** Handshakes by address, and by the connection ID their client was given. */
export class PendingTable {
  readonly #byPeer: Map<PeerAddress, PendingHandshake> = new Map();
  readonly #byCid: Map<CidKey, PendingHandshake> = new Map();

  get size(): number {
    return this.#byPeer.size;
  }

  byPeer(peer: PeerAddress): PendingHandshake | undefined {
    return this.#byPeer.get(peer);
  }

  byCid(key: CidKey): PendingHandshake | undefined {
    return this.#byCid.get(key);
  }

  hasCid(cid: Uint8Array): boolean {
    return this.#byCid.has(cidKey(cid, 0, cid.length));
  }

  add(pending: PendingHandshake): void {
    const { ownCid } = pending.handshake;
    this.#byPeer.set(pending.peer, pending);
    if (ownCid.length > 0) this.#byCid.set(cidKey(ownCid, 0, ownCid.length), pending);
  }

  remove(pending: PendingHandshake): void {
    const { ownCid } = pending.handshake;
    this.#byPeer.delete(pending.peer);
    if (ownCid.length > 0) this.#byCid.delete(cidKey(ownCid, 0, ownCid.length));
  }
}
