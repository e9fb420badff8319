// What the implementations on runtimes' own sockets have in common.
import type { UdpCounters } from "../counters.ts";
import type { BatchSizes, UdpBatch, UdpEndpoint, UdpSocketOptions } from "../endpoint.ts";

/** Called with each batch; what it sends is flushed soon after it returns. */
export type BatchReceiver = (batch: UdpBatch, endpoint: UdpEndpoint) => void;

/** How to open a socket of the runtime. */
export interface PortableOptions {
  readonly socket: UdpSocketOptions;
  readonly sizes: BatchSizes;
  readonly counters: UdpCounters;
  readonly onBatch: BatchReceiver;
}
