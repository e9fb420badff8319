// What a packet thread runs: a handler that sees batches, and what it is given.
import type { Millis } from "@coracle/base";
import type { ReceivedDatagram, UdpBatch, UdpEndpoint, UdpSocketOptions } from "../endpoint.ts";
import type { UdpPath } from "../path.ts";
import type { UdpError } from "../udp-error.ts";

/**
 * The packet path of one thread. All calls come from that thread and must not wait: on the native path its event loop does not
 * turn, so promises and timers do not go on. An exception ends the thread and is reported to the opener.
 */
export interface PacketHandler {
  /** A batch from the socket with this index. What it sends leaves when it returns. */
  receive(batch: UdpBatch, socket: number, now: Millis): void;
  /** A datagram that another thread handed over: the handler's own, with 32 writable bytes in front. */
  handedOver?(datagram: ReceivedDatagram, socket: number, now: Millis): void;
  /** A message that the main thread posted. `bytes` is the handler's own. */
  message?(kind: number, bytes: Uint8Array): void;
  /** A value that the main thread mailed, as the structured clone of it. */
  mail?(value: unknown): void;
  /** Called after each batch and before the thread sleeps: work that was put off. True if there is more: it does not sleep then. */
  work?(now: Millis): boolean;
  /** Called at least every `tickMs`, under load too. */
  tick?(now: Millis): void;
  /** The thread ends. On native sockets, datagrams sent now still leave. */
  close?(): void;
}

/** Makes the handler of a thread, once its sockets are bound. */
export type PacketHandlerFactory = (context: PacketContext) => PacketHandler | Promise<PacketHandler>;

/** What a handler is given. */
export interface PacketContext {
  /** This thread's number, from 0: the octet that steers to it. */
  readonly thread: number;
  /** How many threads share the sockets' ports. */
  readonly threads: number;
  readonly path: UdpPath;
  /** The sockets in the order of the options. */
  readonly sockets: readonly UdpEndpoint[];
  /** What the opener gave along; a structured clone. */
  readonly data: unknown;
  /** Posts `bytes[start, end)` to the main thread; kinds are below 65,536. False if its ring is full: counted, dropped. */
  post(kind: number, bytes: Uint8Array, start?: number, end?: number): boolean;
  /** Hands a datagram to the main thread: what is not the fast path. False if its ring is full: counted, dropped. */
  passUp(datagram: ReceivedDatagram, socket: number): boolean;
  /** Hands a datagram to another thread's handler. False if the ring between the two is full: counted, dropped. */
  handOver(thread: number, datagram: ReceivedDatagram, socket: number): boolean;
  /**
   * Opens one more socket, of this thread alone: `opened` hears its index and the endpoint, or why not; on the native path
   * before this returns. At most 61,440.
   */
  open(options: UdpSocketOptions, opened: (result: OpenedSocket | UdpError) => void): void;
  /** Closes a socket that {@link open} opened. */
  close(socket: number): void;
}

/** A socket of one thread. */
export interface OpenedSocket {
  readonly socket: number;
  readonly endpoint: UdpEndpoint;
}
