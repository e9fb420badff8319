// The memory one thread receives into: headers, names and datagrams of a batch, laid out once and used for ever.
import { isMapped, type MutableUdpAddress } from "../address.ts";
import type { BatchSizes, ReceivedDatagram, UdpBatch } from "../endpoint.ts";
import {
  AF_INET,
  CONTROL,
  HEADER,
  IOV,
  MSG_TRUNC,
  NAME_SIZE_BYTES,
  NAME_USED_BYTES_MAX,
  SOL_UDP,
  UDP_GRO,
} from "./constants.ts";
import type { Libc } from "./libc.ts";
import { SEGMENTS_MAX } from "./message-queue.ts";
import { NativeMemory } from "./native-memory.ts";
import { IN6_ADDRESS_OFFSET, IN_ADDRESS_OFFSET, MAPPED_ADDRESS_OFFSET } from "./socket-name.ts";

/** Where a message may be many datagrams: its size at most, and messages of a batch. */
const COALESCED_SIZE_BYTES_MAX = 65_536;
const COALESCED_BATCH_MAX = 16;

/** One message's place, with every view of its source's address that may be needed. */
interface Slot {
  readonly source: MutableUdpAddress;
  readonly offset: number;
  readonly ipv4: Uint8Array;
  readonly ipv6: Uint8Array;
  readonly mapped: Uint8Array;
}

/** A datagram of the batch; it takes its source from the message that it came in. */
interface Taken extends ReceivedDatagram {
  source: MutableUdpAddress;
}

/** What may be received at once, and whether messages may be many datagrams (`UDP_GRO`). */
export interface ReceiveMemoryOptions extends BatchSizes {
  readonly coalesced?: boolean;
}

/** Shared by the sockets of a thread: it is free again when a batch has been handled and what it caused was sent. */
export class ReceiveMemory implements UdpBatch {
  /** Messages taken by one call. */
  readonly batchMax: number;
  /** Address of the first header, for recvmmsg. */
  readonly headersAddress: number;
  readonly headers: NativeMemory;
  readonly arena: NativeMemory;
  readonly datagrams: readonly ReceivedDatagram[];
  /** Set by {@link collect}. */
  count = 0;
  bytesCollected = 0;
  truncated = 0;
  readonly #names: NativeMemory;
  readonly #iovs: NativeMemory;
  readonly #controls: NativeMemory;
  readonly #slots: readonly Slot[];
  readonly #taken: readonly Taken[];
  readonly #sizeBytesMax: number;
  readonly #isCoalesced: boolean;

  constructor(libc: Libc, options: ReceiveMemoryOptions) {
    const { coalesced = false, headroomBytes, datagramSizeBytesMax } = options;
    const messageSizeBytesMax = coalesced ? COALESCED_SIZE_BYTES_MAX : datagramSizeBytesMax;
    this.#isCoalesced = coalesced;
    this.#sizeBytesMax = datagramSizeBytesMax;
    this.batchMax = coalesced ? COALESCED_BATCH_MAX : options.batchMax;
    const { batchMax } = this;
    const stride = Math.ceil((headroomBytes + messageSizeBytesMax) / 64) * 64;
    this.arena = new NativeMemory(libc, batchMax * stride);
    this.headers = new NativeMemory(libc, batchMax * HEADER.words * 4);
    this.headersAddress = this.headers.address;
    this.#names = new NativeMemory(libc, batchMax * NAME_SIZE_BYTES);
    this.#iovs = new NativeMemory(libc, batchMax * IOV.words * 4);
    this.#controls = new NativeMemory(libc, batchMax * CONTROL.sizeBytes);
    this.#slots = Array.from({ length: batchMax }, (_, index) => this.#slot(index, index * stride + headroomBytes));
    this.#taken = this.#datagramsOf(batchMax * (coalesced ? SEGMENTS_MAX : 1));
    this.datagrams = this.#taken;
    for (const [index, { offset }] of this.#slots.entries()) this.#layOut(index, offset, messageSizeBytesMax);
  }

  /** Makes the batch of the first `received` headers. Truncated datagrams are left out. */
  collect(received: number, family: number): void {
    const words = this.headers.words;
    this.count = 0;
    this.bytesCollected = 0;
    this.truncated = 0;
    for (let index = 0; index < received; index++) {
      const header = index * HEADER.words;
      words[header + HEADER.nameSize] = NAME_USED_BYTES_MAX;
      const slot = this.#slots[index];
      if (slot === undefined) break;
      const size = words[header + HEADER.received] ?? 0;
      const segment = this.#isCoalesced ? this.#segmentSize(index, size) : size;
      if (((words[header + HEADER.flags] ?? 0) & MSG_TRUNC) !== 0 || segment > this.#sizeBytesMax) {
        this.truncated++;
        continue;
      }
      this.#readSource(slot, index * NAME_SIZE_BYTES, family);
      this.#take(slot, size, segment);
    }
  }

  /** Adds the datagrams of a message: all but the last have `segment` bytes. */
  #take(slot: Slot, size: number, segment: number): void {
    const behind = slot.offset + size;
    let start = slot.offset;
    do {
      const end = Math.min(start + segment, behind);
      const datagram = this.#taken[this.count];
      if (datagram === undefined) {
        this.truncated++;
        return;
      }
      this.count++;
      datagram.start = start;
      datagram.end = end;
      datagram.source = slot.source;
      start = end;
    } while (start < behind);
    this.bytesCollected += size;
  }

  /** The size of a message's datagrams if the kernel joined several; else that of the message. */
  #segmentSize(index: number, size: number): number {
    const header = index * HEADER.words;
    const { words } = this.headers;
    const hasControl = (words[header + HEADER.controlSize] ?? 0) > 0;
    words[header + HEADER.controlSize] = CONTROL.sizeBytes;
    if (!hasControl) return size;
    const control = index * CONTROL.words;
    const known = this.#controls.words;
    if (known[control + CONTROL.level] !== SOL_UDP || known[control + CONTROL.type] !== UDP_GRO) return size;
    // Of no size the loop over its datagrams would not end.
    return Math.max(1, known[control + CONTROL.value] ?? size);
  }

  #readSource(slot: Slot, name: number, family: number): void {
    const names = this.#names.bytes;
    slot.source.port = ((names[name + 2] ?? 0) << 8) | (names[name + 3] ?? 0);
    if (family === AF_INET) slot.source.address = slot.ipv4;
    else slot.source.address = isMapped(names, name + IN6_ADDRESS_OFFSET) ? slot.mapped : slot.ipv6;
  }

  #layOut(index: number, offset: number, sizeBytesMax: number): void {
    const header = index * HEADER.words;
    this.headers.writePointer(header + HEADER.nameLow, this.#names.address + index * NAME_SIZE_BYTES);
    this.headers.words[header + HEADER.nameSize] = NAME_USED_BYTES_MAX;
    this.headers.writePointer(header + HEADER.iovLow, this.#iovs.address + index * IOV.words * 4);
    this.headers.words[header + HEADER.iovCount] = 1;
    if (this.#isCoalesced) {
      this.headers.writePointer(header + HEADER.controlLow, this.#controls.address + index * CONTROL.sizeBytes);
      this.headers.words[header + HEADER.controlSize] = CONTROL.sizeBytes;
    }
    this.#iovs.writePointer(index * IOV.words, this.arena.address + offset);
    this.#iovs.words[index * IOV.words + IOV.size] = sizeBytesMax;
  }

  #slot(index: number, offset: number): Slot {
    const name = index * NAME_SIZE_BYTES;
    const names = this.#names.bytes;
    const ipv4 = names.subarray(name + IN_ADDRESS_OFFSET, name + IN_ADDRESS_OFFSET + 4);
    const ipv6 = names.subarray(name + IN6_ADDRESS_OFFSET, name + IN6_ADDRESS_OFFSET + 16);
    const mapped = names.subarray(name + MAPPED_ADDRESS_OFFSET, name + MAPPED_ADDRESS_OFFSET + 4);
    return { source: { address: ipv4, port: 0 }, offset, ipv4, ipv6, mapped };
  }

  #datagramsOf(count: number): Taken[] {
    const [first] = this.#slots;
    const source = first?.source ?? { address: new Uint8Array(4), port: 0 };
    return Array.from({ length: count }, () => ({ bytes: this.arena.bytes, start: 0, end: 0, source }));
  }
}
