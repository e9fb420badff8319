// Drives the termination machine: feeds it, carries out its outputs, arms its one timer. No decisions here.
import { type Clock, unreachable } from "@coracle/base";
import type { Timer } from "@coracle/runtime";
import type { Drain } from "../core/drain.ts";
import type { Admission, DrainInput, DrainOutput, RequestKind } from "../core/drain-types.ts";
import type { Logger } from "../log/logger.ts";

/** What the machine's outputs do outside. */
interface DrainActions {
  runPreShutdownHooks(): Promise<void>;
  goAway(): void;
  tellConnections(withinMs: number): Promise<void>;
  closeServers(graceMs: number): Promise<void>;
  runStopHooks(): Promise<void>;
  onEvent(output: Extract<DrainOutput, { kind: "event" }>): void;
  exit(code: number): void;
}

/** The parts a driver is made of. */
export interface DrainDriverOptions {
  readonly drain: Drain;
  readonly clock: Clock;
  readonly startTimer: (delayMs: number, fire: () => void) => Timer;
  readonly log: Logger;
  readonly actions: DrainActions;
}

/** One process's termination, running. */
export class DrainDriver {
  readonly #options: DrainDriverOptions;
  readonly #endings: Map<number, () => void> = new Map();
  #timer: Timer | undefined;

  constructor(options: DrainDriverOptions) {
    this.#options = options;
  }

  /** Tells the machine what happened. */
  send(input: DrainInput): void {
    this.#options.drain.handle(input, this.#options.clock.now());
    this.#pump();
  }

  /** Asks whether to serve a request; `end` is called when it is long-running and must end. */
  admit(kind: RequestKind, end: () => void): Admission {
    const { drain, clock } = this.#options;
    const admission = drain.admit(kind, clock.now());
    if (admission.kind === "admitted" && kind === "long-running") this.#endings.set(admission.id, end);
    if (drain.isShuttingDown) this.#pump();
    return admission;
  }

  /** A request is over. */
  release(id: number): void {
    this.#endings.delete(id);
    const { drain, clock } = this.#options;
    drain.handle({ kind: "request-ended", id }, clock.now());
    if (drain.isShuttingDown) this.#pump();
  }

  #pump(): void {
    const { drain, clock, startTimer } = this.#options;
    for (let output = drain.poll(); output !== undefined; output = drain.poll()) this.#carryOut(output);
    this.#timer?.cancel();
    this.#timer = undefined;
    const next = drain.nextTimeout();
    if (next === undefined) return;
    this.#timer = startTimer(Math.max(0, next - clock.now()), () => this.send({ kind: "timeout" }));
  }

  #carryOut(output: DrainOutput): void {
    const { actions, log } = this.#options;
    switch (output.kind) {
      case "event":
        return actions.onEvent(output);
      case "late-request":
        return log.warning("Request came late: the load balancer is slower than --shutdown-delay", {
          afterMs: Math.round(output.afterMs),
          lateCount: output.countSoFar,
        });
      case "run-pre-shutdown-hooks":
        return this.#then(actions.runPreShutdownHooks(), { kind: "pre-shutdown-hooks-finished" });
      case "go-away":
        return actions.goAway();
      case "end-long-running":
        for (const id of output.ids) this.#endings.get(id)?.();
        return;
      case "tell-connections":
        return this.#then(actions.tellConnections(output.withinMs), { kind: "connections-told" });
      case "close-servers":
        return this.#then(actions.closeServers(output.graceMs), { kind: "servers-closed" });
      case "run-stop-hooks":
        return this.#then(actions.runStopHooks(), { kind: "stop-hooks-finished" });
      case "exit":
        return actions.exit(output.code);
      default:
        unreachable(output);
    }
  }

  #then(work: Promise<void>, input: DrainInput): void {
    void work
      .catch((error: unknown) => {
        this.#options.log.error("Step of the termination failed", { step: input.kind, error });
      })
      .then(() => this.send(input));
  }
}
