// Sealing and opening the records of epoch 1 (RFC 6655 §3, RFC 5288 §3, RFC 9146 §4 and §5).
import type { AeadCipher, CryptoProvider } from "../crypto-provider.ts";
import { additionalData } from "../record/additional-data.ts";
import { ContentType, RECORD_CONTENT_SIZE_MAX, SEQUENCE_MAX } from "../record/content-type.ts";
import { innerTypeIndex, NO_PADDING, type PaddingPolicy, paddedSize, wrapInner } from "../record/inner-plaintext.ts";
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
const NO_CID: Uint8Array = new Uint8Array(0);
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
    return this.writeSequence > SEQUENCE_MAX;
  }

  /** The size of the record that `contentSizeBytes` bytes become. */
  sealedSize(contentSizeBytes: number): number {
    const { suite, peerCid } = this;
    const inner = this.#innerSize(contentSizeBytes);
    return RECORD_HEADER_SIZE + peerCid.length + EXPLICIT_NONCE_SIZE + inner + suite.tagSizeBytes;
  }

  /** One record with `content` of `type`, under the next sequence number. Check {@link isExhausted} before. */
  seal(type: number, content: Uint8Array): Uint8Array {
    const { peerCid } = this;
    const sequence = this.writeSequence++;
    const usesCid = peerCid.length > 0;
    const innerSize = this.#innerSize(content.length);
    const inner = usesCid ? wrapInner(content, type, innerSize) : content;
    const record = new Uint8Array(this.sealedSize(content.length));
    const header = {
      type: usesCid ? ContentType.tls12Cid : type,
      epoch: PROTECTED_EPOCH,
      sequence,
      cid: peerCid,
    };
    const payloadStart = RECORD_HEADER_SIZE + peerCid.length;
    writeRecordHeader(record, header, record.length - payloadStart);
    writeEpochAndSequence(record, payloadStart, PROTECTED_EPOCH, sequence);
    const nonce = this.#nonce(0, record, payloadStart);
    const sealer = this.#warmSealer();
    // Small arrays are made and copied here rather than cut as views: a view of a fresh array costs more than the copy.
    const sealed = new Uint8Array(innerSize + sealer.tagSizeBytes);
    sealer.seal(nonce, additionalData(header, innerSize), inner, sealed);
    record.set(sealed, payloadStart + EXPLICIT_NONCE_SIZE);
    return record;
  }

  /** Opens the record at `header`; the window takes note of it only if it is authentic. */
  open(datagram: Uint8Array, header: RecordHeader): RecordOutcome {
    const { suite } = this;
    const usesCid = header.type === ContentType.tls12Cid;
    if (usesCid !== this.hasOwnCid) return { ok: false, cause: "cid-missing" };
    const size = header.end - header.payloadStart - EXPLICIT_NONCE_SIZE - suite.tagSizeBytes;
    // The inner type octet and any padding may exceed the largest content by little; more is nonsense.
    if (size < (usesCid ? 1 : 0) || size > RECORD_CONTENT_SIZE_MAX + 256) return { ok: false, cause: "bad-record" };
    if (!this.window.permits(header.sequence)) return { ok: false, cause: "replayed" };
    const nonce = this.#nonce(1, datagram, header.payloadStart);
    const additional = additionalData({ ...header, cid: this.ownCid }, size);
    const inner = new Uint8Array(size);
    const sealed = datagram.slice(header.payloadStart + EXPLICIT_NONCE_SIZE, header.end);
    if (!this.#warmOpener().open(nonce, additional, sealed, inner)) return { ok: false, cause: "bad-mac" };
    return this.#accepted(header, inner, usesCid);
  }

  cool(): void {
    this.#sealer = undefined;
    this.#opener = undefined;
  }

  /** Ends the session's claim on cipher objects. */
  release(): void {
    if (this.#sealer !== undefined || this.#opener !== undefined) this.#context.pool.release(this);
    this.cool();
  }

  #accepted(header: RecordHeader, inner: Uint8Array, usesCid: boolean): RecordOutcome {
    const isNewest = this.window.accept(header.sequence);
    if (!usesCid) return { ok: true, type: header.type, content: inner, isNewest };
    const at = innerTypeIndex(inner);
    const type = inner[at];
    if (type === undefined || type === ContentType.tls12Cid) return { ok: false, cause: "bad-record" };
    return { ok: true, type, content: inner.slice(0, at), isNewest };
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

  /** The fixed part of a direction, then the explicit part that lies in the record. */
  #nonce(direction: 0 | 1, bytes: Uint8Array, explicitAt: number): Uint8Array {
    const nonce = new Uint8Array(NONCE_SIZE);
    const ivAt = 2 * this.suite.keySizeBytes + direction * FIXED_IV_SIZE;
    for (let index = 0; index < FIXED_IV_SIZE; index++) nonce[index] = this.#secrets[ivAt + index] as number;
    for (let index = 0; index < EXPLICIT_NONCE_SIZE; index++) {
      nonce[FIXED_IV_SIZE + index] = bytes[explicitAt + index] as number;
    }
    return nonce;
  }

  #touch(): void {
    this.recentlyUsed = true;
    if (this.#sealer === undefined && this.#opener === undefined) this.#context.pool.admit(this);
  }
}
