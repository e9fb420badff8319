// The loop of a packet thread on native sockets: wait, receive, handle, flush. It never returns to the event loop until it ends.
import { systemClock } from "../../clock.ts";
import type { UdpEndpoint, UdpSocketOptions } from "../endpoint.ts";
import { NativeSocket } from "../native/native-socket.ts";
import type { NativeMemory } from "../native/native-memory.ts";
import { Poller } from "../native/poller.ts";
import type { NativeSupport } from "../native/probe.ts";
import { ReceiveMemory } from "../native/receive-memory.ts";
import { attachSteering } from "../native/socket-options.ts";
import { UdpError } from "../udp-error.ts";
import { type SocketOpener, ThreadLink } from "./thread-link.ts";
import type { ThreadPlan, ThreadReport } from "./thread-plan.ts";

/** Batches taken from a socket before the others, the ring and the tick have their turn. */
const BATCHES_PER_TURN = 8;
/** Sockets looked at in a turn. */
const READY_MAX = 64;

/** A packet thread with native sockets. */
export class NativeThread implements SocketOpener {
  readonly link: ThreadLink;
  readonly #libc: Exclude<NativeSupport, { kind: "none" }>["libc"];
  readonly #batches: boolean;
  readonly #memory: ReceiveMemory;
  /** For sockets whose messages may be many datagrams, if there are any. */
  readonly #coalesced: ReceiveMemory | undefined;
  readonly #arenas: readonly NativeMemory[];
  readonly #poller: Poller;
  readonly #ready: Uint32Array = new Uint32Array(READY_MAX);
  readonly #dirty: NativeSocket[] = [];
  #nextTick = 0;

  constructor(
    plan: ThreadPlan,
    support: Exclude<NativeSupport, { kind: "none" }>,
    report: (report: ThreadReport) => void,
  ) {
    this.#libc = support.libc;
    this.#batches = support.kind === "batches" && plan.path.implementation === "native";
    this.#memory = new ReceiveMemory(support.libc, plan.sizes);
    // Without batch calls control data is not asked for either.
    this.#coalesced =
      this.#batches && plan.sockets.some(({ coalesce }) => coalesce === true)
        ? new ReceiveMemory(support.libc, { ...plan.sizes, coalesced: true })
        : undefined;
    this.#arenas = [this.#memory, this.#coalesced].flatMap((memory) => (memory === undefined ? [] : [memory.arena]));
    this.#poller = new Poller(support.libc);
    this.link = new ThreadLink(plan, this, report);
    this.link.serveWith({ ownFd: this.wakeFd, wake: (fd) => this.#poller.wakeOther(fd) });
  }

  get wakeFd(): number {
    return this.#poller.wakeFd;
  }

  /** Binds the planned sockets; throws `UdpError`. Where steering is refused the path has one thread from here on. */
  openAll(): void {
    const { plan } = this.link;
    for (const [index, options] of plan.sockets.entries()) {
      const socket = this.#bind(options, index, plan.path.threads > 1);
      this.link.attach(socket);
      if (plan.thread !== 0 || plan.path.threads === 1 || options.steering === undefined) continue;
      const refusal = attachSteering(this.#libc, socket.fd, options.steering);
      if (refusal === undefined) continue;
      const { path } = this.link;
      this.link.path = { ...path, threads: 1, isSteered: false, reasons: [...path.reasons, refusal] };
    }
  }

  /**
   * Serves until the stop word is set, or until there is mail: to take that the event loop has to turn, then this is to be
   * called again. What the handler throws comes out, with the sockets closed.
   */
  run(): "stopped" | "mail" {
    const { link } = this;
    let isBroken = true;
    try {
      while (!link.isStopped && !link.hasMail) this.#turn();
      isBroken = false;
    } finally {
      if (isBroken || link.isStopped) this.#end(isBroken);
    }
    return link.isStopped ? "stopped" : "mail";
  }

  /** Takes a value that was mailed, outside of {@link run}. */
  takeMail(value: unknown): void {
    this.link.takeMail(value);
    this.#flush();
  }

  /** Closes what was opened, instead of {@link run}. */
  abandon(): void {
    this.#end(true);
  }

  open(options: UdpSocketOptions, socket: number, opened: (result: UdpEndpoint | UdpError) => void): void {
    let result: UdpEndpoint | UdpError;
    try {
      result = this.#bind(options, socket, false);
    } catch (error) {
      if (!(error instanceof UdpError)) throw error;
      result = error;
    }
    opened(result);
  }

  closed(endpoint: UdpEndpoint): void {
    if (endpoint instanceof NativeSocket) this.#poller.remove(endpoint.fd);
  }

  #bind(options: UdpSocketOptions, index: number, shared: boolean): NativeSocket {
    const context = {
      libc: this.#libc,
      batches: this.#batches,
      memory: (options.coalesce === true ? this.#coalesced : undefined) ?? this.#memory,
      arenas: this.#arenas,
      sizes: this.link.plan.sizes,
      counters: this.link.counters(index),
      shared,
      onQueued: (queued: NativeSocket) => void this.#dirty.push(queued),
    };
    const socket = new NativeSocket(context, { ...options, coalesce: context.memory === this.#coalesced });
    this.#poller.add(socket.fd, index);
    return socket;
  }

  #turn(): void {
    const { link } = this;
    const { tickMs } = link.plan;
    const drained = link.drain();
    const isMore = link.handler.work?.(systemClock.now()) ?? false;
    this.#flush();
    // Asks for the bell before it sleeps; if something came meanwhile it only looks at the sockets.
    const waitMs = drained === 0 && !isMore && link.sleep() ? tickMs : 0;
    const ready = this.#poller.wait(waitMs, this.#ready);
    link.awake();
    for (let index = 0; index < ready; index++) this.#serve(this.#ready[index] ?? 0);
    const now = systemClock.now();
    if (now < this.#nextTick) return;
    this.#nextTick = now + tickMs;
    link.handler.tick?.(now);
    this.#flush();
    for (let index = 0; index < link.plan.sockets.length; index++) {
      const socket = link.sockets[index];
      if (socket instanceof NativeSocket) socket.readKernelDrops();
    }
  }

  #serve(index: number): void {
    const socket = this.link.sockets[index];
    // Closed by the handler of a socket served before it.
    if (!(socket instanceof NativeSocket)) return;
    const { memory } = socket;
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      const received = socket.receive();
      if (received === 0) return;
      if (memory.count > 0) this.link.handler.receive(memory, index, systemClock.now());
      this.#flush();
      if (received < memory.batchMax || this.link.sockets[index] !== socket) return;
    }
  }

  #end(isBroken: boolean): void {
    this.link.end(isBroken);
    this.#poller.close();
  }

  #flush(): void {
    for (const socket of this.#dirty) socket.flush();
    this.#dirty.length = 0;
  }
}
