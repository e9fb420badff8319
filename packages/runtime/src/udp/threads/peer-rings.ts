// The rings between packet threads: a datagram that the kernel gave to the wrong one goes to the right one.
import { assert } from "@coracle/base";
import { systemClock } from "../../clock.ts";
import type { ReceivedDatagram } from "../endpoint.ts";
import { postAddressed, readAddressed } from "./addressed-message.ts";
import type { PacketHandler } from "./packet-handler.ts";
import { KIND_HAND_OVER, MESSAGES_PER_TURN, type ThreadPlan } from "./thread-plan.ts";
import { ThreadRing } from "./thread-ring.ts";

/** How threads that sleep in a system call are woken. */
export interface WakeLine {
  /** What wakes this thread. */
  readonly ownFd: number;
  wake(fd: number): void;
}

/** One thread's ends of the rings to and from all others. */
export class PeerRings {
  readonly #thread: number;
  readonly #inboxes: readonly ThreadRing[];
  readonly #outboxes: readonly (ThreadRing | undefined)[];
  readonly #wakeFds: Int32Array;
  #wake: WakeLine | undefined;

  constructor({ thread, peers }: ThreadPlan) {
    this.#thread = thread;
    this.#inboxes = peers.inboxes.filter((_, writer) => writer !== thread).map((memory) => new ThreadRing(memory));
    this.#outboxes = peers.outboxes.map((memory, reader) => (reader === thread ? undefined : new ThreadRing(memory)));
    this.#wakeFds = new Int32Array(peers.wakeFds);
  }

  serveWith(wake: WakeLine | undefined): void {
    this.#wake = wake;
    Atomics.store(this.#wakeFds, this.#thread, wake?.ownFd ?? 0);
  }

  /** False if there is no room: counted, dropped. */
  post(thread: number, datagram: ReceivedDatagram, socket: number): boolean {
    const ring = this.#outboxes[thread];
    assert(ring !== undefined, `Cannot hand a datagram to packet thread ${thread}: this is ${this.#thread}`);
    const outcome = postAddressed(ring, KIND_HAND_OVER, datagram, { socket, peer: datagram.source });
    if (outcome === "wake") this.#wake?.wake(Atomics.load(this.#wakeFds, thread));
    return outcome !== "full";
  }

  /** Takes what others handed over; answers how much that was. */
  drain(handler: PacketHandler): number {
    let taken = 0;
    for (const ring of this.#inboxes) {
      taken += ring.drain(MESSAGES_PER_TURN, (_kind, bytes) => {
        const { socket, datagram } = readAddressed(bytes);
        handler.handedOver?.(datagram, socket, systemClock.now());
      });
    }
    return taken;
  }

  /** False if something has been posted already. */
  sleep(): boolean {
    return this.#inboxes.every((ring) => ring.sleep());
  }

  awake(): void {
    for (const ring of this.#inboxes) ring.awake();
  }
}
