// The memory one thread receives into: headers, names and datagrams of a batch, laid out once and used for ever.
import { isMapped, type MutableUdpAddress } from "../address.ts";
import type { BatchSizes, ReceivedDatagram, UdpBatch } from "../endpoint.ts";
import { AF_INET, HEADER, IOV, MSG_TRUNC, NAME_SIZE_BYTES, NAME_USED_BYTES_MAX } from "./constants.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { IN6_ADDRESS_OFFSET, IN_ADDRESS_OFFSET, MAPPED_ADDRESS_OFFSET } from "./socket-name.ts";

/** One datagram's place, with every view of its source's address that may be needed. */
interface Slot extends ReceivedDatagram {
  readonly source: MutableUdpAddress;
  readonly offset: number;
  readonly ipv4: Uint8Array;
  readonly ipv6: Uint8Array;
  readonly mapped: Uint8Array;
}

/** Shared by the sockets of a thread: it is free again when a batch has been handled and what it caused was sent. */
export class ReceiveMemory implements UdpBatch {
  readonly batchMax: number;
  /** Address of the first header, for recvmmsg. */
  readonly headersAddress: number;
  readonly headers: NativeMemory;
  readonly arena: NativeMemory;
  readonly datagrams: ReceivedDatagram[];
  /** Set by {@link collect}. */
  count = 0;
  bytesCollected = 0;
  truncated = 0;
  readonly #names: NativeMemory;
  readonly #iovs: NativeMemory;
  readonly #slots: readonly Slot[];

  constructor(libc: Libc, { batchMax, datagramSizeBytesMax, headroomBytes }: BatchSizes) {
    this.batchMax = batchMax;
    const stride = Math.ceil((headroomBytes + datagramSizeBytesMax) / 64) * 64;
    this.arena = new NativeMemory(libc, batchMax * stride);
    this.headers = new NativeMemory(libc, batchMax * HEADER.words * 4);
    this.headersAddress = this.headers.address;
    this.#names = new NativeMemory(libc, batchMax * NAME_SIZE_BYTES);
    this.#iovs = new NativeMemory(libc, batchMax * IOV.words * 4);
    this.#slots = Array.from({ length: batchMax }, (_, index) => this.#slot(index, index * stride + headroomBytes));
    this.datagrams = [...this.#slots];
    for (const [index, slot] of this.#slots.entries()) {
      const header = index * HEADER.words;
      this.headers.writePointer(header + HEADER.nameLow, this.#names.address + index * NAME_SIZE_BYTES);
      this.headers.words[header + HEADER.nameSize] = NAME_USED_BYTES_MAX;
      this.headers.writePointer(header + HEADER.iovLow, this.#iovs.address + index * IOV.words * 4);
      this.headers.words[header + HEADER.iovCount] = 1;
      this.#iovs.writePointer(index * IOV.words, this.arena.address + slot.offset);
      this.#iovs.words[index * IOV.words + IOV.size] = datagramSizeBytesMax;
    }
  }

  /** Makes the batch of the first `received` headers. Truncated datagrams are left out. */
  collect(received: number, family: number): void {
    const words = this.headers.words;
    let count = 0;
    let bytes = 0;
    this.truncated = 0;
    for (let index = 0; index < received; index++) {
      const header = index * HEADER.words;
      words[header + HEADER.nameSize] = NAME_USED_BYTES_MAX;
      if (((words[header + HEADER.flags] ?? 0) & MSG_TRUNC) !== 0) {
        this.truncated++;
        continue;
      }
      const slot = this.#slots[index];
      if (slot === undefined) break;
      const size = words[header + HEADER.received] ?? 0;
      slot.start = slot.offset;
      slot.end = slot.offset + size;
      this.#readSource(slot, index * NAME_SIZE_BYTES, family);
      this.datagrams[count++] = slot;
      bytes += size;
    }
    this.count = count;
    this.bytesCollected = bytes;
  }

  #readSource(slot: Slot, name: number, family: number): void {
    const names = this.#names.bytes;
    slot.source.port = ((names[name + 2] ?? 0) << 8) | (names[name + 3] ?? 0);
    if (family === AF_INET) slot.source.address = slot.ipv4;
    else slot.source.address = isMapped(names, name + IN6_ADDRESS_OFFSET) ? slot.mapped : slot.ipv6;
  }

  #slot(index: number, offset: number): Slot {
    const name = index * NAME_SIZE_BYTES;
    const names = this.#names.bytes;
    const ipv4 = names.subarray(name + IN_ADDRESS_OFFSET, name + IN_ADDRESS_OFFSET + 4);
    const ipv6 = names.subarray(name + IN6_ADDRESS_OFFSET, name + IN6_ADDRESS_OFFSET + 16);
    const mapped = names.subarray(name + MAPPED_ADDRESS_OFFSET, name + MAPPED_ADDRESS_OFFSET + 4);
    const source: MutableUdpAddress = { address: ipv4, port: 0 };
    return { bytes: this.arena.bytes, start: offset, end: offset, source, offset, ipv4, ipv6, mapped };
  }
}
