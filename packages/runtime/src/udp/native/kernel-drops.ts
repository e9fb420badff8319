// What the kernel dropped of a socket for want of room, brought into the socket's counters.
import type { UdpCounters } from "../counters.ts";
import type { Libc } from "./libc.ts";
import { kernelDrops } from "./socket-options.ts";

/** Follows the kernel's counter of one socket, which only grows. */
export class KernelDrops {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #counters: UdpCounters;
  #seen = 0;

  constructor(libc: Libc, fd: number, counters: UdpCounters) {
    this.#libc = libc;
    this.#fd = fd;
    this.#counters = counters;
  }

  /** Counts what was dropped since the last call. The socket must be open. */
  read(): void {
    const drops = kernelDrops(this.#libc, this.#fd);
    if (drops === undefined || drops === this.#seen) return;
    this.#counters.drop("kernel-queue-full", (drops - this.#seen) >>> 0);
    this.#seen = drops;
  }
}
