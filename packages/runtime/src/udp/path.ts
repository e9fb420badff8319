// Which way datagrams take, and why: said at the start and in metrics.

/**
 * native: batches by recvmmsg and sendmmsg; native-single: the same with one call a datagram, where the batch calls are
 * refused; bun, deno, node: the runtime's own sockets.
 */
export type UdpImplementation = "native" | "native-single" | "bun" | "deno" | "node";

/** Which way datagrams take. */
export interface UdpPath {
  readonly implementation: UdpImplementation;
  /** Packet threads beside the caller's; 0 if datagrams are handled on the caller's. */
  readonly threads: number;
  /** The kernel picks the thread by the steering rules. */
  readonly isSteered: boolean;
  /** Why not a faster way; empty on the fastest. */
  readonly reasons: readonly string[];
}

/** As `native, 2 threads, steered` or `bun, 1 thread (recvmmsg is refused (EPERM))`. */
export function describeUdpPath({ implementation, threads, isSteered, reasons }: UdpPath): string {
  const where = threads === 0 ? "on the main thread" : `${threads} ${threads === 1 ? "thread" : "threads"}`;
  const why = reasons.length === 0 ? "" : ` (${reasons.join("; ")})`;
  return `${implementation}, ${where}${isSteered ? ", steered" : ""}${why}`;
}
