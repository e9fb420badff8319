// A UDP socket used by system calls for whole batches. Blocks only in `flush`, and there for SEND_WAIT_MS at most.
import { assert } from "@coracle/base";
import { copyBytes } from "../../copy-bytes.ts";
import { formatUdpAddress, udpAddress, type UdpAddress } from "../address.ts";
import { UdpCounters, type UdpDropCause, type UdpStats } from "../counters.ts";
import { type BatchSizes, SEND_QUEUE_MAX, type UdpEndpoint, type UdpSocketOptions } from "../endpoint.ts";
import { UdpError, udpErrorCode } from "../udp-error.ts";
import {
  AF_INET,
  AF_INET6,
  EACCES,
  EAGAIN,
  ECONNREFUSED,
  EHOSTUNREACH,
  EINTR,
  EINVAL,
  EIO,
  EMSGSIZE,
  ENETDOWN,
  ENETUNREACH,
  ENOBUFS,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPERM,
  errnoName,
  HEADER,
  MSG_DONTWAIT,
  NAME_SIZE_BYTES,
  SOCK_DGRAM_CLOEXEC,
} from "./constants.ts";
import { KernelDrops } from "./kernel-drops.ts";
import type { Libc } from "./libc.ts";
import { MessageQueue } from "./message-queue.ts";
import { NativeMemory } from "./native-memory.ts";
import type { ReceiveMemory } from "./receive-memory.ts";
import { applySocketOptions } from "./socket-options.ts";
import { nameSizeBytes, readName, writeName } from "./socket-name.ts";

/** Failed calls in a row that are tried again because a signal came in between. */
const INTERRUPTS_MAX = 16;

/** What a native socket needs besides its options. */
export interface NativeSocketContext {
  readonly libc: Libc;
  /** False where the batch calls are refused: then each message is a call of its own. */
  readonly batches: boolean;
  /** Memory of the thread that datagrams are received into. */
  readonly memory: ReceiveMemory;
  /** All memory that the thread receives into: what lies there is sent without a copy. Default that of `memory`. */
  readonly arenas?: readonly NativeMemory[];
  readonly sizes: BatchSizes;
  readonly counters?: UdpCounters;
  /** Several sockets share the port: one per thread. */
  readonly shared?: boolean;
  /** Told when the queue is no longer empty. */
  readonly onQueued?: (socket: NativeSocket) => void;
}

/** The native implementation of the contract; its owner calls {@link receive}. */
export class NativeSocket implements UdpEndpoint {
  readonly fd: number;
  readonly local: UdpAddress;
  readonly #libc: Libc;
  readonly #context: NativeSocketContext;
  readonly #family: number;
  readonly #queue: MessageQueue;
  readonly #copies: NativeMemory;
  readonly #copyStride: number;
  readonly #counters: UdpCounters;
  #copied = 0;
  readonly #kernelDrops: KernelDrops;
  #isClosed = false;

  constructor(context: NativeSocketContext, options: UdpSocketOptions) {
    const wanted = udpAddress(options.host, options.port);
    const { libc, sizes } = context;
    this.#libc = libc;
    this.#context = context;
    this.#counters = context.counters ?? new UdpCounters();
    // `::ffff:0:0/96` is IPv4 here, so an IPv4 socket serves it.
    this.#family = wanted.address.length === 4 ? AF_INET : AF_INET6;
    const messagesMax = options.sendQueueMax ?? SEND_QUEUE_MAX;
    const segment = options.segment ?? false;
    this.#queue = new MessageQueue({ libc, family: this.#family, messagesMax, segment });
    this.#copyStride = Math.ceil((sizes.headroomBytes + sizes.datagramSizeBytesMax) / 64) * 64;
    this.#copies = new NativeMemory(libc, this.#copyStride * messagesMax);
    this.fd = libc.socket(this.#family, SOCK_DGRAM_CLOEXEC, 0);
    if (this.fd < 0) throw this.#failure("open a UDP socket for", wanted);
    this.#kernelDrops = new KernelDrops(libc, this.fd, this.#counters);
    try {
      applySocketOptions({ libc, fd: this.fd, options, family: this.#family, shared: context.shared === true });
      this.local = this.#bind(wanted);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
  }

  /** What {@link receive} fills. */
  get memory(): ReceiveMemory {
    return this.#context.memory;
  }

  /**
   * Takes what has arrived into the thread's memory, without waiting. Answers how many datagrams the kernel gave; 0 if there
   * was none. The batch may hold fewer: truncated ones are dropped.
   */
  receive(): number {
    // Its number may be another socket's by now.
    if (this.#isClosed) return 0;
    const { libc, memory } = this.#context;
    const received = this.#context.batches
      ? libc.recvmmsg(this.fd, memory.headersAddress, memory.batchMax, MSG_DONTWAIT)
      : this.#receiveOne();
    if (received <= 0) {
      if (received < 0) this.#receiveFailed(libc.errno());
      return 0;
    }
    memory.collect(received, this.#family);
    if (memory.truncated > 0) this.#counters.drop("received-truncated", memory.truncated);
    if (memory.count > 0) this.#counters.received(memory.count, memory.bytesCollected);
    return received;
  }

  send(bytes: Uint8Array, start: number, end: number, to: UdpAddress): boolean {
    if (this.#isClosed) return false;
    // The kernel is given an address: beyond the end it would send whatever lies there.
    if (start < 0 || end < start || end > bytes.length)
      assert(false, `Cannot send bytes ${start} to ${end}: there are ${bytes.length}`);
    if (end - start > this.#copyStride && this.#arenaOf(bytes) === undefined) {
      this.#counters.drop("send-too-large");
      return false;
    }
    if (!this.#enqueue(bytes, start, end, to)) {
      // Full: what waits goes out first. Only a foreign address fails then.
      this.flush();
      if (!this.#enqueue(bytes, start, end, to)) {
        this.#counters.drop("send-unreachable");
        return false;
      }
    }
    if (this.#queue.count === 1 && this.#queue.datagrams(0) === 1) this.#context.onQueued?.(this);
    return true;
  }

  flush(): void {
    if (this.#isClosed) return;
    const queue = this.#queue;
    let interrupts = 0;
    for (let at = 0; at < queue.count;) {
      const accepted = this.#sendFrom(at);
      if (accepted > 0) {
        this.#countSent(at, accepted);
        at += accepted;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === EINTR && ++interrupts < INTERRUPTS_MAX) continue;
      if (errno === EAGAIN || errno === ENOBUFS) {
        for (; at < queue.count; at++) this.#counters.drop("send-buffer-full", queue.datagrams(at));
      } else {
        this.#refused(at, errno);
        at++;
      }
    }
    queue.clear();
    this.#copied = 0;
  }

  /** Reads what the kernel dropped into the counters. */
  readKernelDrops(): void {
    this.#kernelDrops.read();
  }

  stats(): UdpStats {
    if (!this.#isClosed) this.readKernelDrops();
    return this.#counters.stats();
  }

  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.readKernelDrops();
    this.#isClosed = true;
    this.#libc.close(this.fd);
  }

  #receiveOne(): number {
    const { libc, memory } = this.#context;
    const size = libc.recvmsg(this.fd, memory.headersAddress, MSG_DONTWAIT);
    if (size < 0) return -1;
    memory.headers.words[HEADER.received] = size;
    return 1;
  }

  #receiveFailed(errno: number): void {
    // A refusal by the far side of an earlier datagram is told here; it has no batch of its own.
    if (errno !== EAGAIN && errno !== EINTR && errno !== ECONNREFUSED) this.#counters.drop("receive-failed");
  }

  /** Messages the kernel took from `at` on; −1 if it refused that one. */
  #sendFrom(at: number): number {
    const header = this.#queue.headerAddress(at);
    if (this.#context.batches) return this.#libc.sendmmsg(this.fd, header, this.#queue.count - at, 0);
    return this.#libc.sendmsg(this.fd, header, 0) < 0 ? -1 : 1;
  }

  #countSent(at: number, messages: number): void {
    let datagrams = 0;
    let bytes = 0;
    for (let index = at; index < at + messages; index++) {
      datagrams += this.#queue.datagrams(index);
      bytes += this.#queue.sizeBytes(index);
    }
    this.#counters.sent(datagrams, bytes, messages);
  }

  #refused(at: number, errno: number): void {
    const datagrams = this.#queue.datagrams(at);
    if (datagrams > 1 && isSegmentRefusal(errno)) {
      const isPathTooNarrow = errno === EMSGSIZE || errno === EINVAL;
      this.#queue.segmentSizeBytesMax = isPathTooNarrow ? this.#queue.segmentSizeBytes(at) - 1 : 0;
      this.#sendApart(at, datagrams);
    } else {
      this.#counters.drop(causeOf(errno), datagrams);
    }
  }

  /** Sends the datagrams of a message one by one. */
  #sendApart(at: number, datagrams: number): void {
    for (let index = 0; index < datagrams; index++) {
      const size = this.#libc.sendmsg(this.fd, this.#queue.apart(at, index), 0);
      if (size >= 0) this.#counters.sent(1, size, 1);
      else this.#counters.drop(causeOf(this.#libc.errno()));
    }
  }

  #arenaOf(bytes: Uint8Array): NativeMemory | undefined {
    const { memory, arenas } = this.#context;
    if (bytes === memory.arena.bytes) return memory.arena;
    if (arenas !== undefined) for (const arena of arenas) if (bytes === arena.bytes) return arena;
    return undefined;
  }

  #enqueue(bytes: Uint8Array, start: number, end: number, to: UdpAddress): boolean {
    const arena = this.#arenaOf(bytes);
    const address = arena === undefined ? this.#copy(bytes, start, end) : arena.address + start;
    return address >= 0 && this.#queue.add(address, end - start, to);
  }

  /** The address of a copy that lives until the flush; −1 if there is no room. */
  #copy(bytes: Uint8Array, start: number, end: number): number {
    const offset = this.#copied;
    if (offset + end - start > this.#copies.bytes.length) return -1;
    if (start === 0 && end === bytes.length) this.#copies.bytes.set(bytes, offset);
    else copyBytes(bytes, start, { bytes: this.#copies.bytes, at: offset }, end - start);
    this.#copied = offset + Math.ceil((end - start) / 8) * 8;
    return this.#copies.address + offset;
  }

  #bind(wanted: UdpAddress): UdpAddress {
    const name = new NativeMemory(this.#libc, NAME_SIZE_BYTES + 8);
    writeName(name.words, 0, this.#family, wanted);
    const sizeBytes = nameSizeBytes(this.#family);
    if (this.#libc.bind(this.fd, name.address, sizeBytes) < 0) throw this.#failure("bind", wanted);
    name.words[NAME_SIZE_BYTES / 4] = sizeBytes;
    if (this.#libc.getsockname(this.fd, name.address, name.address + NAME_SIZE_BYTES) < 0)
      throw this.#failure("ask for the name of", wanted);
    return readName(name.bytes, 0);
  }

  #failure(action: string, wanted: UdpAddress): UdpError {
    const name = errnoName(this.#libc.errno());
    const text = `Cannot ${action} ${formatUdpAddress(wanted)}: the system says ${name}`;
    return new UdpError(udpErrorCode(name), text);
  }
}

function isSegmentRefusal(errno: number): boolean {
  return [EIO, EINVAL, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP].includes(errno);
}

function causeOf(errno: number): UdpDropCause {
  switch (errno) {
    case EMSGSIZE:
      return "send-too-large";
    case EPERM:
    case EACCES:
      return "send-refused";
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ECONNREFUSED:
    case EINVAL:
      return "send-unreachable";
    default:
      return "send-failed";
  }
}
