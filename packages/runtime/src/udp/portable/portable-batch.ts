// A batch without system calls of its own: one place per datagram, filled by a runtime's socket.
import type { MutableUdpAddress } from "../address.ts";
import type { BatchSizes, ReceivedDatagram, UdpBatch } from "../endpoint.ts";

interface Place extends ReceivedDatagram {
  readonly source: MutableUdpAddress;
}

/** A batch of one datagram: runtimes hand datagrams over one by one, and waiting for more would only delay. */
export class PortableBatch implements UdpBatch {
  readonly count = 1;
  readonly datagrams: readonly ReceivedDatagram[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #place: Place;
  readonly #headroomBytes: number;
  readonly #sizeBytesMax: number;

  constructor({ headroomBytes, datagramSizeBytesMax }: BatchSizes) {
    this.bytes = new Uint8Array(headroomBytes + datagramSizeBytesMax);
    this.#headroomBytes = headroomBytes;
    this.#sizeBytesMax = datagramSizeBytesMax;
    this.#place = {
      bytes: this.bytes,
      start: headroomBytes,
      end: headroomBytes,
      source: { address: new Uint8Array(4), port: 0 },
    };
    this.datagrams = [this.#place];
  }

  /** Fills the place with a copy; false if the datagram is too large for it. */
  fill(bytes: Uint8Array, address: Uint8Array, port: number): boolean {
    if (bytes.length > this.#sizeBytesMax) return false;
    this.bytes.set(bytes, this.#headroomBytes);
    this.#place.start = this.#headroomBytes;
    this.#place.end = this.#headroomBytes + bytes.length;
    this.#place.source.address = address;
    this.#place.source.port = port;
    return true;
  }
}
