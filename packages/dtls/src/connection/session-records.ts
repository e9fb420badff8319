// What an established session does with its records, the same for both roles: data, alerts, path checks, repeated flights.
import type { Millis, Random } from "@coracle/base";
import { AlertDescription, type AlertName, alertName, encodeAlert, parseAlert } from "../alert/alert.ts";
import { HandshakeType, parseFragments } from "../handshake/handshake-header.ts";
import { PathCheck, type PathCheckMode } from "../path/path-check.ts";
import { encodePathMessage, PATH_COOKIE_SIZE, parsePathMessage } from "../path/path-message.ts";
import { ContentType } from "../record/content-type.ts";
import type { CryptoProvider } from "../crypto-provider.ts";
import type { Counters } from "./counters.ts";
import type { CloseCause, DtlsOutput, PeerAddress } from "./outputs.ts";
import type { OpenedRecord } from "./record-protection.ts";
import type { Session } from "./session.ts";

/** The last flight is not repeated more often than this. */
const FLIGHT_REPEAT_MS_MIN = 100;

/** What happens when a verified newest record comes from another address. */
export type AddressUpdate = "newest-record" | "never";

/**
 * Whether a peer that moves from one path to another has to show that it can be reached there (RFC 9853 §5). A driver whose
 * paths say more than an address knows moves that leave the address as it was.
 */
export type NeedsPathCheck = (from: PeerAddress, to: PeerAddress) => boolean;

/**
 * Whether this side wants to go on using the path that a challenge came by: if not it answers path_drop, and the peer turns to
 * the other one (RFC 9853, the enhanced check). For drivers with more than one path whose addresses tell them apart.
 */
export type PrefersPath = (peer: PeerAddress) => boolean;

/** Where a session's records lead to. */
export interface SessionEnvironment {
  readonly random: Random;
  readonly crypto: CryptoProvider;
  readonly counters: Counters;
  readonly addressUpdate: AddressUpdate;
  readonly needsPathCheck: NeedsPathCheck;
  readonly pathCheckMode: PathCheckMode;
  readonly prefersPath: PrefersPath;
  readonly datagramSizeMax: number;
  emit(output: DtlsOutput): void;
  /** Forgets a session and says so. */
  end(session: Session, cause: CloseCause, alert: AlertName | undefined): void;
  /** Enters the session's changed deadline. */
  reschedule(session: Session): void;
}

/** From where and when a record came. */
export interface Arrival {
  readonly peer: PeerAddress;
  readonly sizeBytes: number;
  readonly now: Millis;
}

/** Applies one authenticated record. */
export function applyRecord(env: SessionEnvironment, session: Session, record: OpenedRecord, arrival: Arrival): void {
  env.counters.recordsOpened++;
  if (record.isNewest) session.lastActiveAt = arrival.now;
  switch (record.type) {
    case ContentType.applicationData:
      // The peer uses the new keys, so it has our last flight.
      if (session.lastFlight !== undefined) forgetLastFlight(env, session);
      followAddress(env, session, record, arrival);
      deliver(env, session, record, arrival.peer);
      return;
    case ContentType.alert:
      onAlert(env, session, record, arrival);
      return;
    case ContentType.handshake:
      onHandshake(env, session, record.content, arrival.now);
      return;
    case ContentType.returnRoutabilityCheck:
      onPathMessage(env, session, record.content, arrival);
      return;
    default:
      env.counters.dropUnexpected++;
  }
}

/** Seals and sends. A path under check is used only within its limit: what exceeds it waits for the end of the check. */
export function sendRecord(
  env: SessionEnvironment,
  session: Session,
  type: number,
  content: Uint8Array,
): "sent" | "held" | "too-large" | "amplification-limit" | "sequence-exhausted" {
  const { protection, pathCheck } = session;
  if (protection.isExhausted) return "sequence-exhausted";
  const size = protection.sealedSize(content.length);
  if (size > env.datagramSizeMax) return "too-large";
  const isUnverified = pathCheck !== undefined && pathCheck.stage === "new";
  if (isUnverified && !pathCheck.maySend(size, type === ContentType.returnRoutabilityCheck)) {
    const mayWait = type === ContentType.applicationData && pathCheck.hold(content);
    return mayWait ? "held" : "amplification-limit";
  }
  const peer = isUnverified ? pathCheck.candidate : session.peer;
  env.emit({ kind: "send", peer, bytes: protection.seal(type, content) });
  return "sent";
}

/** Sends an alert under the session's keys, as far as that is still possible. */
export function sendAlert(env: SessionEnvironment, session: Session, name: AlertName): void {
  if (sendRecord(env, session, ContentType.alert, encodeAlert(name)) === "sent") env.counters.alertsSent++;
}

/** Looks after a session whose deadline has come. */
export function onSessionDeadline(env: SessionEnvironment, session: Session, now: Millis): void {
  if (session.lastFlight !== undefined && session.lastFlight.until <= now) session.lastFlight = undefined;
  const check = session.pathCheck;
  if (check !== undefined && check.dueAt <= now) {
    if (check.stage === "old") challengeNew(env, session, check, now);
    else {
      env.counters.pathChecksFailed++;
      endCheck(env, session, undefined);
      return;
    }
  }
  env.reschedule(session);
}

function deliver(env: SessionEnvironment, session: Session, record: OpenedRecord, peer: PeerAddress): void {
  env.emit({ kind: "data", session: session.id, peer, bytes: record.content, isNewest: record.isNewest });
}

function onAlert(env: SessionEnvironment, session: Session, record: OpenedRecord, arrival: Arrival): void {
  const alert = parseAlert(record.content);
  env.counters.alertsReceived++;
  if (alert === undefined) return;
  if (alert.description === AlertDescription.closeNotify) {
    followAddress(env, session, record, arrival);
    sendAlert(env, session, "closeNotify");
    env.end(session, "close-notify", "closeNotify");
  } else if (alert.fatal) {
    env.end(session, "fatal-alert", alertName(alert.description));
  }
}

/** A handshake message under the session's keys: the peer lacks our last flight, or asks for the renegotiation we refuse. */
function onHandshake(env: SessionEnvironment, session: Session, content: Uint8Array, now: Millis): void {
  const first = parseFragments(content)?.[0];
  if (first === undefined) {
    env.counters.dropMalformed++;
  } else if (first.type === HandshakeType.finished) {
    repeatLastFlight(env, session, now);
  } else if (first.type === HandshakeType.clientHello || first.type === HandshakeType.helloRequest) {
    env.counters.renegotiationsRefused++;
    sendAlert(env, session, "noRenegotiation");
  } else {
    env.counters.dropUnexpected++;
  }
}

/** Sends the last flight once more, but not at the pace of whoever repeats theirs. */
export function repeatLastFlight(env: SessionEnvironment, session: Session, now: Millis): void {
  const flight = session.lastFlight;
  if (flight === undefined || now - flight.sentAt < FLIGHT_REPEAT_MS_MIN || session.protection.isExhausted) {
    env.counters.dropRepeatedFlight++;
    return;
  }
  flight.sentAt = now;
  env.counters.flightsRepeated++;
  for (const bytes of flight.datagrams()) env.emit({ kind: "send", peer: session.peer, bytes });
}

function forgetLastFlight(env: SessionEnvironment, session: Session): void {
  session.lastFlight = undefined;
  env.reschedule(session);
}

/** The rule of RFC 9146 §6: only a record newer than all before may move the address, and a check if there can be one. */
function followAddress(env: SessionEnvironment, session: Session, record: OpenedRecord, arrival: Arrival): void {
  if (arrival.peer === session.peer) {
    // A newer record from the old address settles the question.
    if (record.isNewest && session.pathCheck !== undefined) endCheck(env, session, undefined);
    return;
  }
  const check = session.pathCheck;
  if (check?.candidate === arrival.peer) {
    check.received(arrival.sizeBytes);
    // What came before was too little to send a challenge for.
    if (check.stage === "new" && !check.isAsked) sendChallenge(env, session, check);
  }
  if (!record.isNewest || env.addressUpdate === "never") return;
  if (!session.allowsPathCheck || !env.needsPathCheck(session.peer, arrival.peer)) {
    endCheck(env, session, arrival.peer);
  } else if (check?.candidate !== arrival.peer) startCheck(env, session, arrival);
}

function moveTo(env: SessionEnvironment, session: Session, peer: PeerAddress): void {
  env.counters.addressUpdates++;
  env.emit({ kind: "address", session: session.id, from: session.peer, to: peer });
  session.peer = peer;
}

function startCheck(env: SessionEnvironment, session: Session, arrival: Arrival): void {
  env.counters.pathChecksStarted++;
  const cookie = env.random.bytes(PATH_COOKIE_SIZE);
  const timing = { now: arrival.now, timeoutMs: session.pathCheckMs };
  const check = new PathCheck(arrival.peer, cookie, env.pathCheckMode, timing);
  check.received(arrival.sizeBytes);
  check.held.push(...(session.pathCheck?.held ?? []));
  session.pathCheck = check;
  sendChallenge(env, session, check);
  env.reschedule(session);
}

function challengeNew(env: SessionEnvironment, session: Session, check: PathCheck, now: Millis): void {
  check.askNew(env.random.bytes(PATH_COOKIE_SIZE), now);
  sendChallenge(env, session, check);
}

function sendChallenge(env: SessionEnvironment, session: Session, check: PathCheck): void {
  const message = encodePathMessage({ kind: "challenge", cookie: check.cookie });
  sendRecord(env, session, ContentType.returnRoutabilityCheck, message);
}

/** Ends a check if there is one, moves if the peer is elsewhere now, and sends what has waited. */
function endCheck(env: SessionEnvironment, session: Session, movedTo: PeerAddress | undefined): void {
  const held = session.pathCheck?.held ?? [];
  if (session.pathCheck !== undefined) {
    session.pathCheck = undefined;
    env.reschedule(session);
  }
  if (movedTo !== undefined) moveTo(env, session, movedTo);
  for (const content of held) sendRecord(env, session, ContentType.applicationData, content);
}

function onPathMessage(env: SessionEnvironment, session: Session, content: Uint8Array, arrival: Arrival): void {
  const message = parsePathMessage(content);
  if (message === undefined || !session.allowsPathCheck) {
    env.counters.dropUnexpected++;
    return;
  }
  if (message.kind === "challenge") {
    const kind = env.prefersPath(arrival.peer) ? "response" : "drop";
    const bytes = encodePathMessage({ kind, cookie: message.cookie });
    if (session.protection.isExhausted) return;
    const sealed = session.protection.seal(ContentType.returnRoutabilityCheck, bytes);
    // At once, and to where the challenge came from (RFC 9853 §5.4).
    env.emit({ kind: "send", peer: arrival.peer, bytes: sealed });
    return;
  }
  const check = session.pathCheck;
  if (check === undefined || !env.crypto.constantTimeEqual(check.cookie, message.cookie)) {
    env.counters.dropUnexpected++;
  } else if (check.stage === "old") {
    if (message.kind === "response") endCheck(env, session, undefined);
    else challengeNew(env, session, check, arrival.now);
    env.reschedule(session);
  } else if (message.kind === "response" && arrival.peer === check.candidate) {
    endCheck(env, session, check.candidate);
  }
}
