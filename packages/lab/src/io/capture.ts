// Frames of one device as they pass, kept for a test to look at: bounded, oldest out first.
import { Ring } from "@coracle/base";
import { openRawSocket, type RawSocket, startInterval, type Timer } from "@coracle/runtime";

const FRAMES_MAX = 10_000;
const FRAMES_PER_TURN_MAX = 2000;
const PERIOD_MS = 5;

/** A running capture of both directions of a device. */
export class Capture {
  readonly #socket: RawSocket;
  readonly #frames: Ring<Uint8Array>;
  readonly #timer: Timer;
  #dropped = 0;

  private constructor(socket: RawSocket, framesMax: number) {
    this.#socket = socket;
    this.#frames = new Ring(framesMax);
    this.#timer = startInterval(PERIOD_MS, () => this.#read());
  }

  /** Captures from now on, keeping the last `framesMax` frames. Throws `RawSocketError` if the device or the namespace is not there. */
  static async start(namespace: string, device: string, framesMax: number = FRAMES_MAX): Promise<Capture> {
    return new Capture(await openRawSocket({ kind: "packet", namespace, device }), framesMax);
  }

  /** Frames that passed and were too many to keep. */
  get dropped(): number {
    return this.#dropped;
  }

  /** All frames kept since the start or the last call, oldest first; empties the store. */
  take(): Uint8Array[] {
    this.#read();
    const frames: Uint8Array[] = [];
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) frames.push(frame);
    return frames;
  }

  /** Sends a whole Ethernet frame out of the device, whatever its addresses say. */
  send(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  close(): void {
    this.#timer.cancel();
    this.#socket.close();
  }

  #read(): void {
    for (let count = 0; count < FRAMES_PER_TURN_MAX; count++) {
      const frame = this.#socket.receive();
      if (frame === undefined) return;
      if (this.#frames.full) {
        this.#frames.shift();
        this.#dropped++;
      }
      this.#frames.push(frame);
    }
  }
}
