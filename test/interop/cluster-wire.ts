// The cluster network between our node and one Scandium node: sees every datagram, holds them back, and changes frames on demand.
import { createSocket, type Socket } from "node:dgram";

/** First bytes of frames. */
export const FRAME_TYPES = { forward: 63, backward: 62 } as const;

/** Two sockets: each node takes one of them for the other node. */
export class ClusterWire {
  readonly #towardsOurs: Socket;
  readonly #towardsTheirs: Socket;
  readonly #held: (() => void)[] = [];
  /** Every datagram from our node, and from the other. */
  readonly fromOurs: Uint8Array[] = [];
  readonly fromTheirs: Uint8Array[] = [];
  /** Frames of this kind have one bit of the client's port changed. */
  changes: keyof typeof FRAME_TYPES | undefined;
  /** How many were changed. */
  changedCount = 0;
  /** Nothing passes until {@link release}. */
  holds = false;

  private constructor(sockets: readonly [Socket, Socket], ports: { readonly ours: number; readonly theirs: number }) {
    [this.#towardsOurs, this.#towardsTheirs] = sockets;
    this.#towardsOurs.on("message", (bytes) => {
      this.fromOurs.push(new Uint8Array(bytes));
      this.#pass(() => this.#towardsTheirs.send(this.#changed(bytes), ports.theirs, "127.0.0.1"));
    });
    this.#towardsTheirs.on("message", (bytes) => {
      this.fromTheirs.push(new Uint8Array(bytes));
      this.#pass(() => this.#towardsOurs.send(this.#changed(bytes), ports.ours, "127.0.0.1"));
    });
  }

  /** Between the cluster ports of our node and of theirs; our node finds theirs at `seenAt`, if that is given. */
  static async open(ports: { readonly ours: number; readonly theirs: number }, seenAt = 0): Promise<ClusterWire> {
    return new ClusterWire([await bound(seenAt), await bound(0)], ports);
  }

  /** Where our node finds theirs. */
  get theirPort(): number {
    return this.#towardsOurs.address().port;
  }

  /** Where theirs finds our node. */
  get ourPort(): number {
    return this.#towardsTheirs.address().port;
  }

  /** Lets pass what was held back, in its order, and what comes from now on. */
  release(): void {
    this.holds = false;
    for (const pass of this.#held.splice(0)) pass();
  }

  close(): void {
    this.#towardsOurs.close();
    this.#towardsTheirs.close();
  }

  #pass(send: () => void): void {
    if (this.holds) this.#held.push(send);
    else send();
  }

  #changed(bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(bytes);
    if (this.changes !== undefined && copy[0] === FRAME_TYPES[this.changes]) {
      copy[1] = (copy[1] ?? 0) ^ 1;
      this.changedCount++;
    }
    return copy;
  }
}

async function bound(port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => {
    socket.bind(port, "127.0.0.1", resolve);
  });
  return socket;
}
