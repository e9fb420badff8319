// A handshake in flight: feeds it records of both epochs, holds back what came too early, and tells what to do.
import { type Alert, parseAlert } from "../alert/alert.ts";
import { type HandshakeMessage, parseFragments } from "../handshake/handshake-header.ts";
import { ContentType } from "../record/content-type.ts";
import type { RecordHeader } from "../record/record-header.ts";
import { type CounterName, type Counters, REFUSAL_COUNTER } from "./counters.ts";
import type { HandshakeChannel } from "./handshake-channel.ts";
import type { HandshakeFailure, HandshakeResult, HandshakeStep } from "./handshake-context.ts";
import { PROTECTED_EPOCH } from "./record-protection.ts";

/** Records and contents held back while keys or the end of the handshake are awaited. */
const EARLY_RECORDS_MAX = 4;
const EARLY_SIZE_BYTES_MAX = 8192;

/** Either role of a handshake. */
export interface HandshakeRole {
  readonly channel: HandshakeChannel;
  handle(message: HandshakeMessage, epoch: number): HandshakeStep;
}

/** What came of the records fed since the last look. */
export interface RunProgress {
  sendsFlight: boolean;
  result: HandshakeResult | undefined;
  failure: HandshakeFailure | undefined;
  alert: Alert | undefined;
}

/** Application data that came before the handshake's end; deliver it behind `established`. */
export interface EarlyData {
  readonly content: Uint8Array;
  readonly isNewest: boolean;
}

/** Feeds one handshake. Drops are counted, never answered. */
export class HandshakeRun {
  readonly role: HandshakeRole;
  readonly earlyData: EarlyData[] = [];
  readonly #counters: Counters;
  readonly #heldBack: { readonly datagram: Uint8Array; readonly header: RecordHeader }[] = [];
  #earlySizeBytes = 0;
  #peerHasKeys = false;

  constructor(role: HandshakeRole, counters: Counters) {
    this.role = role;
    this.#counters = counters;
  }

  /** True once a record of the peer authenticated: from then on what it says is its own word. */
  get peerHasKeys(): boolean {
    return this.#peerHasKeys;
  }

  /** Takes the content of a handshake record of epoch 0. */
  plainHandshake(content: Uint8Array): RunProgress {
    const progress = noProgress();
    this.#count("recordsPlain");
    this.#feed(content, 0, progress);
    return progress;
  }

  /** Takes an alert of epoch 0: believed until the peer has shown that it has the keys to send a better one. */
  plainAlert(content: Uint8Array): RunProgress {
    const progress = noProgress();
    this.#count("recordsPlain");
    if (!this.#peerHasKeys) progress.alert = parseAlert(content);
    else this.#count("dropUnexpected");
    return progress;
  }

  /** Takes a ChangeCipherSpec: the epoch of a record says which keys it needs, so it says nothing more. */
  changeCipherSpec(): void {
    this.#count("recordsPlain");
  }

  /** Takes a record of epoch 1, or holds it back until there are keys. */
  protectedRecord(datagram: Uint8Array, header: RecordHeader): RunProgress {
    const progress = noProgress();
    this.#open(datagram, header, progress);
    return progress;
  }

  #open(datagram: Uint8Array, header: RecordHeader, progress: RunProgress): void {
    const { protection } = this.role.channel;
    if (protection === undefined) {
      this.#holdBack(datagram, header);
      return;
    }
    const outcome = protection.open(datagram, header);
    if (!outcome.ok) {
      this.#count(REFUSAL_COUNTER[outcome.cause]);
      return;
    }
    this.#count("recordsOpened");
    this.#peerHasKeys = true;
    if (outcome.type === ContentType.handshake) this.#feed(outcome.content, PROTECTED_EPOCH, progress);
    else if (outcome.type === ContentType.alert) progress.alert = parseAlert(outcome.content);
    else if (outcome.type === ContentType.applicationData) this.#keepEarly(outcome.content, outcome.isNewest);
    else this.#count("dropUnexpected");
  }

  #feed(content: Uint8Array, epoch: number, progress: RunProgress): void {
    const fragments = parseFragments(content);
    if (fragments === undefined) {
      this.#count("dropMalformed");
      return;
    }
    for (const fragment of fragments) {
      if (this.role.channel.receive(fragment, epoch) !== "kept") this.#count("dropFragment");
    }
    this.#takeMessages(progress);
    if (this.role.channel.protection === undefined || progress.failure !== undefined) return;
    for (const held of this.#heldBack.splice(0)) this.#open(held.datagram, held.header, progress);
  }

  #takeMessages(progress: RunProgress): void {
    for (let taken = this.role.channel.take(); taken !== undefined; taken = this.role.channel.take()) {
      const step = this.role.handle(taken.message, taken.epoch);
      switch (step.kind) {
        case "wait":
          break;
        case "flight":
          progress.sendsFlight = true;
          break;
        case "done":
          progress.sendsFlight = step.sendsFlight;
          progress.result = step.result;
          return;
        case "fail":
          progress.failure = step;
          return;
      }
    }
  }

  #holdBack(datagram: Uint8Array, header: RecordHeader): void {
    const size = header.end - header.start;
    if (!this.#claim(size, this.#heldBack.length)) return;
    this.#count("recordsHeldBack");
    const record = datagram.slice(header.start, header.end);
    const moved = { ...header, start: 0, payloadStart: header.payloadStart - header.start, end: size };
    this.#heldBack.push({ datagram: record, header: moved });
  }

  #keepEarly(content: Uint8Array, isNewest: boolean): void {
    if (this.#claim(content.length, this.earlyData.length)) this.earlyData.push({ content, isNewest });
  }

  #claim(sizeBytes: number, count: number): boolean {
    if (count >= EARLY_RECORDS_MAX || this.#earlySizeBytes + sizeBytes > EARLY_SIZE_BYTES_MAX) {
      this.#count("dropEarly");
      return false;
    }
    this.#earlySizeBytes += sizeBytes;
    return true;
  }

  #count(name: CounterName): void {
    this.#counters[name]++;
  }
}

function noProgress(): RunProgress {
  return { sendsFlight: false, result: undefined, failure: undefined, alert: undefined };
}
