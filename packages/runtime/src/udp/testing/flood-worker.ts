// A packet thread for the tests and benchmarks that sends as fast as it can to one port.
import type { PacketContext, PacketHandler } from "../threads/packet-handler.ts";
import { servePacketThread } from "../threads/serve-packet-thread.ts";

/** Datagrams sent before the thread looks at its other work. */
const BURST = 200;

/** What to send where. */
export interface FloodPlan {
  readonly port: number;
  /** Datagrams that the echo thread hands to its main thread, not ones that it answers. */
  readonly passUp: boolean;
}

class Flood implements PacketHandler {
  readonly #context: PacketContext;
  readonly #to: { address: Uint8Array; port: number };
  readonly #bytes: Uint8Array;

  constructor(context: PacketContext) {
    const { port, passUp } = context.data as FloodPlan;
    this.#context = context;
    this.#to = { address: Uint8Array.of(127, 0, 0, 1), port };
    this.#bytes = new Uint8Array(64).fill(passUp ? 1 : 100);
    this.#burst();
  }

  receive(): void {
    this.#burst();
  }

  tick(): void {
    this.#burst();
  }

  /** The last datagram goes to itself: its arrival starts the next burst. */
  #burst(): void {
    const socket = this.#context.sockets[0];
    if (socket === undefined) return;
    for (let index = 0; index < BURST; index++) socket.send(this.#bytes, 0, this.#bytes.length, this.#to);
    socket.send(this.#bytes, 0, 1, socket.local);
  }
}

servePacketThread((context) => new Flood(context));
