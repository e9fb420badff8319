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
  /** One word: not 0 ends the thread. */
  readonly stop: SharedArrayBuffer;
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

/** Kinds of messages that users choose are below. */
export const USER_KINDS = 0x1_0000;
/** To a thread: send this datagram. */
export const KIND_SEND: number = USER_KINDS + 1;
/** To the main thread: a datagram that is not for the fast path. */
export const KIND_DATAGRAM: number = USER_KINDS + 2;

/** Messages taken from a ring before anything else has its turn. */
export const MESSAGES_PER_TURN = 256;
/** Sockets that one thread may open besides the planned ones. */
export const OPENED_SOCKETS_MAX = 4096;
