// A socket for each device, replaced when the device changes its address.
import { openUdpEndpoint, type UdpAddress, type UdpBatch, type UdpEndpoint } from "@coracle/runtime";

/** What sockets are opened for. */
export interface DeviceSocketsOptions {
  readonly count: number;
  readonly target: UdpAddress;
  /** Told each datagram; the array is the receiver's to keep. */
  readonly onDatagram: (device: number, bytes: Uint8Array) => void;
  readonly onError: (error: unknown) => void;
}

interface Slot {
  endpoint: UdpEndpoint | undefined;
  /** Counts addresses, so that a socket that opens late is not taken for a newer one. */
  generation: number;
  waiting: Uint8Array[];
}

const WAITING_MAX = 8;
/** Sockets are many, so their memory is small. */
const SIZES = { batchMax: 2, datagramSizeBytesMax: 1500, headroomBytes: 0 } as const;
const RECEIVE_BUFFER_BYTES = 64 * 1024;

/** Sockets by device; opened at the first datagram. */
export class DeviceSockets {
  readonly #options: DeviceSocketsOptions;
  readonly #slots: readonly Slot[];
  #isClosed = false;
  /** Datagrams that found no socket open and no room to wait. */
  dropped = 0;

  constructor(options: DeviceSocketsOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, () => ({ endpoint: undefined, generation: 0, waiting: [] }));
  }

  /** Sends from the device's socket. */
  send(device: number, bytes: Uint8Array): void {
    const slot = this.#slots[device];
    if (slot === undefined || this.#isClosed) return;
    const { endpoint, waiting } = slot;
    if (endpoint !== undefined) {
      endpoint.send(bytes, 0, bytes.length, this.#options.target);
      endpoint.flush();
      return;
    }
    if (waiting.length >= WAITING_MAX) {
      this.dropped++;
      return;
    }
    waiting.push(bytes);
    if (waiting.length === 1) void this.#open(device, slot);
  }

  /** The device sends from another port from now on; what comes to the old one is lost. */
  rebind(device: number): void {
    const slot = this.#slots[device];
    if (slot?.endpoint === undefined) return;
    slot.endpoint.close();
    slot.endpoint = undefined;
    slot.generation++;
  }

  close(): void {
    this.#isClosed = true;
    for (const slot of this.#slots) slot.endpoint?.close();
  }

  async #open(device: number, slot: Slot): Promise<void> {
    const { target, onError } = this.#options;
    const { generation } = slot;
    try {
      const { endpoint } = await openUdpEndpoint({
        host: target.address.length === 4 ? "0.0.0.0" : "::",
        port: 0,
        sizes: SIZES,
        receiveBufferBytes: RECEIVE_BUFFER_BYTES,
        onBatch: (batch) => this.#receive(device, generation, batch),
      });
      if (this.#isClosed || slot.generation !== generation) return endpoint.close();
      slot.endpoint = endpoint;
      for (const bytes of slot.waiting) endpoint.send(bytes, 0, bytes.length, target);
      endpoint.flush();
    } catch (error) {
      this.dropped += slot.waiting.length;
      onError(error);
    } finally {
      slot.waiting = [];
    }
  }

  #receive(device: number, generation: number, batch: UdpBatch): void {
    if (this.#slots[device]?.generation !== generation) return;
    for (let index = 0; index < batch.count; index++) {
      const datagram = batch.datagrams[index];
      if (datagram === undefined) break;
      this.#options.onDatagram(device, datagram.bytes.slice(datagram.start, datagram.end));
    }
  }
}
