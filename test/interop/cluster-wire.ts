// The cluster network between our node and one Scandium node: sees every datagram, and changes frames on demand.
import { createSocket, type Socket } from "node:dgram";

const FORWARD = 63;
const BACKWARD = 62;

/** Two sockets: each node takes one of them for the other node. */
export class ClusterWire {
  readonly #towardsOurs: Socket;
  readonly #towardsTheirs: Socket;
  /** Every datagram from our node, and from the other. */
  readonly fromOurs: Uint8Array[] = [];
  readonly fromTheirs: Uint8Array[] = [];
  /** Changes one bit of the client's port in frames. */
  tampers = false;

  private constructor(sockets: readonly [Socket, Socket], ports: { readonly ours: number; readonly theirs: number }) {
    [this.#towardsOurs, this.#towardsTheirs] = sockets;
    this.#towardsOurs.on("message", (bytes) => {
      this.fromOurs.push(new Uint8Array(bytes));
      this.#towardsTheirs.send(this.#changed(bytes), ports.theirs, "127.0.0.1");
    });
    this.#towardsTheirs.on("message", (bytes) => {
      this.fromTheirs.push(new Uint8Array(bytes));
      this.#towardsOurs.send(this.#changed(bytes), ports.ours, "127.0.0.1");
    });
  }

  /** Between the cluster ports of our node and of theirs. */
  static async open(ports: { readonly ours: number; readonly theirs: number }): Promise<ClusterWire> {
    return new ClusterWire([await bound(), await bound()], ports);
  }

  /** Where our node finds theirs. */
  get theirPort(): number {
    return this.#towardsOurs.address().port;
  }

  /** Where theirs finds our node. */
  get ourPort(): number {
    return this.#towardsTheirs.address().port;
  }

  close(): void {
    this.#towardsOurs.close();
    this.#towardsTheirs.close();
  }

  #changed(bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(bytes);
    if (this.tampers && (copy[0] === FORWARD || copy[0] === BACKWARD)) copy[1] = (copy[1] ?? 0) ^ 1;
    return copy;
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return socket;
}
