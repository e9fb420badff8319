// The handshakes of a server: the gate, the budget, the table, and what becomes of each (RFC 6347 §4.2).
import { type Millis, millis } from "@coracle/base";
import { type AlertName, alertName, encodeAlert, endsHandshake } from "../alert/alert.ts";
import type { CidKey } from "../cid/cid-key.ts";
import type { Counters } from "../connection/counters.ts";
import type { DeadlineQueue } from "../connection/deadline-queue.ts";
import { plainRecord } from "../connection/flight.ts";
import type { Credentials, HandshakeResult } from "../connection/handshake-context.ts";
import { HandshakeRun, type RunProgress } from "../connection/handshake-run.ts";
import type { DtlsOutput, PeerAddress } from "../connection/outputs.ts";
import type { Session } from "../connection/session.ts";
import type { HandshakeFragment } from "../handshake/handshake-header.ts";
import { ContentType } from "../record/content-type.ts";
import type { RecordHeader } from "../record/record-header.ts";
import { HandshakeBudget } from "./handshake-budget.ts";
import { checkHello } from "./hello-gate.ts";
import { type PendingHandshake, PendingTable } from "./pending-handshake.ts";
import { RecentHellos } from "./recent-hellos.ts";
import { RotatingCookieJar } from "./rotating-cookie-jar.ts";
import type { ServerHandshakeContext } from "./server-context.ts";
import { type HelloArrival, ServerHandshake } from "./server-handshake.ts";
import { negotiate } from "./server-negotiation.ts";
import type { ResolvedServerOptions } from "./server-options.ts";

const NO_CID: Uint8Array = new Uint8Array(0);

/** One datagram being worked on. */
export interface Arrived {
  readonly peer: PeerAddress;
  readonly bytes: Uint8Array;
  readonly now: Millis;
}

/** What the handshakes need of the server around them. */
export interface HandshakesOwner {
  readonly options: ResolvedServerOptions;
  readonly context: ServerHandshakeContext;
  readonly counters: Counters;
  readonly deadlines: DeadlineQueue<PendingHandshake | Session>;
  emit(output: DtlsOutput): void;
  /** Makes room for one more session if it can; `pendingCount` handshakes may become sessions too. */
  makeRoom(pendingCount: number, now: Millis): boolean;
  /** A handshake is done and its session may begin. */
  establish(pending: PendingHandshake, result: HandshakeResult, last: { sendsFlight: boolean; now: Millis }): void;
}

/** Every handshake in flight. */
export class ServerHandshakes {
  readonly table: PendingTable = new PendingTable();
  readonly #owner: HandshakesOwner;
  readonly #budget: HandshakeBudget;
  readonly #ownCookies: RotatingCookieJar;
  readonly #recent: RecentHellos;
  /** False: hellos are dropped. */
  isAccepting = true;
  #context: ServerHandshakeContext;

  constructor(owner: HandshakesOwner) {
    const { crypto, random, limits } = owner.options;
    this.#owner = owner;
    this.#context = owner.context;
    this.#budget = new HandshakeBudget(limits.handshakeRate);
    this.#ownCookies = new RotatingCookieJar(crypto, random);
    this.#recent = new RecentHellos(limits.handshakesMax);
  }

  /** Handshakes that have begun keep the context they began with. */
  replaceCredentials(credentials: Credentials | undefined): void {
    this.#context = { ...this.#context, credentials };
  }

  byCid(key: CidKey): PendingHandshake | undefined {
    return this.table.byCid(key);
  }

  /** Takes the first fragment of a plain record that is a ClientHello. */
  onClientHello(arrived: Arrived, header: RecordHeader, fragment: HandshakeFragment): void {
    const { peer, now } = arrived;
    const { counters, options } = this.#owner;
    if (!this.isAccepting) {
      counters.dropNotAccepting++;
      return;
    }
    this.#ownCookies.rotate(now);
    const source = { peer, recordSequence: header.sequence, recordSizeBytes: header.end - header.start };
    const verdict = checkHello(options.cookies ?? this.#ownCookies, counters, source, fragment);
    if (verdict.kind === "dropped") return;
    if (verdict.kind === "answer") {
      this.#owner.emit({ kind: "send", peer, bytes: verdict.bytes });
      return;
    }
    const arrival = { hello: verdict.hello, message: verdict.message, recordSequence: header.sequence };
    const pending = this.table.byPeer(peer);
    const isRunning = pending !== undefined && sameBytes(pending.handshake.clientRandom, arrival.hello.random);
    if (isRunning || this.#recent.has(peer, arrival.hello.random, now)) {
      // Its timer repeats the flight; a repeated hello must not start anything twice.
      counters.dropRepeatedHello++;
    } else if (this.#hasRoom(pending !== undefined, now)) {
      if (pending !== undefined) this.#fail(pending, "replaced", undefined, "the client began anew");
      this.#begin(peer, arrival, now);
    }
  }

  /** Takes any other plain handshake record of a peer with a handshake in flight. */
  onPlainHandshake(pending: PendingHandshake, content: Uint8Array, now: Millis): void {
    this.#advance(pending, pending.run.plainHandshake(content), now);
  }

  onPlainAlert(pending: PendingHandshake, content: Uint8Array, now: Millis): void {
    this.#advance(pending, pending.run.plainAlert(content), now);
  }

  onProtectedRecord(pending: PendingHandshake, arrived: Arrived, header: RecordHeader): void {
    this.#advance(pending, pending.run.protectedRecord(arrived.bytes, header), arrived.now);
  }

  /** Repeats a flight, or gives the handshake up. */
  onDeadline(pending: PendingHandshake, now: Millis): void {
    const { channel } = pending.handshake;
    if (now >= pending.giveUpAt || channel.isExhausted) {
      this.#fail(pending, "timeout", undefined, "the client stopped answering");
      return;
    }
    this.#owner.counters.flightsRepeated++;
    this.#sendFlight(pending, now);
  }

  /** Takes a handshake out of the table. */
  remove(pending: PendingHandshake): void {
    this.table.remove(pending);
    this.#owner.deadlines.set(pending, undefined);
  }

  #hasRoom(replaces: boolean, now: Millis): boolean {
    const { counters, options } = this.#owner;
    if (!replaces && this.table.size >= options.limits.handshakesMax) {
      counters.dropHandshakesFull++;
      return false;
    }
    if (!this.#budget.take(now)) {
      counters.dropHandshakeBudget++;
      return false;
    }
    return this.#owner.makeRoom(this.table.size - (replaces ? 1 : 0), now);
  }

  #begin(peer: PeerAddress, arrival: HelloArrival, now: Millis): void {
    const { counters, options } = this.#owner;
    const context = this.#context;
    counters.handshakesStarted++;
    const choice = negotiate(context, arrival.hello, now);
    if (choice.kind === "fail") {
      this.#refuse(peer, arrival, choice.alert, choice.reason);
      return;
    }
    if (arrival.hello.sessionId.length > 0 && choice.resumes === undefined) counters.resumptionsRefused++;
    const ownCid = choice.peerCid === undefined ? NO_CID : context.claimCid();
    if (ownCid === undefined) {
      this.#refuse(peer, arrival, "internalError", "no free connection ID was found");
      return;
    }
    const handshake = new ServerHandshake(context, arrival, choice, ownCid);
    const step = handshake.start();
    if (step.kind === "fail") {
      this.#refuse(peer, arrival, step.alert, step.reason);
      return;
    }
    const run = new HandshakeRun(handshake, counters);
    const giveUpAt = millis(now + options.limits.handshakeMs);
    const pending: PendingHandshake = { kind: "pending", peer, handshake, run, giveUpAt, dueAt: undefined };
    this.table.add(pending);
    this.#sendFlight(pending, now);
  }

  /** Answers a verified hello with an alert and keeps nothing. */
  #refuse(peer: PeerAddress, arrival: HelloArrival, alert: AlertName, reason: string): void {
    const { counters } = this.#owner;
    const source = { plainSequence: arrival.recordSequence, protection: undefined };
    const bytes = plainRecord(source, ContentType.alert, encodeAlert(alert));
    counters.handshakesFailed++;
    counters.alertsSent++;
    this.#owner.emit({ kind: "send", peer, bytes });
    this.#owner.emit({ kind: "handshake-failed", peer, cause: "alert-sent", alert, reason });
  }

  #sendFlight(pending: PendingHandshake, now: Millis): void {
    const { channel } = pending.handshake;
    for (const bytes of channel.transmit(now, true)) this.#owner.emit({ kind: "send", peer: pending.peer, bytes });
    const dueAt = millis(Math.min(channel.deadline ?? pending.giveUpAt, pending.giveUpAt));
    this.#owner.deadlines.set(pending, dueAt);
  }

  #advance(pending: PendingHandshake, progress: RunProgress, now: Millis): void {
    if (progress.failure !== undefined) {
      const { alert, reason } = progress.failure;
      this.#sendAlert(pending, alert);
      this.#fail(pending, "alert-sent", alert, reason);
    } else if (endsHandshake(progress.alert)) {
      this.#owner.counters.alertsReceived++;
      this.#fail(pending, "alert-received", alertName(progress.alert.description), "the client gave up");
    } else if (progress.result !== undefined) {
      this.remove(pending);
      this.#recent.remember(pending.peer, pending.handshake.clientRandom, now);
      this.#owner.establish(pending, progress.result, { sendsFlight: progress.sendsFlight, now });
    } else if (progress.sendsFlight) {
      this.#sendFlight(pending, now);
    }
  }

  /** Under the new keys once our side has switched to them, in the clear before. */
  #sendAlert(pending: PendingHandshake, alert: AlertName): void {
    const { channel } = pending.handshake;
    const content = encodeAlert(alert);
    const bytes =
      channel.protection !== undefined && channel.sendsProtected
        ? channel.protection.seal(ContentType.alert, content)
        : plainRecord(channel, ContentType.alert, content);
    this.#owner.counters.alertsSent++;
    this.#owner.emit({ kind: "send", peer: pending.peer, bytes });
  }

  #fail(
    pending: PendingHandshake,
    cause: "timeout" | "alert-sent" | "alert-received" | "replaced",
    alert: AlertName | undefined,
    reason: string,
  ): void {
    this.remove(pending);
    pending.handshake.channel.protection?.release();
    // Only its own peer can make us forget a session to resume: ids are sent in the clear, so others know them.
    const { resumes } = pending.handshake;
    const isFatal = cause === "alert-sent" || (cause === "alert-received" && alert !== "closeNotify");
    if (isFatal && resumes !== undefined && pending.run.peerHasKeys) {
      this.#context.sessions?.forget(resumes.ticket);
    }
    this.#owner.counters.handshakesFailed++;
    this.#owner.emit({ kind: "handshake-failed", peer: pending.peer, cause, alert, reason });
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
