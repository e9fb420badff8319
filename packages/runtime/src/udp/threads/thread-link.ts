// A packet thread's ends of the rings, and the context its handler sees. The same for native and for runtimes' sockets.
import { assert } from "@coracle/base";
import { UdpCounters, COUNTER_SLOTS, COUNTERS_SIZE_BYTES } from "../counters.ts";
import type { ReceivedDatagram, UdpEndpoint, UdpSocketOptions } from "../endpoint.ts";
import type { UdpPath } from "../path.ts";
import { UdpError } from "../udp-error.ts";
import { postAddressed, postBytes, readAddressed } from "./addressed-message.ts";
import type { OpenedSocket, PacketContext, PacketHandler } from "./packet-handler.ts";
import { PeerRings, type WakeLine } from "./peer-rings.ts";
import {
  ControlWord,
  KIND_DATAGRAM,
  KIND_SEND,
  MESSAGES_PER_TURN,
  OPENED_SOCKETS_MAX,
  type ThreadPlan,
  type ThreadReport,
  USER_KINDS,
} from "./thread-plan.ts";
import { ThreadRing } from "./thread-ring.ts";

/** How the thread opens and closes sockets of its own. */
export interface SocketOpener {
  open(options: UdpSocketOptions, socket: number, opened: (result: UdpEndpoint | UdpError) => void): void;
  closed(endpoint: UdpEndpoint): void;
}

/** The context, the sockets by index, and the rings of one thread. */
export class ThreadLink implements PacketContext {
  readonly thread: number;
  readonly data: unknown;
  readonly plan: ThreadPlan;
  readonly fromMain: ThreadRing;
  path: UdpPath;
  handler: PacketHandler = { receive: () => undefined };
  readonly #sockets: (UdpEndpoint | undefined)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #toMain: ThreadRing;
  readonly #control: Int32Array;
  readonly #peers: PeerRings;
  readonly #opener: SocketOpener;
  readonly #report: (report: ThreadReport) => void;
  #mailTaken = 0;

  constructor(plan: ThreadPlan, opener: SocketOpener, report: (report: ThreadReport) => void) {
    this.plan = plan;
    this.thread = plan.thread;
    this.data = plan.data;
    this.path = plan.path;
    this.fromMain = new ThreadRing(plan.fromMain);
    this.#toMain = new ThreadRing(plan.toMain);
    this.#control = new Int32Array(plan.control);
    this.#peers = new PeerRings(plan);
    this.#opener = opener;
    this.#report = report;
  }

  get threads(): number {
    return this.path.threads;
  }

  get sockets(): readonly UdpEndpoint[] {
    return this.#sockets as readonly UdpEndpoint[];
  }

  get isStopped(): boolean {
    return Atomics.load(this.#control, ControlWord.stop) !== 0;
  }

  /** True while a value that was mailed has not been taken. */
  get hasMail(): boolean {
    return Atomics.load(this.#control, ControlWord.mailed) > this.#mailTaken;
  }

  /** Takes a value that was mailed. */
  takeMail(value: unknown): void {
    this.#mailTaken++;
    this.handler.mail?.(value);
  }

  /** Says how the other threads wake this one. */
  serveWith(wake: WakeLine | undefined): void {
    this.#peers.serveWith(wake);
  }

  /** Asks everyone who posts to wake this thread. False if something has been posted already: then do not sleep. */
  sleep(): boolean {
    return this.fromMain.sleep() && this.#peers.sleep();
  }

  /** No longer asleep. */
  awake(): void {
    this.fromMain.awake();
    this.#peers.awake();
  }

  /** Takes the next planned socket. */
  attach(endpoint: UdpEndpoint): void {
    this.#sockets.push(endpoint);
  }

  /** Counters of the socket with this index, in memory that the main thread reads; those opened later share one block. */
  counters(socket: number): UdpCounters {
    const block = Math.min(socket, this.plan.sockets.length);
    return new UdpCounters(new Float64Array(this.plan.counters, block * COUNTERS_SIZE_BYTES, COUNTER_SLOTS));
  }

  post(kind: number, bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    assert(kind >= 0 && kind < USER_KINDS, `Cannot post a message of kind ${kind}: kinds are below ${USER_KINDS}`);
    return this.#posted(postBytes(this.#toMain, kind, { bytes, start, end }));
  }

  passUp(datagram: ReceivedDatagram, socket: number): boolean {
    return this.#posted(postAddressed(this.#toMain, KIND_DATAGRAM, datagram, { socket, peer: datagram.source }));
  }

  handOver(thread: number, datagram: ReceivedDatagram, socket: number): boolean {
    return this.#peers.post(thread, datagram, socket);
  }

  open(options: UdpSocketOptions, opened: (result: OpenedSocket | UdpError) => void): void {
    const socket = this.#freeIndexes.pop() ?? this.#sockets.length;
    if (socket >= this.plan.sockets.length + OPENED_SOCKETS_MAX) {
      opened(
        new UdpError("FAILED", `Cannot open more than ${OPENED_SOCKETS_MAX} sockets: ${this.#sockets.length} exist`),
      );
      return;
    }
    // The place is taken now, so that another open does not get it while this one is under way.
    this.#sockets[socket] = undefined;
    this.#opener.open(options, socket, (result) => {
      if (result instanceof UdpError) {
        this.#freeIndexes.push(socket);
        opened(result);
        return;
      }
      this.#sockets[socket] = result;
      opened({ socket, endpoint: result });
    });
  }

  close(socket: number): void {
    const endpoint = this.#sockets[socket];
    const isOwn = socket >= this.plan.sockets.length && endpoint !== undefined;
    assert(isOwn, `Cannot close socket ${socket}: the thread did not open it`);
    this.#sockets[socket] = undefined;
    this.#freeIndexes.push(socket);
    this.#opener.closed(endpoint);
    endpoint.close();
  }

  /** Acts on some of what the main thread and other threads posted; answers how much that was. */
  drain(): number {
    return this.#drainMain() + this.#peers.drain(this.handler);
  }

  #drainMain(): number {
    return this.fromMain.drain(MESSAGES_PER_TURN, (kind, bytes) => {
      if (kind === KIND_SEND) {
        const { socket, datagram } = readAddressed(bytes);
        this.#sockets[socket]?.send(datagram.bytes, datagram.start, datagram.end, datagram.source);
      } else {
        this.handler.message?.(kind, bytes);
      }
    });
  }

  /** Closes all sockets, once a handler that did not break has said its last. */
  end(isBroken: boolean): void {
    if (!isBroken) this.handler.close?.();
    for (const endpoint of this.#sockets) endpoint?.close();
  }

  #posted(outcome: "full" | "posted" | "wake"): boolean {
    if (outcome === "wake") this.#report({ kind: "bell" });
    return outcome !== "full";
  }
}
