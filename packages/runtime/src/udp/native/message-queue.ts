// What one socket will send at the next flush: headers for sendmmsg, and runs of equal-sized datagrams joined for UDP_SEGMENT.
import { UDP_PAYLOAD_SIZE_BYTES_MAX } from "../endpoint.ts";
import type { UdpAddress } from "../address.ts";
import { HEADER, IOV, NAME_SIZE_BYTES, SOL_UDP, UDP_SEGMENT } from "./constants.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { nameSizeBytes, writeName } from "./socket-name.ts";

/** Segments that Linux cuts from one message. */
export const SEGMENTS_MAX = 64;
/** struct cmsghdr with a 16-bit value, padded, in bytes and words. */
const CONTROL_SIZE_BYTES = 24;
const CONTROL_WORDS = 6;
/** Length field of that header: 16 bytes and the value. */
const CONTROL_LENGTH = 18;
const NAME_WORDS: number = NAME_SIZE_BYTES / 4;
/** Recent destinations that a run may go on with. */
const OPEN_RUNS = 64;

/** How a queue is laid out. */
export interface MessageQueueOptions {
  readonly libc: Libc;
  readonly family: number;
  readonly messagesMax: number;
  readonly segment: boolean;
}

/**
 * Messages in the order of their first datagram. A message goes to one address and has one datagram, or up to 64 of equal
 * size of which the last may be shorter: the kernel cuts it (udp(7)). Datagrams to one address keep their order.
 */
export class MessageQueue {
  readonly headersAddress: number;
  readonly messagesMax: number;
  count = 0;
  /** Datagrams larger than this are not joined: the path refused such segments. */
  segmentSizeBytesMax = 0xffff;
  readonly #family: number;
  readonly #segmentsMax: number;
  readonly #headers: NativeMemory;
  readonly #names: NativeMemory;
  readonly #iovs: NativeMemory;
  readonly #controls: NativeMemory;
  readonly #segmentSizes: Uint16Array;
  readonly #totals: Uint32Array;
  readonly #openRuns: Int16Array = new Int16Array(OPEN_RUNS).fill(-1);

  constructor({ libc, family, messagesMax, segment }: MessageQueueOptions) {
    this.#family = family;
    this.messagesMax = messagesMax;
    this.#segmentsMax = segment ? SEGMENTS_MAX : 1;
    // One more than the queue holds: the scratch place for names to compare and for datagrams sent apart.
    const places = messagesMax + 1;
    this.#headers = new NativeMemory(libc, places * HEADER.words * 4);
    this.#names = new NativeMemory(libc, places * NAME_SIZE_BYTES);
    this.#iovs = new NativeMemory(libc, places * this.#segmentsMax * IOV.words * 4);
    this.#controls = new NativeMemory(libc, places * CONTROL_SIZE_BYTES);
    this.#segmentSizes = new Uint16Array(places);
    this.#totals = new Uint32Array(places);
    this.headersAddress = this.#headers.address;
    for (let place = 0; place < places; place++) this.#layOut(place);
  }

  /** Queues the `size` bytes at `address`. False if the queue is full or `to` is not of the socket's family. */
  add(address: number, size: number, to: UdpAddress): boolean {
    const place = this.count;
    const name = place * NAME_WORDS;
    if (!writeName(this.#names.words, name, this.#family, to)) return false;
    let hash = 0;
    if (this.#segmentsMax > 1) {
      hash = this.#runHash(name);
      const run = this.#openRuns[hash] ?? -1;
      if (run >= 0 && this.#append(run, { address, size, name })) return true;
    }
    if (place === this.messagesMax) return false;
    const header = place * HEADER.words;
    const words = this.#headers.words;
    words[header + HEADER.iovCount] = 1;
    words[header + HEADER.controlSize] = 0;
    this.#writeIov(place * this.#segmentsMax, address, size);
    this.#segmentSizes[place] = size;
    this.#totals[place] = size;
    if (this.#segmentsMax > 1) this.#openRuns[hash] = size > 0 && size <= this.segmentSizeBytesMax ? place : -1;
    this.count = place + 1;
    return true;
  }

  /** Datagrams in message `index`. */
  datagrams(index: number): number {
    return this.#headers.words[index * HEADER.words + HEADER.iovCount] ?? 0;
  }

  /** Bytes of all datagrams in message `index`. */
  sizeBytes(index: number): number {
    return this.#totals[index] ?? 0;
  }

  /** The size that the datagrams of message `index` have, the last aside. */
  segmentSizeBytes(index: number): number {
    return this.#segmentSizes[index] ?? 0;
  }

  /** Address of the header of message `index`. */
  headerAddress(index: number): number {
    return this.headersAddress + index * HEADER.words * 4;
  }

  /** Makes the scratch header that of datagram `datagram` of message `index` alone; answers its address. */
  apart(index: number, datagram: number): number {
    const scratch = this.messagesMax;
    const header = scratch * HEADER.words;
    this.#headers.writePointer(header + HEADER.nameLow, this.#names.address + index * NAME_SIZE_BYTES);
    const iov = this.#iovs.address + (index * this.#segmentsMax + datagram) * IOV.words * 4;
    this.#headers.writePointer(header + HEADER.iovLow, iov);
    this.#headers.words[header + HEADER.iovCount] = 1;
    this.#headers.words[header + HEADER.controlSize] = 0;
    return this.headerAddress(scratch);
  }

  /** Forgets all messages. */
  clear(): void {
    this.count = 0;
    if (this.#segmentsMax > 1) this.#openRuns.fill(-1);
  }

  #append(run: number, datagram: { address: number; size: number; name: number }): boolean {
    const segmentSize = this.#segmentSizes[run] ?? 0;
    const total = this.#totals[run] ?? 0;
    const header = run * HEADER.words;
    const words = this.#headers.words;
    const datagrams = words[header + HEADER.iovCount] ?? 0;
    const { address, size, name } = datagram;
    if (
      size > segmentSize ||
      size === 0 ||
      datagrams === this.#segmentsMax ||
      total + size > UDP_PAYLOAD_SIZE_BYTES_MAX ||
      // A shorter one ends a run: then the total is no multiple of the size.
      total !== segmentSize * datagrams ||
      !this.#sameName(run * NAME_WORDS, name)
    )
      return false;
    this.#writeIov(run * this.#segmentsMax + datagrams, address, size);
    words[header + HEADER.iovCount] = datagrams + 1;
    if (datagrams === 1) {
      words[header + HEADER.controlSize] = CONTROL_SIZE_BYTES;
      this.#controls.words[run * CONTROL_WORDS + 4] = segmentSize;
    }
    this.#totals[run] = total + size;
    return true;
  }

  #sameName(a: number, b: number): boolean {
    const words = this.#names.words;
    for (let index = 0; index < NAME_WORDS - 1; index++) if (words[a + index] !== words[b + index]) return false;
    return true;
  }

  #runHash(name: number): number {
    const words = this.#names.words;
    const mixed = (words[name] ?? 0) ^ Math.imul((words[name + 1] ?? 0) ^ (words[name + 5] ?? 0), 0x9e37_79b1);
    return (mixed ^ (mixed >>> 16) ^ (mixed >>> 24)) & (OPEN_RUNS - 1);
  }

  #writeIov(index: number, address: number, size: number): void {
    const at = index * IOV.words;
    this.#iovs.writePointer(at, address);
    this.#iovs.words[at + IOV.size] = size;
  }

  #layOut(place: number): void {
    const header = place * HEADER.words;
    this.#headers.writePointer(header + HEADER.nameLow, this.#names.address + place * NAME_SIZE_BYTES);
    this.#headers.words[header + HEADER.nameSize] = nameSizeBytes(this.#family);
    this.#headers.writePointer(header + HEADER.iovLow, this.#iovs.address + place * this.#segmentsMax * IOV.words * 4);
    this.#headers.writePointer(header + HEADER.controlLow, this.#controls.address + place * CONTROL_SIZE_BYTES);
    const control = place * CONTROL_WORDS;
    this.#controls.words[control] = CONTROL_LENGTH;
    this.#controls.words[control + 2] = SOL_UDP;
    this.#controls.words[control + 3] = UDP_SEGMENT;
  }
}
