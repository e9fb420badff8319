// Gives the machine its events, answers and time, and carries out its calls.
import type { Clock } from "@coracle/base";
import type { Timer } from "@coracle/runtime";
import type { ApiAnswer, ApiCall } from "../core/api-call.ts";
import type { IpamInput, IpamMachine } from "../core/ipam-machine.ts";
import type { ApiPort } from "./api-port.ts";

/** What a driver needs. */
export interface MachineDriverOptions {
  readonly machine: IpamMachine;
  readonly port: ApiPort;
  readonly clock: Clock;
  readonly startTimer: (delayMs: number, fire: () => void) => Timer;
  /** Aborts running calls. */
  readonly signal: AbortSignal;
  /** Told each call when it is answered. */
  readonly onCall: (call: ApiCall, answer: ApiAnswer, durationMs: number) => void;
}

/** Longest wait for one timer; the machine is asked again after it. */
const TIMER_MS_MAX = 3_600_000;

/** One machine, one timer, as many calls under way as the machine has workers. */
export class MachineDriver {
  readonly #options: MachineDriverOptions;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: MachineDriverOptions) {
    this.#options = options;
  }

  give(input: IpamInput): void {
    const { machine, clock, signal } = this.#options;
    if (signal.aborted) return;
    machine.handle(input, clock.now());
    for (let call = machine.poll(clock.now()); call !== undefined; call = machine.poll(clock.now())) {
      const { queue, id } = call;
      void this.#carryOut(call.call).then((answer) => this.give({ kind: "answer", queue, id, answer }));
    }
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #carryOut(call: ApiCall): Promise<ApiAnswer> {
    const { port, clock, signal, onCall } = this.#options;
    const startedAt = clock.now();
    const answer = await port(call, signal);
    onCall(call, answer, clock.now() - startedAt);
    return answer;
  }

  #arm(): void {
    const { machine, clock, startTimer } = this.#options;
    const timeout = machine.nextTimeout() ?? Number.POSITIVE_INFINITY;
    if (timeout === this.#timerAt) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = timeout;
    if (timeout === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.max(timeout - clock.now(), 0), TIMER_MS_MAX);
    this.#timer = startTimer(delayMs, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.give({ kind: "timeout" });
    });
  }
}
