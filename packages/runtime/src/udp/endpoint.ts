// The UDP contract: batches in, queued datagrams out, everything counted. No datagram allocates on the way in or out.
import type { UdpAddress } from "./address.ts";
import type { UdpStats } from "./counters.ts";
import type { SteeringRule } from "./native/steering.ts";
import type { SteeringProgram } from "./native/steering-program.ts";

/** A datagram that came in. Valid only until the receiver's callback returns: its memory is used again. */
export interface ReceivedDatagram {
  /**
   * The memory of the whole batch. `headroomBytes` in front of `start` and everything up to the next datagram may be
   * written to; a datagram sent from here is sent without a copy.
   */
  readonly bytes: Uint8Array;
  /** Offset of the first byte. */
  start: number;
  /** Offset behind the last byte. */
  end: number;
  readonly source: UdpAddress;
}

/** Datagrams received together. The first `count` of `datagrams` belong to the batch. */
export interface UdpBatch {
  readonly count: number;
  readonly datagrams: readonly ReceivedDatagram[];
}

/** A bound UDP socket. */
export interface UdpEndpoint {
  /** Where it is bound; the port is the real one when 0 was asked for. */
  readonly local: UdpAddress;
  /**
   * Queues `bytes[start, end)` for `to`; IPv4 addresses are 4 bytes, also on an IPv6 socket. False if the datagram was dropped
   * and counted: too large, no such family, or a queue that is full (a native one is flushed instead). Bytes that lie in a
   * received batch are read at the flush and must not change before; all others are copied.
   */
  send(bytes: Uint8Array, start: number, end: number, to: UdpAddress): boolean;
  /** Hands the queue to the system. Follows each callback by itself; call it after sending from elsewhere. */
  flush(): void;
  /** Counts since the socket was opened. */
  stats(): UdpStats;
  close(): void;
}

/** Rules, or a program made with a `SteeringAssembler`. */
export type Steering = readonly SteeringRule[] | SteeringProgram;

/** What to bind and how. */
export interface UdpSocketOptions {
  /** An IP address; names are not resolved. `::` also takes IPv4. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Room of the kernel's queue in bytes, up to its `rmem_max`; native sockets and Bun's. Default 4 MiB. */
  readonly receiveBufferBytes?: number;
  /** Sends runs of equal-sized datagrams to one address as one (`UDP_SEGMENT`): for links between nodes. Default false. */
  readonly segment?: boolean;
  /**
   * Takes runs of datagrams that came together in one piece (`UDP_GRO`), and sees them apart again: for links between nodes. On
   * packet threads with native sockets only. No headroom in front of its datagrams. Default false.
   */
  readonly coalesce?: boolean;
  /** Which thread gets a datagram, where several share the port. Without it the kernel hashes addresses and ports. */
  readonly steering?: Steering;
  /** Messages that wait for a flush. Default 256. */
  readonly sendQueueMax?: number;
}

/** Sizes of the memory for received datagrams. */
export interface BatchSizes {
  /** Datagrams taken at once. Default 64. */
  readonly batchMax: number;
  /** Larger ones are dropped and counted. Default 2048. */
  readonly datagramSizeBytesMax: number;
  /** Writable bytes in front of each datagram. Default 64. */
  readonly headroomBytes: number;
}

/** Sizes that suit DTLS records and the headers of a cluster. */
export const DEFAULT_BATCH_SIZES: BatchSizes = { batchMax: 64, datagramSizeBytesMax: 2048, headroomBytes: 64 };
/** Messages that wait for a flush where the options do not say. */
export const SEND_QUEUE_MAX = 256;
/** The largest UDP payload over IPv4. */
export const UDP_PAYLOAD_SIZE_BYTES_MAX = 65_507;
