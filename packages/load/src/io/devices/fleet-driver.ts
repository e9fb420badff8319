// Drives a fleet: sockets, one timer, and who is told what it did.
import type { Millis } from "@coracle/base";
import type { Logger } from "@coracle/lifecycle";
import { startTimer, systemClock, type Timer, type UdpAddress } from "@coracle/runtime";
import type { FleetOutput } from "../../core/devices/device-types.ts";
import type { Fleet, FleetInput } from "../../core/devices/fleet.ts";
import { DeviceSockets } from "./device-sockets.ts";

/** What a {@link FleetDriver} works with. */
export interface FleetDriverOptions {
  readonly fleet: Fleet;
  readonly count: number;
  readonly target: UdpAddress;
  readonly log: Logger;
  /** Told every output but datagrams. */
  readonly onOutput: (output: FleetOutput) => void;
}

const TIMER_MS_MIN = 1;
/** Failures to open a socket that are logged one by one. */
const ERRORS_LOGGED_MAX = 10;

/** Runs one fleet once. */
export class FleetDriver {
  readonly #options: FleetDriverOptions;
  readonly #sockets: DeviceSockets;
  readonly #finished = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  #timerAt: Millis | undefined;
  #socketErrors = 0;

  constructor(options: FleetDriverOptions) {
    this.#options = options;
    this.#sockets = new DeviceSockets({
      count: options.count,
      target: options.target,
      onDatagram: (device, bytes) => this.#tell({ kind: "datagram", device, bytes }),
      onError: (error) => this.#onSocketError(error),
    });
  }

  /** Datagrams that were not sent as there was no socket, and sockets that could not be opened. */
  get failures(): { readonly unsent: number; readonly sockets: number } {
    return { unsent: this.#sockets.dropped, sockets: this.#socketErrors };
  }

  /** Resolves when the fleet has finished. */
  async run(): Promise<void> {
    try {
      this.#tell({ kind: "start" });
      await this.#finished.promise;
    } finally {
      this.#timer?.cancel();
      this.#sockets.close();
    }
  }

  /** No more requests; what is under way may finish. */
  stop(): void {
    this.#tell({ kind: "stop" });
  }

  #tell(input: FleetInput): void {
    const { fleet, onOutput } = this.#options;
    fleet.handle(input, systemClock.now());
    for (let output = fleet.poll(); output !== undefined; output = fleet.poll()) {
      if (output.kind === "send") this.#sockets.send(output.device, output.bytes);
      else {
        if (output.kind === "rebind") this.#sockets.rebind(output.device);
        else if (output.kind === "finished") this.#finished.resolve();
        onOutput(output);
      }
    }
    this.#arm();
  }

  #arm(): void {
    const next = this.#options.fleet.nextTimeout();
    if (next === undefined || (this.#timerAt !== undefined && this.#timerAt <= next)) return;
    this.#timer?.cancel();
    this.#timerAt = next;
    this.#timer = startTimer(Math.max(TIMER_MS_MIN, next - systemClock.now()), () => {
      this.#timerAt = undefined;
      this.#tell({ kind: "timeout" });
    });
  }

  #onSocketError(error: unknown): void {
    this.#socketErrors++;
    if (this.#socketErrors <= ERRORS_LOGGED_MAX) this.#options.log.error("No socket for a device", { error });
  }
}
