// Handshakes wait for records: at most a few of their datagrams are worked on between two batches, the others wait here.
import { type DatagramView, type Endpoint, FORWARD_HEADER_SIZE_BYTES_MAX } from "@coracle/cluster";

/** Datagrams of handshakes worked on between two batches: the dearest take some 200 µs each. */
export const HANDSHAKES_PER_TURN = 8;
/** Datagrams that wait; those of a flood beyond are dropped and counted. */
export const WAITING_HANDSHAKES_MAX = 1024;

/** A datagram that waits, in memory of its own. */
export interface WaitingDatagram {
  readonly port: number;
  readonly datagram: DatagramView;
  readonly source: Endpoint;
}

/** First in, first out. */
export class HandshakeQueue {
  #waiting: WaitingDatagram[] = [];
  #next = 0;

  get size(): number {
    return this.#waiting.length - this.#next;
  }

  /** Keeps a copy. False if there are too many. */
  push(port: number, { bytes, start, end }: DatagramView, { address, port: from }: Endpoint): boolean {
    if (this.size >= WAITING_HANDSHAKES_MAX) return false;
    const copy = new Uint8Array(FORWARD_HEADER_SIZE_BYTES_MAX + end - start);
    copy.set(bytes.subarray(start, end), FORWARD_HEADER_SIZE_BYTES_MAX);
    const datagram = { bytes: copy, start: FORWARD_HEADER_SIZE_BYTES_MAX, end: copy.length };
    this.#waiting.push({ port, datagram, source: { address: address.slice(), port: from } });
    return true;
  }

  shift(): WaitingDatagram | undefined {
    const first = this.#waiting[this.#next];
    if (first === undefined) return undefined;
    this.#next++;
    if (this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    }
    return first;
  }
}
