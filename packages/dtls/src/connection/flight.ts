// A flight: the messages one side sends before it waits (RFC 6347 §4.2.4), and how it is cut into datagrams.
import { ContentType, RECORD_CONTENT_SIZE_MAX } from "../record/content-type.ts";
import { RECORD_HEADER_SIZE, writeRecordHeader } from "../record/record-header.ts";
import { encodeFragment, HANDSHAKE_HEADER_SIZE, type HandshakeMessage } from "../handshake/handshake-header.ts";
import type { RecordProtection } from "./record-protection.ts";

/** The smallest piece of a message worth a record behind others in one datagram. */
const FRAGMENT_SIZE_MIN = 32;
const NO_CID: Uint8Array = new Uint8Array(0);
const CHANGE_CIPHER_SPEC: Uint8Array = Uint8Array.of(1);

/** One thing to send. */
export type FlightItem =
  | { readonly kind: "message"; readonly message: HandshakeMessage; readonly isProtected: boolean }
  | { readonly kind: "change-cipher-spec" };

/** Where records get their sequence numbers and keys. */
export interface RecordSource {
  /** Sequence number of the next record of epoch 0. */
  plainSequence: number;
  /** Keys of epoch 1, once there are some. */
  protection: RecordProtection | undefined;
}

/** One record of epoch 0. */
export function plainRecord(source: RecordSource, type: number, content: Uint8Array): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_SIZE + content.length);
  writeRecordHeader(record, { type, epoch: 0, sequence: source.plainSequence++, cid: NO_CID }, content.length);
  record.set(content, RECORD_HEADER_SIZE);
  return record;
}

/** Writes the flight into datagrams of at most `datagramSizeMax` bytes, each record under a fresh sequence number. */
export function packFlight(
  items: readonly FlightItem[],
  source: RecordSource,
  datagramSizeMax: number,
): readonly Uint8Array[] {
  const packer = new DatagramPacker(datagramSizeMax);
  for (const item of items) {
    if (item.kind === "change-cipher-spec") {
      packer.reserve(RECORD_HEADER_SIZE + 1);
      packer.add(plainRecord(source, ContentType.changeCipherSpec, CHANGE_CIPHER_SPEC));
    } else {
      packMessage(item.message, item.isProtected ? source.protection : undefined, source, packer);
    }
  }
  return packer.finish();
}

function packMessage(
  message: HandshakeMessage,
  protection: RecordProtection | undefined,
  source: RecordSource,
  packer: DatagramPacker,
): void {
  const size = message.body.length;
  const sizeOf = (content: number): number => protection?.sealedSize(content) ?? RECORD_HEADER_SIZE + content;
  for (let offset = 0; offset < size || offset === 0;) {
    const left = size - offset;
    packer.reserve(sizeOf(HANDSHAKE_HEADER_SIZE + Math.min(left, FRAGMENT_SIZE_MIN)));
    // Padding may round up, so the room found by subtraction is tried and, if too large, cut once more.
    let piece = Math.min(left, RECORD_CONTENT_SIZE_MAX - HANDSHAKE_HEADER_SIZE);
    while (piece > FRAGMENT_SIZE_MIN && sizeOf(HANDSHAKE_HEADER_SIZE + piece) > packer.room) {
      const excess = sizeOf(HANDSHAKE_HEADER_SIZE + piece) - packer.room;
      piece = Math.max(FRAGMENT_SIZE_MIN, piece - excess);
    }
    const content = encodeFragment(message, offset, piece);
    packer.add(protection?.seal(ContentType.handshake, content) ?? plainRecord(source, ContentType.handshake, content));
    if (size === 0) return;
    offset += piece;
  }
}

/** Fills datagrams one after the other. */
class DatagramPacker {
  readonly #sizeMax: number;
  readonly #datagrams: Uint8Array[] = [];
  #records: Uint8Array[] = [];
  #size = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get room(): number {
    return this.#sizeMax - this.#size;
  }

  /** Starts a new datagram unless `size` bytes fit into this one. */
  reserve(size: number): void {
    if (size > this.room && this.#size > 0) this.#close();
  }

  add(record: Uint8Array): void {
    this.reserve(record.length);
    this.#records.push(record);
    this.#size += record.length;
  }

  finish(): readonly Uint8Array[] {
    if (this.#size > 0) this.#close();
    return this.#datagrams;
  }

  #close(): void {
    const datagram = new Uint8Array(this.#size);
    let at = 0;
    for (const record of this.#records) {
      datagram.set(record, at);
      at += record.length;
    }
    this.#datagrams.push(datagram);
    this.#records = [];
    this.#size = 0;
  }
}
