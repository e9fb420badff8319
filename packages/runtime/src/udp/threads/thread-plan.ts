// What the main thread tells a packet thread at its start, and what it hears back.
import type { UdpAddress } from "../address.ts";
import type { BatchSizes, UdpSocketOptions } from "../endpoint.ts";
import type { UdpPath } from "../path.ts";
import type { UdpErrorCode } from "../udp-error.ts";

/** The start of a thread. */
export interface ThreadPlan {
  readonly kind: "coracle-packet-thread";
  readonly thread: number;
  readonly sockets: readonly UdpSocketOptions[];
  readonly sizes: BatchSizes;
  readonly tickMs: number;
  readonly data: unknown;
  readonly path: UdpPath;
  readonly toMain: SharedArrayBuffer;
  readonly fromMain: SharedArrayBuffer;
  /** One block of counters per socket, and one for the sockets the thread opens itself. */
  readonly counters: SharedArrayBuffer;
  /** Words of {@link ControlWord}. */
  readonly control: SharedArrayBuffer;
  readonly peers: ThreadPeers;
}

/** Words by which the main thread tells a thread that is in its loop. */
export const ControlWord = {
  /** Not 0 ends the thread. */
  stop: 0,
  /** How many values were mailed: to take one the thread leaves its loop. */
  mailed: 1,
  count: 2,
} as const;

/** What threads need to hand datagrams to each other. */
export interface ThreadPeers {
  /** Rings to this thread, by the number of the writer; its own is not used. */
  readonly inboxes: readonly SharedArrayBuffer[];
  /** Rings from this thread, by the number of the reader. */
  readonly outboxes: readonly SharedArrayBuffer[];
  /** The wake fd of each thread as a 32-bit word; 0 until it serves. */
  readonly wakeFds: SharedArrayBuffer;
}

/** What a thread posts; everything else goes through the rings. */
export type ThreadReport =
  | {
      readonly kind: "ready";
      readonly locals: readonly UdpAddress[];
      /** To be written to for waking it; −1 where a message wakes it. */
      readonly wakeFd: number;
      /** The path as it came out: without steering there is one thread. */
      readonly path: UdpPath;
    }
  | { readonly kind: "failed"; readonly code: UdpErrorCode; readonly message: string }
  /** There is something in the ring. */
  | { readonly kind: "bell" }
  | { readonly kind: "closed" };

/** A value for the handler, posted to the worker. */
export interface ThreadMail {
  readonly kind: "coracle-mail";
  readonly value: unknown;
}

/** Kinds of messages that users choose are below. */
export const USER_KINDS = 0x1_0000;
/** To a thread: send this datagram. */
export const KIND_SEND: number = USER_KINDS + 1;
/** To the main thread: a datagram that is not for the fast path. */
export const KIND_DATAGRAM: number = USER_KINDS + 2;
/** To another thread: a datagram that is that one's. */
export const KIND_HAND_OVER: number = USER_KINDS + 3;

/** Messages taken from a ring before anything else has its turn. */
export const MESSAGES_PER_TURN = 256;
/** Sockets that one thread may open besides the planned ones. */
export const OPENED_SOCKETS_MAX = 61_440;
