// Counters of a UDP socket in plain memory that another thread can read while this one is busy.

/**
 * Why a datagram was dropped. received-truncated: larger than the batch's slots; kernel-queue-full: the kernel's queue ran
 * over before we read; receive-failed: the call failed; send-queue-full: more than the queue holds; send-buffer-full: the
 * kernel would not take it in time; send-too-large: larger than the path allows; send-unreachable: no route; send-refused: a
 * firewall or policy; send-failed: anything else.
 */
export const UDP_DROP_CAUSES = [
  "received-truncated",
  "kernel-queue-full",
  "receive-failed",
  "send-queue-full",
  "send-buffer-full",
  "send-too-large",
  "send-unreachable",
  "send-refused",
  "send-failed",
] as const;

/** One of {@link UDP_DROP_CAUSES}. */
export type UdpDropCause = (typeof UDP_DROP_CAUSES)[number];

/** Counts of one socket, or of several added up. */
export interface UdpStats {
  readonly receivedDatagrams: number;
  readonly receivedBytes: number;
  /** Batches that had at least one datagram. */
  readonly receivedBatches: number;
  readonly sentDatagrams: number;
  readonly sentBytes: number;
  /** Messages handed to the kernel; fewer than datagrams where it cuts them (`UDP_SEGMENT`). */
  readonly sentMessages: number;
  readonly drops: Readonly<Record<UdpDropCause, number>>;
}

const FIRST_DROP = 6;
/** Numbers in the memory of one socket's counters. */
export const COUNTER_SLOTS: number = FIRST_DROP + UDP_DROP_CAUSES.length;
/** Bytes of memory of one socket's counters. */
export const COUNTERS_SIZE_BYTES: number = COUNTER_SLOTS * Float64Array.BYTES_PER_ELEMENT;

const DROP_SLOT = Object.fromEntries(UDP_DROP_CAUSES.map((cause, index) => [cause, FIRST_DROP + index])) as Readonly<
  Record<UdpDropCause, number>
>;

/** Written by one thread alone; any thread may read. Numbers are aligned, so a reader sees an old or a new one. */
export class UdpCounters {
  readonly #slots: Float64Array;

  constructor(slots: Float64Array = new Float64Array(COUNTER_SLOTS)) {
    this.#slots = slots;
  }

  received(datagrams: number, bytes: number): void {
    const slots = this.#slots;
    slots[0] = (slots[0] ?? 0) + datagrams;
    slots[1] = (slots[1] ?? 0) + bytes;
    slots[2] = (slots[2] ?? 0) + 1;
  }

  sent(datagrams: number, bytes: number, messages: number): void {
    const slots = this.#slots;
    slots[3] = (slots[3] ?? 0) + datagrams;
    slots[4] = (slots[4] ?? 0) + bytes;
    slots[5] = (slots[5] ?? 0) + messages;
  }

  drop(cause: UdpDropCause, datagrams = 1): void {
    const slot = DROP_SLOT[cause];
    this.#slots[slot] = (this.#slots[slot] ?? 0) + datagrams;
  }

  stats(): UdpStats {
    const at = (slot: number): number => this.#slots[slot] ?? 0;
    return {
      receivedDatagrams: at(0),
      receivedBytes: at(1),
      receivedBatches: at(2),
      sentDatagrams: at(3),
      sentBytes: at(4),
      sentMessages: at(5),
      drops: dropsFrom((cause) => at(DROP_SLOT[cause])),
    };
  }
}

/** The sum over several sockets. */
export function addUdpStats(all: readonly UdpStats[]): UdpStats {
  const sum = (of: (stats: UdpStats) => number): number => all.reduce((total, stats) => total + of(stats), 0);
  return {
    receivedDatagrams: sum((stats) => stats.receivedDatagrams),
    receivedBytes: sum((stats) => stats.receivedBytes),
    receivedBatches: sum((stats) => stats.receivedBatches),
    sentDatagrams: sum((stats) => stats.sentDatagrams),
    sentBytes: sum((stats) => stats.sentBytes),
    sentMessages: sum((stats) => stats.sentMessages),
    drops: dropsFrom((cause) => sum((stats) => stats.drops[cause])),
  };
}

function dropsFrom(count: (cause: UdpDropCause) => number): Record<UdpDropCause, number> {
  return Object.fromEntries(UDP_DROP_CAUSES.map((cause) => [cause, count(cause)])) as Record<UdpDropCause, number>;
}
