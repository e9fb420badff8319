// What both sides of a handshake share: flights with their timer (RFC 6347 §4.2.4), reassembly, transcript.
import { type Millis, millis } from "@coracle/base";
import { type HandshakeFragment, HandshakeType, type HandshakeMessage } from "../handshake/handshake-header.ts";
import { type FragmentOutcome, Reassembly, type ReassemblyLimits } from "../handshake/reassembly.ts";
import { Transcript } from "../handshake/transcript.ts";
import { type FlightItem, packFlight, type RecordSource } from "./flight.ts";
import { LastFlight } from "./last-flight.ts";
import type { RecordProtection } from "./record-protection.ts";

/** When a flight is sent again. */
export interface RetransmissionTiming {
  /** First wait; RFC 6347 says 1 s, RFC 7925 9 s for constrained devices. */
  readonly initialMs: number;
  /** Largest wait; each is twice the one before. */
  readonly capMs: number;
  /** Times a flight is sent again before the handshake is given up. */
  readonly countMax: number;
}

/** RFC 6347 §4.2.4.1: one second, doubling; given up after 63 s. */
export const RETRANSMISSION_TIMING: RetransmissionTiming = { initialMs: 1000, capMs: 60_000, countMax: 5 };

/** Datagrams from the third transmission on: the path may swallow larger ones. */
const CAUTIOUS_DATAGRAM_SIZE = 512;
const CAUTIOUS_FROM = 2;

/** A stateless server cannot put a hello together, so it is never cut for caution (RFC 6347 §4.2.1). */
function isClientHello(item: FlightItem): boolean {
  return item.kind === "message" && item.message.type === HandshakeType.clientHello;
}

/** Where a channel starts. */
export interface ChannelOptions {
  /** Sequence of its first handshake message. */
  readonly sendSequence: number;
  /** Sequence of the first message it expects. */
  readonly receiveSequence: number;
  /** Sequence number of its first record of epoch 0. */
  readonly plainSequence: number;
  readonly datagramSizeMax: number;
  readonly timing: RetransmissionTiming;
  readonly reassembly: ReassemblyLimits;
}

/** Flights out, messages in, and the transcript of both. */
export class HandshakeChannel implements RecordSource {
  plainSequence: number;
  protection: RecordProtection | undefined;
  transcript: Transcript = new Transcript();
  /** When the flight is due again, if an answer is awaited. */
  deadline: Millis | undefined;
  /** When the newest flight that was sent went out first. */
  flightSentAt: Millis | undefined;
  readonly #options: ChannelOptions;
  #reassembly: Reassembly;
  #sendSequence: number;
  #items: FlightItem[] = [];
  #isProtected = false;
  #transmissions = 0;
  #waitMs: number;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.plainSequence = options.plainSequence;
    this.#sendSequence = options.sendSequence;
    this.#reassembly = new Reassembly(options.receiveSequence, options.reassembly);
    this.#waitMs = options.timing.initialMs;
  }

  /** True once ChangeCipherSpec was put into a flight. */
  get sendsProtected(): boolean {
    return this.#isProtected;
  }

  /** Starts over the transcript, as a client does on HelloVerifyRequest. */
  forgetTranscript(): void {
    this.transcript = new Transcript();
  }

  /** Starts a new flight; the one before has been answered. */
  beginFlight(): void {
    this.#items = [];
    this.#transmissions = 0;
    this.#waitMs = this.#options.timing.initialMs;
    this.deadline = undefined;
  }

  /** Adds a message to the flight and the transcript. */
  send(type: number, body: Uint8Array): void {
    const message = { type, messageSequence: this.#sendSequence++, body };
    this.#items.push({ kind: "message", message, isProtected: this.#isProtected });
    this.transcript.add(message);
  }

  /** Adds ChangeCipherSpec; messages after it are protected. */
  sendChangeCipherSpec(): void {
    this.#items.push({ kind: "change-cipher-spec" });
    this.#isProtected = true;
  }

  /** The flight as datagrams; with `awaitsAnswer` the timer is armed. */
  transmit(now: Millis, awaitsAnswer: boolean): readonly Uint8Array[] {
    const cautious = this.#transmissions >= CAUTIOUS_FROM && !this.#items.some(isClientHello);
    if (this.#transmissions++ === 0) this.flightSentAt = now;
    if (awaitsAnswer) {
      this.deadline = millis(now + this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 2, this.#options.timing.capMs);
    }
    const sizeMax = this.#options.datagramSizeMax;
    return packFlight(this.#items, this, cautious ? Math.min(sizeMax, CAUTIOUS_DATAGRAM_SIZE) : sizeMax);
  }

  /** What has to be kept of a flight that nothing answers: the rest of the handshake may go. */
  lastFlight(sentAt: Millis, until: Millis): LastFlight {
    const { plainSequence, protection } = this;
    const { datagramSizeMax } = this.#options;
    return new LastFlight({ items: this.#items, plainSequence, protection, datagramSizeMax, sentAt, until });
  }

  /** True if the flight has been sent as often as allowed. */
  get isExhausted(): boolean {
    return this.#transmissions > this.#options.timing.countMax;
  }

  /** Takes a fragment from a record of `epoch`. */
  receive(fragment: HandshakeFragment, epoch: number): FragmentOutcome {
    return this.#reassembly.add(fragment, epoch);
  }

  /** The next whole message. HelloRequest is never part of the transcript, Finished and others add themselves. */
  take(): { readonly message: HandshakeMessage; readonly epoch: number } | undefined {
    return this.#reassembly.take();
  }

  /** Whether a message may come in `epoch`: Finished under the new keys, everything else before. */
  static isEpochRight(message: HandshakeMessage, epoch: number): boolean {
    return (message.type === HandshakeType.finished) === (epoch === 1);
  }
}
