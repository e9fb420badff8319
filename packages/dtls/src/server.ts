// A DTLS 1.2 server for many peers as one machine without I/O: datagrams in; datagrams, data and events out.
import { type Machine, type Millis, millis } from "@coracle/base";
import type { AlertName } from "./alert/alert.ts";
import { cidKey } from "./cid/cid-key.ts";
import { CipherPool } from "./connection/cipher-pool.ts";
import { type Counters, makeCounters, REFUSAL_COUNTER } from "./connection/counters.ts";
import { DeadlineQueue } from "./connection/deadline-queue.ts";
import type { Credentials, HandshakeResult } from "./connection/handshake-context.ts";
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
import { HandshakeType, parseFragments } from "./handshake/handshake-header.ts";
import { ContentType } from "./record/content-type.ts";
import { type CidSizeAt, parseRecordHeader, RECORD_CID_OFFSET, type RecordHeader } from "./record/record-header.ts";
import { DATAGRAM_RECORDS_MAX } from "./record/record-walk.ts";
import type { PendingHandshake } from "./server/pending-handshake.ts";
import { type Arrived, ServerHandshakes } from "./server/server-handshakes.ts";
import { type DtlsServerOptions, type ResolvedServerOptions, resolveServerOptions } from "./server/server-options.ts";
import { describeSession, type SessionDescription } from "./server/session-description.ts";
import type { ServerHandshake } from "./server/server-handshake.ts";
import { SessionTable } from "./server/session-table.ts";
import { restoreProtection, saveSession, type SessionState } from "./session/session-state.ts";
import type { SessionTicket } from "./session/session-store.ts";

/** Attempts to draw a connection ID that no session has. */
const CID_ATTEMPTS_MAX = 10;
/** Deadlines served by one call; what is left keeps `nextTimeout` in the past. */
const EXPIRIES_PER_CALL = 256;
/** Without connection IDs a record of type 25 cannot be ours. */
const NO_CID_SIZE: CidSizeAt = () => -1;

/** What a driver tells a server. */
export type DtlsServerInput =
  | { readonly kind: "datagram"; readonly peer: PeerAddress; readonly bytes: Uint8Array }
  | { readonly kind: "send"; readonly session: SessionId; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly session: SessionId }
  /** Takes over a session saved elsewhere; answered by `established` or `refused`. */
  | { readonly kind: "import"; readonly state: SessionState }
  | { readonly kind: "timeout" };

/** Keeps a handshake for each peer that proved its address and a session for each that finished one. */
export class DtlsServer implements Machine<DtlsServerInput, DtlsOutput> {
  /** Live numbers; read only. */
  readonly counters: Counters = makeCounters();
  readonly #options: ResolvedServerOptions;
  readonly #pool: CipherPool;
  readonly #environment: SessionEnvironment;
  readonly #handshakes: ServerHandshakes;
  readonly #outputs: OutputQueue = new OutputQueue();
  readonly #sessions: SessionTable = new SessionTable();
  readonly #deadlines: DeadlineQueue<PendingHandshake | Session> = new DeadlineQueue();
  readonly #cidSizeAt: CidSizeAt;
  #nextSessionId = 1;

  constructor(options: DtlsServerOptions) {
    const resolved = resolveServerOptions(options);
    const { limits } = resolved;
    this.#options = resolved;
    this.#pool = new CipherPool(limits.warmSessionsMax);
    this.#cidSizeAt = resolved.cids?.sizeAt ?? NO_CID_SIZE;
    this.#environment = {
      ...resolved,
      // A server has one address: whatever reaches it came by the right path.
      prefersPath: () => true,
      counters: this.counters,
      emit: (output) => this.#outputs.push(output),
      end: (session, cause, alert) => this.#end(session, cause, alert),
      reschedule: (session) => this.#deadlines.set(session, session.deadline),
    };
    this.#handshakes = new ServerHandshakes({
      options: resolved,
      context: {
        ...resolved,
        pool: this.#pool,
        reassembly: limits.reassembly,
        claimCid: () => this.#claimCid(),
      },
      counters: this.counters,
      deadlines: this.#deadlines,
      emit: (output) => this.#outputs.push(output),
      makeRoom: (pendingCount, now) => this.#makeRoom(pendingCount, now),
      establish: (pending, result, last) => this.#establish(pending, result, last),
    });
  }

  /** Established sessions. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Handshakes in flight. */
  get handshakeCount(): number {
    return this.#handshakes.table.size;
  }

  handle(input: DtlsServerInput, now: Millis): void {
    switch (input.kind) {
      case "datagram":
        this.#onDatagram({ peer: input.peer, bytes: input.bytes, now });
        return;
      case "send":
        this.#send(input.session, input.bytes);
        return;
      case "close":
        this.#close(input.session);
        return;
      case "import":
        this.#import(input.state, now);
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
    return this.#deadlines.next();
  }

  /** The session whose peer sends `cid`; `undefined` if there is none. */
  find(cid: Uint8Array): SessionId | undefined {
    return this.#sessions.byCid(cidKey(cid, 0, cid.length))?.id;
  }

  /** Whether the peer that sends `cid` has a session or is still in its handshake; `undefined` if it is unknown. */
  stageOf(cid: Uint8Array): "session" | "handshake" | undefined {
    const key = cidKey(cid, 0, cid.length);
    if (this.#sessions.byCid(key) !== undefined) return "session";
    return this.#handshakes.byCid(key) === undefined ? undefined : "handshake";
  }

  /** Sessions in the order they were made, without copying: do not change them while looking. */
  sessionIds(): Iterable<SessionId> {
    return this.#sessions.ids();
  }

  /** Shows other credentials in handshakes from now on; those under way go on with the ones they began with. */
  replaceCredentials(credentials: Credentials | undefined): void {
    this.#handshakes.replaceCredentials(credentials);
  }

  /** With `false` no hello is answered any more; sessions, and handshakes that have begun, go on. */
  acceptHandshakes(accept: boolean): void {
    this.#handshakes.isAccepting = accept;
  }

  /** Where a session stands, without anything secret. */
  describe(id: SessionId): SessionDescription | undefined {
    const session = this.#sessions.get(id);
    return session && describeSession(session);
  }

  /**
   * The state of a session as plain data; `undefined` if there is none. Nothing more is sent from here, as a nonce must not repeat
   * under a key: `forget` it when it has moved. To have it after a crash, leave it some records until the next state is taken.
   */
  export(id: SessionId, leasedRecords = 0): SessionState | undefined {
    const session = this.#sessions.get(id);
    return session && saveSession(session, leasedRecords);
  }

  /** Drops a session without a word to its peer, as after `export`. False if there was none. */
  forget(id: SessionId): boolean {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#remove(session);
    return session !== undefined;
  }

  #onDatagram(arrived: Arrived): void {
    const { bytes } = arrived;
    this.counters.datagramsReceived++;
    for (let count = 0, start = 0; count < DATAGRAM_RECORDS_MAX; count++) {
      const header = parseRecordHeader(bytes, start, this.#cidSizeAt);
      if (header === undefined) {
        this.counters.dropMalformed++;
        return;
      }
      if (header.type === ContentType.tls12Cid) this.#onCidRecord(arrived, header);
      else if (header.epoch === 0) this.#onPlainRecord(arrived, header);
      else this.#onAddressRecord(arrived, header);
      start = header.end;
      if (start === bytes.length) return;
    }
    this.counters.dropTooManyRecords++;
  }

  #onCidRecord(arrived: Arrived, header: RecordHeader): void {
    if (header.epoch !== PROTECTED_EPOCH) {
      this.counters.dropBadEpoch++;
      return;
    }
    const key = cidKey(arrived.bytes, header.start + RECORD_CID_OFFSET, header.cidSizeBytes);
    const session = this.#sessions.byCid(key);
    if (session !== undefined) {
      this.#open(session, arrived, header);
      return;
    }
    const pending = this.#handshakes.byCid(key);
    if (pending === undefined) this.counters.dropUnknownCid++;
    // A handshake does not move: its cookie and its flights belong to one address.
    else if (pending.peer === arrived.peer) this.#handshakes.onProtectedRecord(pending, arrived, header);
    else this.counters.dropUnexpected++;
  }

  #onAddressRecord(arrived: Arrived, header: RecordHeader): void {
    if (header.epoch !== PROTECTED_EPOCH) {
      this.counters.dropBadEpoch++;
      return;
    }
    const pending = this.#handshakes.table.byPeer(arrived.peer);
    const session = this.#sessions.byAddress(arrived.peer);
    // While a peer with a session makes a new one, records of both come from its address: those of the old one go on.
    if (pending !== undefined && (session === undefined || header.type === ContentType.handshake)) {
      this.#handshakes.onProtectedRecord(pending, arrived, header);
    } else if (session !== undefined) {
      this.#open(session, arrived, header);
    } else {
      this.counters.dropUnknownPeer++;
    }
  }

  #open(session: Session, arrived: Arrived, header: RecordHeader): void {
    const outcome = session.protection.open(arrived.bytes, header);
    if (!outcome.ok) {
      this.counters[REFUSAL_COUNTER[outcome.cause]]++;
      return;
    }
    const sizeBytes = header.end - header.start;
    applyRecord(this.#environment, session, outcome, { peer: arrived.peer, sizeBytes, now: arrived.now });
  }

  #onPlainRecord(arrived: Arrived, header: RecordHeader): void {
    const content = arrived.bytes.subarray(header.payloadStart, header.end);
    const pending = this.#handshakes.table.byPeer(arrived.peer);
    if (header.type === ContentType.handshake) {
      const first = parseFragments(content)?.[0];
      if (first === undefined) this.counters.dropMalformed++;
      else if (first.type === HandshakeType.clientHello) this.#handshakes.onClientHello(arrived, header, first);
      else if (pending !== undefined) this.#handshakes.onPlainHandshake(pending, content, arrived.now);
      else this.#onStrayHandshake(arrived);
    } else if (header.type === ContentType.alert && pending !== undefined) {
      this.#handshakes.onPlainAlert(pending, content, arrived.now);
    } else if (header.type === ContentType.changeCipherSpec) {
      if (pending === undefined) this.counters.dropUnknownPeer++;
      else pending.run.changeCipherSpec();
    } else {
      this.counters.dropUnexpected++;
    }
  }

  /** Perhaps the repeated flight of a client that did not get our last one. */
  #onStrayHandshake(arrived: Arrived): void {
    const session = this.#sessions.byAddress(arrived.peer);
    if (session === undefined) this.counters.dropUnknownPeer++;
    else repeatLastFlight(this.#environment, session, arrived.now);
  }

  #makeRoom(pendingCount: number, now: Millis): boolean {
    const { sessionsMax, staleAfterMs } = this.#options.limits;
    if (this.#sessions.size + pendingCount < sessionsMax) return true;
    const stale = this.#sessions.findStale(now, staleAfterMs);
    if (stale === undefined) {
      this.counters.dropSessionsFull++;
      return false;
    }
    this.counters.sessionsEvicted++;
    this.#end(stale, "evicted", undefined);
    return true;
  }

  #claimCid(): Uint8Array | undefined {
    const { cids, random } = this.#options;
    for (let attempt = 0; attempt < CID_ATTEMPTS_MAX; attempt++) {
      const cid = cids?.generate(random);
      if (cid === undefined || cid.length === 0) return cid;
      if (!this.#sessions.hasCid(cid) && !this.#handshakes.table.hasCid(cid)) return cid;
    }
    return undefined;
  }

  #establish(pending: PendingHandshake, result: HandshakeResult, last: { sendsFlight: boolean; now: Millis }): void {
    const { peer, handshake, run } = pending;
    const { now } = last;
    this.counters.handshakesCompleted++;
    if (result.isResumed) this.counters.handshakesResumed++;
    const ticket = this.#storedAs(handshake, now);
    const { flightSentAt } = handshake.channel;
    const known = { id: this.#nextSessionId++ as SessionId, peer, ticket, now };
    const roundTripMs = flightSentAt === undefined ? undefined : now - flightSentAt;
    const session = this.#add(new Session({ ...result, ...known, roundTripMs }));
    if (last.sendsFlight) {
      for (const bytes of handshake.channel.transmit(now, false)) this.#outputs.push({ kind: "send", peer, bytes });
      const until = millis(now + this.#options.limits.lastFlightMs);
      session.lastFlight = handshake.channel.lastFlight(now, until);
      this.#deadlines.set(session, session.deadline);
    }
    const { extraKeys } = result;
    const summary = summarize(result);
    this.#outputs.push({ kind: "established", session: session.id, peer, summary, extraKeys, resumable: undefined });
    for (const { content, isNewest } of run.earlyData) {
      this.#outputs.push({ kind: "data", session: session.id, peer, bytes: content, isNewest });
    }
  }

  /** Keeps what is needed to resume the session of a finished handshake. */
  #storedAs({ resumes, toStore }: ServerHandshake, now: Millis): SessionTicket {
    const { sessions } = this.#options;
    if (sessions === undefined) return 0;
    if (resumes !== undefined) return sessions.touch(resumes.ticket) ? resumes.ticket : 0;
    return toStore === undefined ? 0 : sessions.put(toStore, now);
  }

  /** Without an ID the address is all that tells a session, so it can have only one. */
  #add(session: Session): Session {
    const before = session.ownCid.length === 0 ? this.#sessions.byAddress(session.peer) : undefined;
    if (before !== undefined) this.#end(before, "replaced", undefined);
    this.#sessions.add(session);
    return session;
  }

  #send(id: SessionId, bytes: Uint8Array): void {
    const session = this.#sessions.get(id);
    if (session === undefined) {
      this.#outputs.push({ kind: "refused", session: id, cause: "unknown-session" });
      return;
    }
    const outcome = sendRecord(this.#environment, session, ContentType.applicationData, bytes);
    if (outcome === "sent" || outcome === "held") return;
    this.#outputs.push({ kind: "refused", session: id, cause: outcome });
    if (outcome === "sequence-exhausted") this.#end(session, "sequence-exhausted", undefined);
  }

  #close(id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session === undefined) {
      this.#outputs.push({ kind: "refused", session: id, cause: "unknown-session" });
      return;
    }
    sendAlert(this.#environment, session, "closeNotify");
    this.#end(session, "local", undefined);
  }

  #import(state: SessionState, now: Millis): void {
    const context = { crypto: this.#options.crypto, pool: this.#pool, padding: this.#options.padding };
    const protection = restoreProtection(context, state);
    const isTaken = this.#sessions.hasCid(state.ownCid) || this.#handshakes.table.hasCid(state.ownCid);
    if (protection === undefined || isTaken || !this.#makeRoom(this.handshakeCount, now)) {
      this.#outputs.push({ kind: "refused", session: undefined, cause: "bad-state" });
      return;
    }
    const { peer, identity, serverName, usesExtendedMasterSecret, allowsPathCheck } = state;
    const known = { peer, protection, identity, serverName, usesExtendedMasterSecret, allowsPathCheck };
    const start = { ...known, id: this.#nextSessionId++ as SessionId, now };
    const session = this.#add(new Session(start));
    const summary = summarize({ ...start, isResumed: true });
    const extraKeys = new Uint8Array(0);
    this.#outputs.push({ kind: "established", session: session.id, peer, summary, extraKeys, resumable: undefined });
  }

  #onTimeout(now: Millis): void {
    for (let served = 0; served < EXPIRIES_PER_CALL; served++) {
      const due = this.#deadlines.expire(now);
      if (due === undefined) return;
      if (due instanceof Session) onSessionDeadline(this.#environment, due, now);
      else this.#handshakes.onDeadline(due, now);
    }
  }

  #end(session: Session, cause: CloseCause, alert: AlertName | undefined): void {
    // A session that a fatal alert ended must not be resumed (RFC 5246 §7.2.2).
    if (cause === "fatal-alert") this.#options.sessions?.forget(session.ticket);
    this.#remove(session);
    this.#outputs.push({ kind: "closed", session: session.id, cause, alert });
  }

  #remove(session: Session): void {
    this.#sessions.remove(session);
    this.#deadlines.set(session, undefined);
    session.lastFlight = undefined;
    session.pathCheck = undefined;
    session.protection.release();
  }
}
