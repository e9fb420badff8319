// The flight of the side that spoke last, kept until its peer shows that it has it (RFC 6347 §4.2.4): little of a handshake.
import type { Millis } from "@coracle/base";
import { type FlightItem, packFlight, type RecordSource } from "./flight.ts";
import type { RecordProtection } from "./record-protection.ts";

/** What is left of a handshake's channel. */
export interface LastFlightParts {
  readonly items: readonly FlightItem[];
  /** Sequence number of the next record in the clear. */
  readonly plainSequence: number;
  readonly protection: RecordProtection | undefined;
  readonly datagramSizeMax: number;
  /** When it was sent first. */
  readonly sentAt: Millis;
  /** Kept until then. */
  readonly until: Millis;
}

/** Messages that can be sent again, each time in records of their own. Very many sessions may have one at a time. */
export class LastFlight implements RecordSource {
  plainSequence: number;
  readonly protection: RecordProtection | undefined;
  readonly until: Millis;
  sentAt: Millis;
  readonly #items: readonly FlightItem[];
  readonly #datagramSizeMax: number;

  constructor(parts: LastFlightParts) {
    this.plainSequence = parts.plainSequence;
    this.protection = parts.protection;
    this.until = parts.until;
    this.sentAt = parts.sentAt;
    this.#items = parts.items;
    this.#datagramSizeMax = parts.datagramSizeMax;
  }

  /** The flight as datagrams once more. */
  datagrams(): readonly Uint8Array[] {
    return packFlight(this.#items, this, this.#datagramSizeMax);
  }
}
