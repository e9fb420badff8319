// The words of the device fleet.
import type { DtlsClient, ResumableSession } from "@coracle/dtls";

/** A CoAP message as far as a device looks at it. */
export interface CoapAnswer {
  /** `answer` carries a response; `ack` only confirms; `reset` refuses. */
  readonly kind: "answer" | "ack" | "reset";
  readonly messageId: number;
  readonly token: number;
  /** As `2.05`. */
  readonly code: string;
  /** The server wants an acknowledgement. */
  readonly confirmable: boolean;
}

/** Writes and reads CoAP (RFC 7252); the driver has a library for it. */
export interface CoapCodec {
  request(messageId: number, token: number): Uint8Array;
  acknowledge(messageId: number): Uint8Array;
  /** `undefined` for what is no message. */
  read(bytes: Uint8Array): CoapAnswer | undefined;
}

/** How requests are repeated (RFC 7252 §4.8). */
export interface CoapTiming {
  /** Confirmable requests are repeated until acknowledged; others never. */
  readonly confirmable: boolean;
  /** First wait, stretched by up to a half by chance, then doubled. */
  readonly ackTimeoutMs: number;
  /** Repetitions of a confirmable request. */
  readonly retransmissionsMax: number;
  /** How long a request that is not confirmable, or is acknowledged without an answer, may take. */
  readonly answerTimeoutMs: number;
}

/** Settings of a {@link Fleet}. */
export interface FleetOptions {
  readonly count: number;
  /** Handshakes begun per second. */
  readonly handshakeRate: number;
  /** A handshake that takes longer is given up and begun anew. */
  readonly handshakeTimeoutMs: number;
  /** Requests per second of all devices together; `undefined`: each device asks again as soon as it is answered. */
  readonly rate: number | undefined;
  /** Requests in all; `undefined`: until the end. */
  readonly requests: number | undefined;
  /** The run ends this long after its start at the latest. */
  readonly durationMs: number | undefined;
  /** A device sleeps for this long after {@link sleepAfter} requests; 0: never. */
  readonly sleepMs: number;
  readonly sleepAfter: number;
  /** A device connects anew after so many requests; 0: never. */
  readonly reconnectAfter: number;
  /** Connect anew by resuming the session. */
  readonly resume: boolean;
  /** Each device changes its address this often, evenly spread; `undefined`: never. */
  readonly rebindEveryMs: number | undefined;
  readonly coap: CoapTiming;
}

/** Makes a device's DTLS client, resuming if it has something to resume. */
export type MakeClient = (device: number, resume: ResumableSession | undefined) => DtlsClient;

/** First octet of the server's connection ID: its node, where nodes put their ids there; `undefined` without an ID. */
export type NodeOctet = number | undefined;

/** What a device did or needs; devices are numbered from 0. `node` is who had the session. */
export type FleetOutput =
  | { readonly kind: "send"; readonly device: number; readonly bytes: Uint8Array }
  /** Give the device another address. */
  | { readonly kind: "rebind"; readonly device: number }
  | {
      readonly kind: "established";
      readonly device: number;
      readonly tookMs: number;
      readonly isResumed: boolean;
      readonly node: NodeOctet;
    }
  | { readonly kind: "handshake-failed"; readonly device: number; readonly cause: string }
  | { readonly kind: "session-closed"; readonly device: number; readonly cause: string }
  | { readonly kind: "requested"; readonly device: number }
  | { readonly kind: "retransmitted"; readonly device: number; readonly node: NodeOctet }
  | {
      readonly kind: "answered";
      readonly device: number;
      readonly tookMs: number;
      readonly code: string;
      readonly node: NodeOctet;
    }
  | { readonly kind: "lost"; readonly device: number; readonly node: NodeOctet }
  /** A request was due and every device was busy. */
  | { readonly kind: "late" }
  | { readonly kind: "finished" };
