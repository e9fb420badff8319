// An established session of either role: keys, the peer's address, and the last flight while it may be needed again.
import type { Millis } from "@coracle/base";
import { type PathCheck, pathCheckMs } from "../path/path-check.ts";
import type { DeadlineOwner } from "./deadline-queue.ts";
import type { PeerIdentity } from "./identity.ts";
import type { LastFlight } from "./last-flight.ts";
import type { PeerAddress, SessionId } from "./outputs.ts";
import type { RecordProtection } from "./record-protection.ts";
import type { SessionTicket } from "../session/session-store.ts";

/** What a session starts with. */
export interface SessionStart {
  readonly id: SessionId;
  readonly peer: PeerAddress;
  readonly protection: RecordProtection;
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
  readonly usesExtendedMasterSecret: boolean;
  readonly allowsPathCheck: boolean;
  /** What a server keeps to resume it; 0 or absent: nothing. */
  readonly ticket?: SessionTicket;
  /** How long the handshake's last flight waited for its answer. */
  readonly roundTripMs?: number | undefined;
  readonly now: Millis;
}

/** Small on purpose: a server holds very many that are idle. */
export class Session implements DeadlineOwner {
  readonly id: SessionId;
  readonly protection: RecordProtection;
  readonly identity: PeerIdentity;
  readonly serverName: string | undefined;
  readonly usesExtendedMasterSecret: boolean;
  readonly ticket: SessionTicket;
  /** How long a check of a new address waits; 0 if both sides have not agreed on checks. */
  readonly pathCheckMs: number;
  /** Where records go. */
  peer: PeerAddress;
  /** When the newest record came or the session began. */
  lastActiveAt: Millis;
  dueAt: Millis | undefined = undefined;
  /** Kept by the side that spoke last, until the peer shows that it arrived (RFC 6347 §4.2.4). */
  lastFlight: LastFlight | undefined = undefined;
  pathCheck: PathCheck | undefined = undefined;

  constructor(start: SessionStart) {
    this.id = start.id;
    this.peer = start.peer;
    this.protection = start.protection;
    this.identity = start.identity;
    this.serverName = start.serverName;
    this.usesExtendedMasterSecret = start.usesExtendedMasterSecret;
    this.ticket = start.ticket ?? 0;
    this.pathCheckMs = start.allowsPathCheck ? pathCheckMs(start.roundTripMs) : 0;
    this.lastActiveAt = start.now;
  }

  /** Both sides offered RFC 9853. */
  get allowsPathCheck(): boolean {
    return this.pathCheckMs > 0;
  }

  get ownCid(): Uint8Array {
    return this.protection.ownCid;
  }

  /** The earliest moment at which this session needs a look. */
  get deadline(): Millis | undefined {
    const [flight, check] = [this.lastFlight?.until, this.pathCheck?.dueAt];
    if (flight === undefined || check === undefined) return flight ?? check;
    return flight < check ? flight : check;
  }
}
