// Putting handshake messages together from fragments in any order (RFC 6347 §4.2.3), within caps.
import type { HandshakeFragment, HandshakeMessage } from "./handshake-header.ts";

/** What one handshake may occupy while its messages arrive. */
export interface ReassemblyLimits {
  /** Largest message taken. */
  readonly messageSizeBytesMax: number;
  /** Messages held ahead of the next expected one. */
  readonly messagesAheadMax: number;
  /** Bytes of all unfinished and waiting messages. */
  readonly sizeBytesMax: number;
  /** Separate pieces of one message. */
  readonly piecesMax: number;
}

/** Enough for certificate chains of a few kilobytes at the smallest MTU. */
export const REASSEMBLY_LIMITS: ReassemblyLimits = {
  messageSizeBytesMax: 16_384,
  messagesAheadMax: 8,
  sizeBytesMax: 32_768,
  piecesMax: 64,
};

/** What became of a fragment. */
export type FragmentOutcome = "kept" | "repeated" | "too-far-ahead" | "too-large" | "contradicts";

/** A message whose fragments are arriving. */
interface Partial {
  readonly type: number;
  readonly epoch: number;
  readonly body: Uint8Array;
  /** Ranges received, ascending, never touching. */
  pieces: { start: number; end: number }[];
}

/** Collects fragments and gives whole messages in the order of their sequence. */
export class Reassembly {
  readonly #limits: ReassemblyLimits;
  readonly #partials: Map<number, Partial> = new Map();
  #next: number;
  #sizeBytes = 0;

  constructor(nextSequence: number, limits: ReassemblyLimits = REASSEMBLY_LIMITS) {
    this.#next = nextSequence;
    this.#limits = limits;
  }

  /** The sequence of the message expected next. */
  get nextSequence(): number {
    return this.#next;
  }

  /** Bytes held. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes a fragment that arrived in a record of `epoch`. */
  add(fragment: HandshakeFragment, epoch: number): FragmentOutcome {
    const ahead = fragment.messageSequence - this.#next;
    if (ahead < 0) return "repeated";
    if (ahead >= this.#limits.messagesAheadMax) return "too-far-ahead";
    const partial = this.#partials.get(fragment.messageSequence) ?? this.#begin(fragment, epoch);
    if (partial === undefined) return "too-large";
    const { type, body } = partial;
    if (type !== fragment.type || body.length !== fragment.messageSizeBytes || partial.epoch !== epoch) {
      return "contradicts";
    }
    const pieces = insertPiece(partial.pieces, fragment.offset, fragment.offset + fragment.body.length);
    if (pieces.length > this.#limits.piecesMax) return "too-large";
    partial.pieces = pieces;
    body.set(fragment.body, fragment.offset);
    return "kept";
  }

  /** The next message and the epoch it came in, once all of it is there. */
  take(): { readonly message: HandshakeMessage; readonly epoch: number } | undefined {
    const partial = this.#partials.get(this.#next);
    if (partial === undefined || !isWhole(partial)) return undefined;
    this.#partials.delete(this.#next);
    this.#sizeBytes -= partial.body.length;
    const message = { type: partial.type, messageSequence: this.#next, body: partial.body };
    this.#next++;
    return { message, epoch: partial.epoch };
  }

  #begin(fragment: HandshakeFragment, epoch: number): Partial | undefined {
    const size = fragment.messageSizeBytes;
    if (size > this.#limits.messageSizeBytesMax) return undefined;
    if (this.#sizeBytes + size > this.#limits.sizeBytesMax) return undefined;
    const partial = { type: fragment.type, epoch, body: new Uint8Array(size), pieces: [] };
    this.#partials.set(fragment.messageSequence, partial);
    this.#sizeBytes += size;
    return partial;
  }
}

function isWhole(partial: Partial): boolean {
  if (partial.body.length === 0) return true;
  const first = partial.pieces[0];
  return first !== undefined && first.start === 0 && first.end === partial.body.length;
}

/** The pieces with [start, end) merged in. */
function insertPiece(
  pieces: readonly { start: number; end: number }[],
  start: number,
  end: number,
): { start: number; end: number }[] {
  if (start === end) return [...pieces];
  const merged = { start, end };
  const result: { start: number; end: number }[] = [];
  let placed = false;
  for (const piece of pieces) {
    if (piece.end < merged.start) result.push(piece);
    else if (piece.start > merged.end) {
      if (!placed) result.push(merged);
      placed = true;
      result.push(piece);
    } else {
      merged.start = Math.min(merged.start, piece.start);
      merged.end = Math.max(merged.end, piece.end);
    }
  }
  if (!placed) result.push(merged);
  return result;
}
