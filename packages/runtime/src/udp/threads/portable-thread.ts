// A packet thread on the runtime's own sockets: its event loop turns, but it is not the main thread's.
import { startInterval, startTimer, systemClock } from "../../clock.ts";
import type { UdpEndpoint, UdpSocketOptions } from "../endpoint.ts";
import { openUdpEndpoint } from "../open-endpoint.ts";
import { UdpError } from "../udp-error.ts";
import { type SocketOpener, ThreadLink } from "./thread-link.ts";
import type { ThreadPlan, ThreadReport } from "./thread-plan.ts";

/** A packet thread with sockets of the runtime. */
export class PortableThread implements SocketOpener {
  readonly link: ThreadLink;
  readonly #fail: (error: unknown) => void;
  #tick: { cancel(): void } | undefined;
  #work: { cancel(): void } | undefined;
  #isOver = false;

  /** `fail` hears what the handler throws; the sockets are closed then. */
  constructor(plan: ThreadPlan, report: (report: ThreadReport) => void, fail: (error: unknown) => void) {
    this.link = new ThreadLink(plan, this, report);
    this.#fail = fail;
  }

  /** Binds the planned sockets; throws `UdpError`. */
  async openAll(): Promise<void> {
    for (const [index, options] of this.link.plan.sockets.entries()) this.link.attach(await this.#bind(options, index));
  }

  /** Serves from now on. */
  run(): void {
    this.#tick = startInterval(this.link.plan.tickMs, () =>
      this.#guarded(() => this.link.handler.tick?.(systemClock.now())),
    );
    this.wake();
  }

  /** Closes what was opened, instead of {@link run}. */
  abandon(): void {
    this.#end(true);
  }

  /** The main thread rang: takes what it posted. True if it said to end: then that is done. */
  wake(): boolean {
    if (this.#isOver) return false;
    const { link } = this;
    this.#guarded(() => {
      do {
        link.awake();
        while (link.drain() > 0);
      } while (!link.sleep());
    });
    this.#workOn();
    if (!link.isStopped || this.#isOver) return false;
    this.#guarded(() => this.#end(false));
    return true;
  }

  /** Takes a value that was mailed. */
  takeMail(value: unknown): void {
    this.#guarded(() => this.link.takeMail(value));
  }

  open(options: UdpSocketOptions, socket: number, opened: (result: UdpEndpoint | UdpError) => void): void {
    this.#bind(options, socket).then(opened, (error: unknown) => {
      if (!(error instanceof UdpError)) throw error;
      opened(error);
    });
  }

  closed(): void {
    // Its endpoint is closed; there is nothing else to let go.
  }

  async #bind(options: UdpSocketOptions, index: number): Promise<UdpEndpoint> {
    const { link } = this;
    const { endpoint } = await openUdpEndpoint({
      ...options,
      sizes: link.plan.sizes,
      counters: link.counters(index),
      implementation: link.plan.path.implementation,
      onBatch: (batch) => {
        this.#guarded(() => link.handler.receive(batch, index, systemClock.now()));
        this.#workOn();
      },
    });
    return endpoint;
  }

  /** Lets the handler do what it put off, with turns of the event loop in between. */
  #workOn(): void {
    if (this.#work !== undefined) return;
    let isMore = false;
    this.#guarded(() => (isMore = this.link.handler.work?.(systemClock.now()) ?? false));
    if (!isMore) return;
    this.#work = startTimer(0, () => {
      this.#work = undefined;
      this.#workOn();
    });
  }

  /** Runtimes do all kinds of things with what a socket's callback throws. */
  #guarded(act: () => void): void {
    if (this.#isOver) return;
    try {
      act();
    } catch (error) {
      this.#end(true);
      this.#fail(error);
    }
  }

  #end(isBroken: boolean): void {
    this.#isOver = true;
    this.#tick?.cancel();
    this.#work?.cancel();
    this.link.end(isBroken);
  }
}
