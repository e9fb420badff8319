// Running packet threads: posting to them, sending from their sockets, reading their counters.
import { assert } from "@coracle/base";
import type { UdpAddress } from "../address.ts";
import { addUdpStats, type UdpStats } from "../counters.ts";
import type { UdpEndpoint } from "../endpoint.ts";
import type { UdpPath } from "../path.ts";
import type { PacketThread } from "./packet-thread.ts";
import { USER_KINDS } from "./thread-plan.ts";

/** The packet threads of a process. */
export class PacketThreads {
  /** Which way the datagrams take. */
  readonly path: UdpPath;
  /**
   * The sockets as this thread can use them, in the order of the options: `send` goes out through thread 0, so from the same
   * port; `stats` are those of all threads.
   */
  readonly sockets: readonly UdpEndpoint[];
  readonly #threads: readonly PacketThread[];

  constructor(threads: readonly PacketThread[], path: UdpPath, locals: readonly UdpAddress[]) {
    this.#threads = threads;
    this.path = path;
    this.sockets = locals.map((local, socket) => this.#socket(local, socket));
  }

  /** Posts `bytes` to the handler of a thread; kinds are below 65,536. False if its ring is full: counted, dropped. */
  post(thread: number, kind: number, bytes: Uint8Array): boolean {
    const target = this.#threads[thread];
    assert(target !== undefined, `Cannot post to packet thread ${thread}: there are ${this.#threads.length}`);
    assert(kind >= 0 && kind < USER_KINDS, `Cannot post a message of kind ${kind}: kinds are below ${USER_KINDS}`);
    return target.post(kind, { bytes, start: 0, end: bytes.length });
  }

  /**
   * Hands a structured clone of `value` to the handler of every thread: for what is too large for a ring, or is memory to share. A
   * thread leaves its loop to take it, so not for every day.
   */
  mail(value: unknown): void {
    for (const thread of this.#threads) thread.mail(value);
  }

  /** Counts of the sockets that the handlers opened themselves, added up. */
  openedStats(): UdpStats {
    return this.#statsOf(this.sockets.length);
  }

  /** Messages and datagrams that did not fit the rings. */
  ringDrops(): { readonly toMain: number; readonly toThreads: number; readonly between: number } {
    const drops = this.#threads.map((thread) => thread.ringDrops());
    const sum = (of: (drop: (typeof drops)[number]) => number): number =>
      drops.reduce((all, drop) => all + of(drop), 0);
    return {
      toMain: sum(({ fromThread }) => fromThread),
      toThreads: sum(({ toThread }) => toThread),
      between: sum(({ toPeers }) => toPeers),
    };
  }

  /** Ends all threads. What handlers on native sockets send in their `close` still leaves. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #socket(local: UdpAddress, socket: number): UdpEndpoint {
    const [first] = this.#threads;
    assert(first !== undefined, "Cannot use the sockets of no packet thread");
    return {
      local,
      send: (bytes, start, end, to) => first.send(socket, { bytes, start, end }, to),
      flush: () => undefined,
      stats: () => this.#statsOf(socket),
      close: () => assert(false, "Cannot close one socket of packet threads: close the threads"),
    };
  }

  #statsOf(socket: number): UdpStats {
    return addUdpStats(this.#threads.map((thread) => thread.stats(socket)));
  }
}
