// One device: a DTLS session that is made anew when it ends, and one CoAP request at a time (RFC 7252 §4.7, NSTART 1).
import { type Millis, millis, type Random } from "@coracle/base";
import type { DtlsClient, DtlsOutput, ResumableSession } from "@coracle/dtls";
import type { CoapAnswer, CoapCodec, CoapTiming, FleetOutput, MakeClient, NodeOctet } from "./device-types.ts";

/** What all devices of a fleet share. */
export interface DeviceContext {
  readonly makeClient: MakeClient;
  readonly codec: CoapCodec;
  readonly timing: CoapTiming;
  readonly resume: boolean;
  /** A handshake that takes longer is given up. */
  readonly handshakeTimeoutMs: number;
  readonly random: Random;
  readonly emit: (output: FleetOutput) => void;
}

/** A request that waits for its answer. */
interface Exchange {
  readonly bytes: Uint8Array;
  readonly messageId: number;
  readonly token: number;
  readonly startedAt: Millis;
  transmissions: number;
  timeoutMs: number;
  deadline: Millis;
  isAcknowledged: boolean;
}

const SERVER = "server";
const RANDOM_FACTOR = 0.5;

/** Connects, asks, repeats, gives up. A request that was under way when the session ended is sent again in the next one. */
export class Device {
  readonly index: number;
  readonly #context: DeviceContext;
  #client: DtlsClient | undefined;
  #connectedAt: Millis = millis(0);
  #isEstablished = false;
  #resumable: ResumableSession | undefined;
  #exchange: Exchange | undefined;
  #messageId: number;
  #token = 0;
  /** Of the newest session. */
  #node: NodeOctet;

  constructor(index: number, context: DeviceContext) {
    this.index = index;
    this.#context = context;
    this.#messageId = context.random.uint32() & 0xffff;
  }

  get isEstablished(): boolean {
    return this.#isEstablished;
  }

  get isConnecting(): boolean {
    return this.#client !== undefined && !this.#isEstablished;
  }

  get isBusy(): boolean {
    return this.#exchange !== undefined;
  }

  /** Begins a handshake; an old session is ended with a close_notify. */
  connect(now: Millis): void {
    this.close(now);
    this.#client = this.#context.makeClient(this.index, this.#context.resume ? this.#resumable : undefined);
    this.#connectedAt = now;
    this.#client.handle({ kind: "connect", peer: SERVER }, now);
    this.#drain(now);
  }

  /** Begins a request. It must be established and not busy. */
  request(now: Millis): void {
    const { codec, timing, random } = this.#context;
    this.#messageId = (this.#messageId + 1) & 0xffff;
    this.#token = (this.#token + 1) >>> 0;
    const timeoutMs = timing.confirmable
      ? timing.ackTimeoutMs * (1 + RANDOM_FACTOR * random.next())
      : timing.answerTimeoutMs;
    this.#exchange = {
      bytes: codec.request(this.#messageId, this.#token),
      messageId: this.#messageId,
      token: this.#token,
      startedAt: now,
      transmissions: 1,
      timeoutMs,
      deadline: millis(now + timeoutMs),
      isAcknowledged: false,
    };
    this.#context.emit({ kind: "requested", device: this.index });
    this.#send(this.#exchange.bytes, now);
  }

  /** Takes a datagram; the array is the device's to keep. */
  receive(bytes: Uint8Array, now: Millis): void {
    this.#client?.handle({ kind: "datagram", peer: SERVER, bytes }, now);
    this.#drain(now);
  }

  timeout(now: Millis): void {
    if ((this.#client?.nextTimeout() ?? Number.POSITIVE_INFINITY) <= now) {
      this.#client?.handle({ kind: "timeout" }, now);
      this.#drain(now);
    }
    if (this.isConnecting && this.#connectDeadline <= now) this.#giveUpHandshake(now);
    const exchange = this.#exchange;
    if (exchange !== undefined && exchange.deadline <= now) this.#onSilence(exchange, now);
  }

  /** Ends the session, if there is one. */
  close(now: Millis): void {
    const client = this.#client;
    if (client === undefined) return;
    this.#client = undefined;
    this.#isEstablished = false;
    client.handle({ kind: "close" }, now);
    for (let output = client.poll(); output !== undefined; output = client.poll()) {
      if (output.kind === "send") this.#context.emit({ kind: "send", device: this.index, bytes: output.bytes });
    }
  }

  nextTimeout(): Millis | undefined {
    const client = this.#client?.nextTimeout() ?? Number.POSITIVE_INFINITY;
    const connect = this.isConnecting ? this.#connectDeadline : Number.POSITIVE_INFINITY;
    const request = this.#exchange?.deadline ?? Number.POSITIVE_INFINITY;
    const next = Math.min(client, connect, request);
    return next === Number.POSITIVE_INFINITY ? undefined : millis(next);
  }

  get #connectDeadline(): Millis {
    return millis(this.#connectedAt + this.#context.handshakeTimeoutMs);
  }

  /** One that was moved half way through has little hope: its server does not know the new address. */
  #giveUpHandshake(now: Millis): void {
    this.close(now);
    this.#resumable = undefined;
    this.#context.emit({ kind: "handshake-failed", device: this.index, cause: "timeout" });
  }

  #send(bytes: Uint8Array, now: Millis): void {
    if (!this.#isEstablished) return;
    this.#client?.handle({ kind: "send", bytes }, now);
    this.#drain(now);
  }

  #onSilence(exchange: Exchange, now: Millis): void {
    const { timing, emit } = this.#context;
    const isOver = exchange.isAcknowledged || !timing.confirmable;
    if (isOver || exchange.transmissions > timing.retransmissionsMax) {
      this.#exchange = undefined;
      emit({ kind: "lost", device: this.index, node: this.#node });
      return;
    }
    exchange.transmissions++;
    exchange.timeoutMs *= 2;
    exchange.deadline = millis(now + exchange.timeoutMs);
    if (this.#isEstablished) emit({ kind: "retransmitted", device: this.index, node: this.#node });
    this.#send(exchange.bytes, now);
  }

  #drain(now: Millis): void {
    const client = this.#client;
    if (client === undefined) return;
    for (let output = client.poll(); output !== undefined; output = client.poll()) this.#obey(output, now);
  }

  #obey(output: DtlsOutput, now: Millis): void {
    const { emit } = this.#context;
    const device = this.index;
    switch (output.kind) {
      case "send":
        return emit({ kind: "send", device, bytes: output.bytes });
      case "established": {
        this.#isEstablished = true;
        this.#resumable = output.resumable;
        const { isResumed, peerCid } = output.summary;
        this.#node = peerCid[0];
        emit({ kind: "established", device, tookMs: now - this.#connectedAt, isResumed, node: this.#node });
        if (this.#exchange !== undefined) this.#send(this.#exchange.bytes, now);
        return;
      }
      case "data":
        return this.#onMessage(output.bytes, now);
      case "closed":
        this.#client = undefined;
        this.#isEstablished = false;
        // What a fatal alert ended must not be resumed (RFC 5246 §7.2.2).
        if (output.cause === "fatal-alert") this.#resumable = undefined;
        return emit({ kind: "session-closed", device, cause: output.cause });
      case "handshake-failed":
        this.#client = undefined;
        // What could not be resumed is not tried again.
        this.#resumable = undefined;
        return emit({ kind: "handshake-failed", device, cause: output.alert ?? output.cause });
      case "address":
      case "refused":
        return;
    }
  }

  #onMessage(bytes: Uint8Array, now: Millis): void {
    const answer = this.#context.codec.read(bytes);
    if (answer === undefined) return;
    if (answer.kind === "answer" && answer.confirmable)
      this.#send(this.#context.codec.acknowledge(answer.messageId), now);
    const exchange = this.#exchange;
    if (exchange !== undefined) this.#onAnswer(exchange, answer, now);
  }

  #onAnswer(exchange: Exchange, answer: CoapAnswer, now: Millis): void {
    if (answer.kind === "answer") {
      if (answer.token === exchange.token) this.#onAnswered(exchange, answer.code, now);
      return;
    }
    if (answer.messageId !== exchange.messageId) return;
    if (answer.kind === "reset") return this.#onAnswered(exchange, "reset", now);
    exchange.isAcknowledged = true;
    exchange.deadline = millis(now + this.#context.timing.answerTimeoutMs);
  }

  #onAnswered(exchange: Exchange, code: string, now: Millis): void {
    this.#exchange = undefined;
    const tookMs = now - exchange.startedAt;
    this.#context.emit({ kind: "answered", device: this.index, tookMs, code, node: this.#node });
  }
}
