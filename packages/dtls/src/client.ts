// A DTLS 1.2 client with one server as a machine without I/O: datagrams in; datagrams, data and events out.
import { type Machine, type Millis, millis, TimerTable } from "@coracle/base";
import { type AlertName, alertName, encodeAlert, endsHandshake } from "./alert/alert.ts";
import { ClientHandshake } from "./client/client-handshake.ts";
import { type DtlsClientOptions, type ResolvedClientOptions, resolveClientOptions } from "./client/client-options.ts";
import { CipherPool } from "./connection/cipher-pool.ts";
import { type Counters, makeCounters, REFUSAL_COUNTER } from "./connection/counters.ts";
import { plainRecord } from "./connection/flight.ts";
import type { HandshakeResult } from "./connection/handshake-context.ts";
import { HandshakeRun, type RunProgress } from "./connection/handshake-run.ts";
import { OutputQueue } from "./connection/output-queue.ts";
import type { CloseCause, DtlsOutput, PeerAddress, SessionId } from "./connection/outputs.ts";
import { PROTECTED_EPOCH } from "./connection/record-protection.ts";
import {
  applyRecord,
  onSessionDeadline,
  repeatLastFlight,
  sendAlert,
  sendRecord,
  type SessionEnvironment,
} from "./connection/session-records.ts";
import { Session } from "./connection/session.ts";
import { summarize } from "./connection/summary.ts";
import { ContentType } from "./record/content-type.ts";
import { type CidSizeAt, parseRecordHeader, type RecordHeader } from "./record/record-header.ts";
import { DATAGRAM_RECORDS_MAX } from "./record/record-walk.ts";
import { saveSession, type SessionState } from "./session/session-state.ts";

/** A client has one session. */
const SESSION_ID = 1 as SessionId;

/** What a driver tells a client. The peer of a datagram is the server's address, however it is written. */
export type DtlsClientInput =
  | { readonly kind: "connect"; readonly peer: PeerAddress }
  | { readonly kind: "datagram"; readonly peer: PeerAddress; readonly bytes: Uint8Array }
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "close" }
  | { readonly kind: "timeout" };

/** Where a client stands. */
type State =
  | { readonly kind: "idle" }
  | {
      readonly kind: "handshake";
      readonly peer: PeerAddress;
      readonly role: ClientHandshake;
      readonly run: HandshakeRun;
    }
  | { readonly kind: "established"; readonly session: Session }
  | { readonly kind: "closed" };

/** Makes one handshake and keeps one session. For another one make another client, resuming if wanted. */
export class DtlsClient implements Machine<DtlsClientInput, DtlsOutput> {
  /** Live numbers; read only. */
  readonly counters: Counters = makeCounters();
  readonly #options: ResolvedClientOptions;
  readonly #environment: SessionEnvironment;
  readonly #outputs: OutputQueue = new OutputQueue();
  readonly #timers: TimerTable<"flight" | "session"> = new TimerTable();
  #state: State = { kind: "idle" };
  #ownCid: Uint8Array = new Uint8Array(0);
  readonly #cidSizeAt: CidSizeAt;

  constructor(options: DtlsClientOptions) {
    this.#options = resolveClientOptions(options);
    this.#cidSizeAt = (datagram, offset) => this.#sizeOfOwnCid(datagram, offset);
    this.#environment = {
      ...this.#options,
      // A client is told where its server is; it does not follow it.
      addressUpdate: "never",
      needsPathCheck: () => true,
      counters: this.counters,
      emit: (output) => this.#outputs.push(output),
      end: (session, cause, alert) => this.#end(session, cause, alert),
      reschedule: (session) => this.#arm("session", session.deadline),
    };
  }

  handle(input: DtlsClientInput, now: Millis): void {
    switch (input.kind) {
      case "connect":
        this.#connect(input.peer, now);
        return;
      case "datagram":
        this.#onDatagram(input.peer, input.bytes, now);
        return;
      case "send":
        this.#send(input.bytes);
        return;
      case "close":
        this.#close();
        return;
      case "timeout":
        this.#onTimeout(now);
        return;
    }
  }

  poll(): DtlsOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    return this.#timers.next();
  }

  /** The state of the session as plain data; `undefined` before there is one. From here only `leasedRecords` more are sent. */
  export(leasedRecords = 0): SessionState | undefined {
    return this.#state.kind === "established" ? saveSession(this.#state.session, leasedRecords) : undefined;
  }

  #connect(peer: PeerAddress, now: Millis): void {
    if (this.#state.kind !== "idle") return;
    const { extraKeySizeBytes, reassembly } = this.#options;
    const context = { ...this.#options, pool: new CipherPool(1), extraKeySizeBytes, reassembly };
    const role = new ClientHandshake(context);
    const step = role.start();
    if (step.kind === "fail") {
      this.#state = { kind: "closed" };
      const { alert, reason } = step;
      this.#outputs.push({ kind: "handshake-failed", peer, cause: "local", alert, reason });
      return;
    }
    this.#ownCid = role.ownCid;
    this.#state = { kind: "handshake", peer, role, run: new HandshakeRun(role, this.counters) };
    this.counters.handshakesStarted++;
    this.#sendFlight(role, peer, now);
  }

  #onDatagram(peer: PeerAddress, bytes: Uint8Array, now: Millis): void {
    this.counters.datagramsReceived++;
    for (let count = 0, start = 0; count < DATAGRAM_RECORDS_MAX; count++) {
      const header = parseRecordHeader(bytes, start, this.#cidSizeAt);
      if (header === undefined) {
        this.counters.dropMalformed++;
        return;
      }
      this.#onRecord(peer, bytes, header, now);
      start = header.end;
      if (start === bytes.length) return;
    }
    this.counters.dropTooManyRecords++;
  }

  #onRecord(peer: PeerAddress, bytes: Uint8Array, header: RecordHeader, now: Millis): void {
    const state = this.#state;
    if (header.epoch > PROTECTED_EPOCH || (header.type === ContentType.tls12Cid && header.epoch === 0)) {
      this.counters.dropBadEpoch++;
    } else if (state.kind === "handshake") {
      this.#onHandshakeRecord(state, bytes, header, now);
    } else if (state.kind === "established" && header.epoch === PROTECTED_EPOCH) {
      const outcome = state.session.protection.open(bytes, header);
      if (!outcome.ok) this.counters[REFUSAL_COUNTER[outcome.cause]]++;
      else applyRecord(this.#environment, state.session, outcome, { peer, sizeBytes: header.end - header.start, now });
    } else if (state.kind === "established" && header.type === ContentType.handshake) {
      // The server repeats its flight: it did not get our last one.
      repeatLastFlight(this.#environment, state.session, now);
    } else {
      this.counters.dropUnexpected++;
    }
  }

  #onHandshakeRecord(
    state: Extract<State, { kind: "handshake" }>,
    bytes: Uint8Array,
    header: RecordHeader,
    now: Millis,
  ): void {
    const content = bytes.subarray(header.payloadStart, header.end);
    if (header.epoch === PROTECTED_EPOCH) this.#advance(state, state.run.protectedRecord(bytes, header), now);
    else if (header.type === ContentType.handshake) this.#advance(state, state.run.plainHandshake(content), now);
    else if (header.type === ContentType.alert) this.#advance(state, state.run.plainAlert(content), now);
    else if (header.type === ContentType.changeCipherSpec) state.run.changeCipherSpec();
    else this.counters.dropUnexpected++;
  }

  #advance(state: Extract<State, { kind: "handshake" }>, progress: RunProgress, now: Millis): void {
    const { role, peer } = state;
    if (progress.failure !== undefined) {
      const { alert, reason } = progress.failure;
      this.#sendHandshakeAlert(role, peer, alert);
      this.#fail(peer, "alert-sent", alert, reason);
    } else if (endsHandshake(progress.alert)) {
      this.counters.alertsReceived++;
      this.#fail(peer, "alert-received", alertName(progress.alert.description), "the server refused");
    } else if (progress.result !== undefined) {
      this.#establish(state, progress.result, progress.sendsFlight, now);
    } else if (progress.sendsFlight) {
      this.#sendFlight(role, peer, now);
    }
  }

  #establish(
    state: Extract<State, { kind: "handshake" }>,
    result: HandshakeResult,
    sendsFlight: boolean,
    now: Millis,
  ): void {
    const { role, peer, run } = state;
    const session = new Session({ ...result, id: SESSION_ID, peer, now });
    this.#state = { kind: "established", session };
    this.#timers.clear("flight");
    this.counters.handshakesCompleted++;
    if (result.isResumed) this.counters.handshakesResumed++;
    if (sendsFlight) {
      for (const bytes of role.channel.transmit(now, false)) this.#outputs.push({ kind: "send", peer, bytes });
      const until = millis(now + this.#options.lastFlightMs);
      session.lastFlight = role.channel.lastFlight(now, until);
      this.#arm("session", session.deadline);
    }
    const { extraKeys, resumable } = result;
    const summary = summarize(result);
    this.#outputs.push({ kind: "established", session: SESSION_ID, peer, summary, extraKeys, resumable });
    for (const { content, isNewest } of run.earlyData) {
      this.#outputs.push({ kind: "data", session: SESSION_ID, peer, bytes: content, isNewest });
    }
  }

  #sendFlight(role: ClientHandshake, peer: PeerAddress, now: Millis): void {
    for (const bytes of role.channel.transmit(now, true)) this.#outputs.push({ kind: "send", peer, bytes });
    this.#arm("flight", role.channel.deadline);
  }

  /** Under the new keys once our side has switched to them, in the clear before. */
  #sendHandshakeAlert(role: ClientHandshake, peer: PeerAddress, alert: AlertName): void {
    const { channel } = role;
    const content = encodeAlert(alert);
    const bytes =
      channel.protection !== undefined && channel.sendsProtected
        ? channel.protection.seal(ContentType.alert, content)
        : plainRecord(channel, ContentType.alert, content);
    this.counters.alertsSent++;
    this.#outputs.push({ kind: "send", peer, bytes });
  }

  #fail(
    peer: PeerAddress,
    cause: "timeout" | "alert-sent" | "alert-received" | "local",
    alert: AlertName | undefined,
    reason: string,
  ): void {
    if (this.#state.kind === "handshake") this.#state.role.channel.protection?.release();
    this.#state = { kind: "closed" };
    this.#timers.clear("flight");
    this.counters.handshakesFailed++;
    this.#outputs.push({ kind: "handshake-failed", peer, cause, alert, reason });
  }

  #send(bytes: Uint8Array): void {
    if (this.#state.kind !== "established") {
      this.#outputs.push({ kind: "refused", session: undefined, cause: "not-established" });
      return;
    }
    const { session } = this.#state;
    const outcome = sendRecord(this.#environment, session, ContentType.applicationData, bytes);
    if (outcome === "sent" || outcome === "held") return;
    this.#outputs.push({ kind: "refused", session: SESSION_ID, cause: outcome });
    if (outcome === "sequence-exhausted") this.#end(session, "sequence-exhausted", undefined);
  }

  #close(): void {
    const state = this.#state;
    if (state.kind === "established") {
      sendAlert(this.#environment, state.session, "closeNotify");
      this.#end(state.session, "local", undefined);
    } else if (state.kind === "handshake") {
      // The second is what lets the server forget the handshake at once (RFC 5246 §7.2.2).
      for (const alert of ["userCanceled", "closeNotify"] as const) {
        this.#sendHandshakeAlert(state.role, state.peer, alert);
      }
      this.#fail(state.peer, "local", "userCanceled", "closed before it was established");
    } else {
      this.#state = { kind: "closed" };
    }
  }

  #onTimeout(now: Millis): void {
    for (let due = this.#timers.expire(now); due !== undefined; due = this.#timers.expire(now)) {
      const state = this.#state;
      if (due === "session" && state.kind === "established") onSessionDeadline(this.#environment, state.session, now);
      if (due === "flight" && state.kind === "handshake") this.#onFlightTimeout(state, now);
    }
  }

  #onFlightTimeout(state: Extract<State, { kind: "handshake" }>, now: Millis): void {
    if (state.role.channel.isExhausted) {
      this.#fail(state.peer, "timeout", undefined, "the server does not answer");
      return;
    }
    this.counters.flightsRepeated++;
    this.#sendFlight(state.role, state.peer, now);
  }

  #end(session: Session, cause: CloseCause, alert: AlertName | undefined): void {
    this.#state = { kind: "closed" };
    this.#timers.clear("session");
    session.protection.release();
    this.#outputs.push({ kind: "closed", session: SESSION_ID, cause, alert });
  }

  #arm(timer: "flight" | "session", at: Millis | undefined): void {
    if (at === undefined) this.#timers.clear(timer);
    else this.#timers.set(timer, at);
  }

  /** The one ID that can be meant is ours. */
  #sizeOfOwnCid(datagram: Uint8Array, offset: number): number {
    const { length } = this.#ownCid;
    if (length === 0) return -1;
    return this.#ownCid.every((byte, index) => datagram[offset + index] === byte) ? length : -1;
  }
}
