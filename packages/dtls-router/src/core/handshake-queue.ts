// Handshakes wait for records: at most a few of their datagrams are worked on between two batches, the others wait here.
import { Ring } from "@coracle/base";
import { type DatagramView, type Endpoint, FORWARD_HEADER_SIZE_BYTES_MAX } from "@coracle/cluster";

/** Datagrams of handshakes worked on between two batches: the dearest take some 200 µs each. */
export const HANDSHAKES_PER_TURN = 8;
/** Datagrams that wait; those of a flood beyond are dropped and counted. */
export const WAITING_HANDSHAKES_MAX = 1024;
/** Bytes that wait: as many datagrams of the size that handshakes have, and few of the largest that there are. */
export const WAITING_SIZE_BYTES_MAX: number = WAITING_HANDSHAKES_MAX * 1500;

/** A datagram that waits, in memory of its own. */
export interface WaitingDatagram {
  readonly port: number;
  readonly datagram: DatagramView;
  readonly source: Endpoint;
}

/** First in, first out. */
export class HandshakeQueue {
  readonly #waiting: Ring<WaitingDatagram> = new Ring(WAITING_HANDSHAKES_MAX);
  #sizeBytes = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** Keeps a copy. False if there is too much. */
  push(port: number, { bytes, start, end }: DatagramView, { address, port: from }: Endpoint): boolean {
    if (this.#waiting.full || this.#sizeBytes + end - start > WAITING_SIZE_BYTES_MAX) return false;
    const copy = new Uint8Array(FORWARD_HEADER_SIZE_BYTES_MAX + end - start);
    copy.set(bytes.subarray(start, end), FORWARD_HEADER_SIZE_BYTES_MAX);
    const datagram = { bytes: copy, start: FORWARD_HEADER_SIZE_BYTES_MAX, end: copy.length };
    this.#sizeBytes += end - start;
    return this.#waiting.push({ port, datagram, source: { address: address.slice(), port: from } });
  }

  shift(): WaitingDatagram | undefined {
    const first = this.#waiting.shift();
    if (first !== undefined) this.#sizeBytes -= first.datagram.end - first.datagram.start;
    return first;
  }
}
