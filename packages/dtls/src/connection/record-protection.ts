// Sealing and opening the records of epoch 1 (RFC 6655 §3, RFC 5288 §3, RFC 9146 §4 and §5).
import { assert } from "@coracle/base";
import type { AeadCipher, AeadMessage, CryptoProvider } from "../crypto-provider.ts";
import { ADDITIONAL_CID_OFFSET, cidAdditional, plainAdditional } from "../record/additional-data.ts";
import { ContentType, RECORD_CONTENT_SIZE_MAX, SEQUENCE_MAX } from "../record/content-type.ts";
import { innerTypeIndex, NO_PADDING, type PaddingPolicy, paddedSize } from "../record/inner-plaintext.ts";
import {
  RECORD_HEADER_SIZE,
  type RecordHeader,
  writeEpochAndSequence,
  writeRecordHeader,
} from "../record/record-header.ts";
import { ReplayWindow } from "../record/replay-window.ts";
import type { CipherSuite } from "../suite/cipher-suite.ts";
import { type DirectionKeys, FIXED_IV_SIZE } from "../suite/key-schedule.ts";
import type { CipherPool, Coolable } from "./cipher-pool.ts";

/** Bytes of the explicit nonce in front of every ciphertext. */
const EXPLICIT_NONCE_SIZE = 8;
const NONCE_SIZE = 12;
/** The inner type octet and any padding may exceed the largest content by little; more is nonsense. */
const INNER_SIZE_MAX = RECORD_CONTENT_SIZE_MAX + 256;
/** Contents up to here are copied byte by byte: for few bytes that is faster than a call. */
const SHORT_SIZE_MAX = 96;
const NO_CID: Uint8Array = new Uint8Array(0);
const NO_MESSAGE = new Uint8Array(0);
/** The epoch after the only ChangeCipherSpec there is: renegotiation is refused. */
export const PROTECTED_EPOCH = 1;

/** What protects one session. */
export interface ProtectionParameters {
  readonly suite: CipherSuite;
  readonly write: DirectionKeys;
  readonly read: DirectionKeys;
  /** The ID this side receives; empty if none. */
  readonly ownCid: Uint8Array;
  /** The ID this side sends; empty if none. */
  readonly peerCid: Uint8Array;
}

/** Where record protection finds its primitives. */
export interface ProtectionContext {
  readonly crypto: CryptoProvider;
  readonly pool: CipherPool;
  readonly padding: PaddingPolicy;
}

/** An authenticated record. */
export interface OpenedRecord {
  readonly ok: true;
  readonly type: number;
  readonly content: Uint8Array;
  /** Newer than every record before it. */
  readonly isNewest: boolean;
}

/** Why a record was dropped. Nothing is ever answered to it. */
export type RecordRefusal = "bad-record" | "cid-missing" | "replayed" | "bad-mac";

/** The outcome of opening a record. */
export type RecordOutcome = OpenedRecord | { readonly ok: false; readonly cause: RecordRefusal };

const BAD_RECORD: RecordOutcome = { ok: false, cause: "bad-record" };
const CID_MISSING: RecordOutcome = { ok: false, cause: "cid-missing" };
const REPLAYED: RecordOutcome = { ok: false, cause: "replayed" };
const BAD_MAC: RecordOutcome = { ok: false, cause: "bad-mac" };

/** What is at work on: filled again for every record, of whichever session, so that none costs more than its content. */
const message: { -readonly [Field in keyof AeadMessage]: AeadMessage[Field] } = {
  nonce: new Uint8Array(NONCE_SIZE),
  additional: NO_MESSAGE,
  bytes: NO_MESSAGE,
  start: 0,
  end: 0,
};
/** The header at work on, likewise. */
const writtenHeader = { type: 0, epoch: PROTECTED_EPOCH, sequence: 0, cid: NO_CID };
/** Where records are opened. */
const opened: Uint8Array = new Uint8Array(INNER_SIZE_MAX);

/** Keys, sequence numbers and replay window of one session. Keys and IVs lie in one array: very many sessions are idle. */
export class RecordProtection implements Coolable {
  readonly suite: CipherSuite;
  /** The ID this side sends; empty if none. */
  readonly peerCid: Uint8Array;
  readonly window: ReplayWindow = new ReplayWindow();
  recentlyUsed = false;
  /** Sequence number of the next record sent. */
  writeSequence = 0;
  readonly #context: ProtectionContext;
  /** Write key, read key, write IV, read IV, the ID this side receives. */
  readonly #secrets: Uint8Array;
  /** Where this side's sequence numbers end: behind the last there is, or where those of a copy begin. */
  #writeEnd: number = SEQUENCE_MAX + 1;
  #sealer: AeadCipher | undefined;
  #opener: AeadCipher | undefined;

  constructor(context: ProtectionContext, parameters: ProtectionParameters) {
    const { suite, write, read, ownCid, peerCid } = parameters;
    this.#context = context;
    this.suite = suite;
    // A copy: a view of a larger buffer, or bytes from outside the heap, would keep more than its bytes.
    this.peerCid = peerCid.length === 0 ? NO_CID : peerCid.slice();
    this.#secrets = new Uint8Array(2 * suite.keySizeBytes + 2 * FIXED_IV_SIZE + ownCid.length);
    this.#secrets.set(ownCid, this.#ownCidAt);
    for (const [index, part] of [write.key, read.key].entries()) this.#secrets.set(part, index * suite.keySizeBytes);
    for (const [index, part] of [write.iv, read.iv].entries()) {
      this.#secrets.set(part, 2 * suite.keySizeBytes + index * FIXED_IV_SIZE);
    }
  }

  /** The ID this side receives; empty if none. A copy each time. */
  get ownCid(): Uint8Array {
    return this.hasOwnCid ? this.#secrets.slice(this.#ownCidAt) : NO_CID;
  }

  /** True if this side receives records with an ID. */
  get hasOwnCid(): boolean {
    return this.#secrets.length > this.#ownCidAt;
  }

  get #ownCidAt(): number {
    return 2 * this.suite.keySizeBytes + 2 * FIXED_IV_SIZE;
  }

  /** What this was made from, for a copy elsewhere. */
  get parameters(): ProtectionParameters {
    const { suite, ownCid, peerCid } = this;
    const iv = (index: number): Uint8Array => {
      const at = 2 * suite.keySizeBytes + index * FIXED_IV_SIZE;
      return this.#secrets.slice(at, at + FIXED_IV_SIZE);
    };
    return {
      suite,
      write: { key: this.#key(0), iv: iv(0) },
      read: { key: this.#key(1), iv: iv(1) },
      ownCid,
      peerCid,
    };
  }

  /** True once every sequence number has been used: the session must end (RFC 6347 §4.1). */
  get isExhausted(): boolean {
    return this.writeSequence >= this.#writeEnd;
  }

  /**
   * Leaves this side `count` more sequence numbers and gives the first one behind them, where those of a copy begin: so the two
   * never use one nonce. Another call moves the end, and the copy before is good for nothing.
   */
  leaseNumbers(count: number): number {
    this.#writeEnd = Math.min(this.writeSequence + count, SEQUENCE_MAX + 1);
    return this.#writeEnd;
  }

  /** The size of the record that `contentSizeBytes` bytes become. */
  sealedSize(contentSizeBytes: number): number {
    const { suite, peerCid } = this;
    const inner = this.#innerSize(contentSizeBytes);
    return RECORD_HEADER_SIZE + peerCid.length + EXPLICIT_NONCE_SIZE + inner + suite.tagSizeBytes;
  }

  /** One record with `content` of `type`, under the next sequence number. Check {@link isExhausted} before: no nonce is used twice. */
  seal(type: number, content: Uint8Array): Uint8Array {
    assert(!this.isExhausted, "Cannot seal a record: every sequence number has been used");
    const { peerCid } = this;
    const sequence = this.writeSequence++;
    const usesCid = peerCid.length > 0;
    const innerSize = this.#innerSize(content.length);
    const payloadStart = RECORD_HEADER_SIZE + peerCid.length;
    const payloadSize = EXPLICIT_NONCE_SIZE + innerSize + this.suite.tagSizeBytes;
    const record = new Uint8Array(payloadStart + payloadSize);
    writtenHeader.type = usesCid ? ContentType.tls12Cid : type;
    writtenHeader.sequence = sequence;
    writtenHeader.cid = peerCid;
    writeRecordHeader(record, writtenHeader, payloadSize);
    writeEpochAndSequence(record, payloadStart, PROTECTED_EPOCH, sequence);
    const start = payloadStart + EXPLICIT_NONCE_SIZE;
    if (content.length > SHORT_SIZE_MAX) record.set(content, start);
    else for (let at = 0; at < content.length; at++) record[start + at] = content[at] as number;
    if (usesCid) {
      record[start + content.length] = type;
      const additional = cidAdditional(record, 0, innerSize, peerCid.length);
      for (let at = 0; at < peerCid.length; at++) additional[ADDITIONAL_CID_OFFSET + at] = peerCid[at] as number;
      message.additional = additional;
    } else message.additional = plainAdditional(record, 0, innerSize);
    message.bytes = record;
    message.start = start;
    message.end = start + innerSize;
    this.#fillNonce(0, record, payloadStart);
    this.#warmSealer().seal(message);
    message.bytes = NO_MESSAGE;
    return record;
  }

  /** Opens the record at `header`; the window takes note of it only if it is authentic. The datagram stays as it is. */
  open(datagram: Uint8Array, header: RecordHeader): RecordOutcome {
    const { suite } = this;
    const { start, payloadStart, end } = header;
    const usesCid = header.type === ContentType.tls12Cid;
    if (usesCid !== this.hasOwnCid) return CID_MISSING;
    const size = end - payloadStart - EXPLICIT_NONCE_SIZE - suite.tagSizeBytes;
    if (size < (usesCid ? 1 : 0) || size > (usesCid ? INNER_SIZE_MAX : RECORD_CONTENT_SIZE_MAX)) return BAD_RECORD;
    if (!this.window.permits(header.sequence)) return REPLAYED;
    message.additional = usesCid
      ? this.#ownCidAdditional(datagram, start, size)
      : plainAdditional(datagram, start, size);
    message.bytes = datagram;
    message.start = payloadStart + EXPLICIT_NONCE_SIZE;
    message.end = end;
    this.#fillNonce(1, datagram, payloadStart);
    const isAuthentic = this.#warmOpener().open(message, opened);
    message.bytes = NO_MESSAGE;
    return isAuthentic ? this.#accepted(header, size, usesCid) : BAD_MAC;
  }

  cool(): void {
    this.#sealer?.close();
    this.#opener?.close();
    this.#sealer = undefined;
    this.#opener = undefined;
  }

  /** Ends the session's claim on cipher objects. */
  release(): void {
    if (this.#sealer !== undefined || this.#opener !== undefined) this.#context.pool.release(this);
    this.cool();
  }

  /** What {@link opened} holds: `size` bytes of an authentic record. */
  #accepted(header: RecordHeader, size: number, usesCid: boolean): RecordOutcome {
    const isNewest = this.window.accept(header.sequence);
    if (!usesCid) return { ok: true, type: header.type, content: opened.slice(0, size), isNewest };
    const at = innerTypeIndex(opened, size);
    const type = opened[at];
    if (type === undefined || type === ContentType.tls12Cid || at > RECORD_CONTENT_SIZE_MAX) return BAD_RECORD;
    return { ok: true, type, content: opened.slice(0, at), isNewest };
  }

  #ownCidAdditional(datagram: Uint8Array, start: number, size: number): Uint8Array {
    const secrets = this.#secrets;
    const cidAt = this.#ownCidAt;
    const cidSize = secrets.length - cidAt;
    const additional = cidAdditional(datagram, start, size, cidSize);
    for (let at = 0; at < cidSize; at++) additional[ADDITIONAL_CID_OFFSET + at] = secrets[cidAt + at] as number;
    return additional;
  }

  #innerSize(contentSizeBytes: number): number {
    if (this.peerCid.length === 0) return contentSizeBytes;
    return paddedSize(this.#context.padding ?? NO_PADDING, contentSizeBytes);
  }

  #warmSealer(): AeadCipher {
    this.#touch();
    this.#sealer ??= this.#context.crypto.aead(this.suite.aead, this.#key(0));
    return this.#sealer;
  }

  #warmOpener(): AeadCipher {
    this.#touch();
    this.#opener ??= this.#context.crypto.aead(this.suite.aead, this.#key(1));
    return this.#opener;
  }

  /** The key of a direction: 0 writes, 1 reads. */
  #key(direction: 0 | 1): Uint8Array {
    const { keySizeBytes } = this.suite;
    return this.#secrets.slice(direction * keySizeBytes, (direction + 1) * keySizeBytes);
  }

  /** The nonce: the fixed part of a direction, then the explicit part that lies in the record. */
  #fillNonce(direction: 0 | 1, bytes: Uint8Array, explicitAt: number): void {
    const { nonce } = message;
    const ivAt = 2 * this.suite.keySizeBytes + direction * FIXED_IV_SIZE;
    for (let index = 0; index < FIXED_IV_SIZE; index++) nonce[index] = this.#secrets[ivAt + index] as number;
    for (let index = 0; index < EXPLICIT_NONCE_SIZE; index++) {
      nonce[FIXED_IV_SIZE + index] = bytes[explicitAt + index] as number;
    }
  }

  #touch(): void {
    this.recentlyUsed = true;
    if (this.#sealer === undefined && this.#opener === undefined) this.#context.pool.admit(this);
  }
}
