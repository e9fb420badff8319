// A native socket on a thread with an event loop: looked at by a timer. Slower than a packet thread, but it works where the
// runtime's own sockets do not: Bun's spin without recvmmsg, Deno's need a flag.
import { startTimer, type Timer } from "../../clock.ts";
import type { UdpAddress } from "../address.ts";
import type { UdpStats } from "../counters.ts";
import type { UdpEndpoint } from "../endpoint.ts";
import type { PortableOptions } from "../portable/portable-options.ts";
import type { Libc } from "./libc.ts";
import { NativeSocket } from "./native-socket.ts";
import { ReceiveMemory } from "./receive-memory.ts";

/** How long an idle socket is left alone. */
const POLL_MS = 1;
/** Batches taken before timers and other sockets have their turn. */
const BATCHES_PER_TURN = 4;

/** Opens the socket and looks at it until it is closed. */
export function openPolledEndpoint(libc: Libc, batches: boolean, options: PortableOptions): UdpEndpoint {
  return new PolledEndpoint(libc, batches, options);
}

class PolledEndpoint implements UdpEndpoint {
  readonly local: UdpAddress;
  readonly #socket: NativeSocket;
  readonly #memory: ReceiveMemory;
  readonly #options: PortableOptions;
  #timer: Timer | undefined;
  #isReceiving = false;
  #isSoon = false;

  constructor(libc: Libc, batches: boolean, options: PortableOptions) {
    const { sizes, counters, socket } = options;
    this.#options = options;
    this.#memory = new ReceiveMemory(libc, sizes);
    this.#socket = new NativeSocket({ libc, batches, memory: this.#memory, sizes, counters }, socket);
    this.local = this.#socket.local;
    this.#arm(POLL_MS);
  }

  send(bytes: Uint8Array, start: number, end: number, to: UdpAddress): boolean {
    const sent = this.#socket.send(bytes, start, end, to);
    // Outside a batch nothing else would flush soon.
    if (sent && !this.#isReceiving) this.#arm(0);
    return sent;
  }

  flush(): void {
    this.#socket.flush();
  }

  stats(): UdpStats {
    return this.#socket.stats();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#socket.close();
  }

  /** Busy sockets are looked at in each turn of the loop, which serves timers in between; idle ones now and then. */
  #arm(delayMs: number): void {
    if (delayMs > 0) {
      this.#timer = startTimer(delayMs, () => this.#turn());
      return;
    }
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#timer?.cancel();
    const next = setImmediate(() => this.#turn());
    this.#timer = { cancel: () => clearImmediate(next) };
  }

  #turn(): void {
    this.#isSoon = false;
    this.#socket.flush();
    let received = 0;
    this.#isReceiving = true;
    try {
      for (let batch = 0; batch < BATCHES_PER_TURN && this.#timer !== undefined; batch++) {
        received = this.#socket.receive();
        if (received === 0) break;
        if (this.#memory.count > 0) this.#options.onBatch(this.#memory, this);
        this.#socket.flush();
      }
    } finally {
      // Also when the receiver threw: the next batch may be better.
      this.#isReceiving = false;
      if (this.#timer !== undefined) this.#arm(received > 0 ? 0 : POLL_MS);
    }
  }
}
