// The fixed parts of very many stored sessions in a few arrays that double as they fill: an entry costs no object of its own.
import { assert } from "@coracle/base";
import { MASTER_SECRET_SIZE } from "../suite/key-schedule.ts";
import { SESSION_ID_SIZE } from "./session-id.ts";

/** Bytes of the check of a pre-shared key. */
export const PSK_CHECK_SIZE = 8;
const SECRET_AT = SESSION_ID_SIZE;
const CHECK_AT = SECRET_AT + MASTER_SECRET_SIZE;
const ENTRY_SIZE = CHECK_AT + PSK_CHECK_SIZE;
const FIRST_ENTRIES = 64;
/** Entry numbers fit 24 bits, so that a ticket of number and use fits a double. */
const TICKET_RADIX: number = 1 << 24;
const USES: number = 2 ** 29;
const NONE = -1;

/** Bytes that one entry takes in all arrays: bytes, time, suite, use, and its place in chain and list. */
export const SLAB_ENTRY_SIZE_BYTES: number = ENTRY_SIZE + 8 + 2 + 5 * 4;

/** What an entry holds besides its links. */
export interface SlabEntry {
  readonly sessionId: Uint8Array;
  readonly masterSecret: Uint8Array;
  readonly pskCheck: Uint8Array;
  readonly suite: number;
  readonly createdAt: number;
}

/**
 * Entries by number, found by session id through chained buckets and linked from the newest to the least recently used. Buckets
 * are chosen by the end of the id, which is random: nobody but the server chooses the ids that are in here.
 */
export class SessionSlab {
  readonly #entriesMax: number;
  #capacity = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #createdAt: Float64Array = new Float64Array(0);
  #suites: Uint16Array = new Uint16Array(0);
  #uses: Uint32Array = new Uint32Array(0);
  /** The next entry of the bucket; of a free entry the next free one. */
  #next: Int32Array = new Int32Array(0);
  #newer: Int32Array = new Int32Array(0);
  #older: Int32Array = new Int32Array(0);
  #buckets: Int32Array = new Int32Array(0);
  #free: number = NONE;
  #newest: number = NONE;
  #oldest: number = NONE;
  #size = 0;

  constructor(entriesMax: number) {
    assert(entriesMax >= 1 && entriesMax < TICKET_RADIX, `Cannot keep ${entriesMax} sessions`);
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#size;
  }

  /** The least recently used entry, -1 if there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The entry used just before `entry`, -1 if it is the newest. */
  newerThan(entry: number): number {
    return this.#newer[entry] ?? NONE;
  }

  /** The entry of a session id, -1 if there is none. */
  find(sessionId: Uint8Array): number {
    if (sessionId.length !== SESSION_ID_SIZE || this.#size === 0) return NONE;
    let entry = this.#buckets[this.#bucketOf(sessionId, 0)] ?? NONE;
    while (entry >= 0 && !this.#hasId(entry, sessionId)) entry = this.#next[entry] ?? NONE;
    return entry;
  }

  /** Adds an entry as the newest and gives its number. There must be room. */
  add(content: SlabEntry): number {
    assert(this.#size < this.#entriesMax, `Cannot keep one more session: there are ${this.#size}`);
    if (this.#free < 0) this.#grow();
    const entry = this.#free;
    this.#free = this.#next[entry] ?? NONE;
    const at = entry * ENTRY_SIZE;
    this.#bytes.set(content.sessionId, at);
    this.#bytes.set(content.masterSecret, at + SECRET_AT);
    this.#bytes.set(content.pskCheck, at + CHECK_AT);
    this.#createdAt[entry] = content.createdAt;
    this.#suites[entry] = content.suite;
    this.#uses[entry] = ((this.#uses[entry] ?? 0) + 1) % USES;
    this.#enterBucket(entry);
    this.#enterList(entry);
    this.#size++;
    return entry;
  }

  read(entry: number): SlabEntry {
    const at = entry * ENTRY_SIZE;
    return {
      sessionId: this.#bytes.slice(at, at + SESSION_ID_SIZE),
      masterSecret: this.#bytes.slice(at + SECRET_AT, at + CHECK_AT),
      pskCheck: this.#bytes.slice(at + CHECK_AT, at + ENTRY_SIZE),
      suite: this.#suites[entry] ?? 0,
      createdAt: this.#createdAt[entry] ?? 0,
    };
  }

  createdAt(entry: number): number {
    return this.#createdAt[entry] ?? 0;
  }

  /** Makes an entry the newest. */
  touch(entry: number): void {
    this.#leaveList(entry);
    this.#enterList(entry);
  }

  /** Forgets an entry and wipes its secret. */
  remove(entry: number): void {
    this.#leaveBucket(entry);
    this.#leaveList(entry);
    this.#bytes.fill(0, entry * ENTRY_SIZE, (entry + 1) * ENTRY_SIZE);
    // A ticket of this use is worth nothing from now on.
    this.#uses[entry] = ((this.#uses[entry] ?? 0) + 1) % USES;
    this.#next[entry] = this.#free;
    this.#free = entry;
    this.#size--;
  }

  /** A number for this use of the entry; never 0. */
  ticketOf(entry: number): number {
    return (this.#uses[entry] ?? 0) * TICKET_RADIX + entry + 1;
  }

  /** The entry of a ticket, -1 if it has been removed since. */
  entryOf(ticket: number): number {
    const entry = (ticket % TICKET_RADIX) - 1;
    return entry >= 0 && entry < this.#capacity && this.ticketOf(entry) === ticket ? entry : NONE;
  }

  #hasId(entry: number, sessionId: Uint8Array): boolean {
    const at = entry * ENTRY_SIZE;
    for (let index = 0; index < SESSION_ID_SIZE; index++) {
      if (this.#bytes[at + index] !== sessionId[index]) return false;
    }
    return true;
  }

  #bucketOf(bytes: Uint8Array, idAt: number): number {
    const at = idAt + SESSION_ID_SIZE - 4;
    const low = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    return ((low << 8) | (bytes[at + 3] ?? 0)) & (this.#buckets.length - 1);
  }

  #enterBucket(entry: number): void {
    const bucket = this.#bucketOf(this.#bytes, entry * ENTRY_SIZE);
    this.#next[entry] = this.#buckets[bucket] ?? NONE;
    this.#buckets[bucket] = entry;
  }

  #leaveBucket(entry: number): void {
    const bucket = this.#bucketOf(this.#bytes, entry * ENTRY_SIZE);
    const after = this.#next[entry] ?? NONE;
    let before = this.#buckets[bucket] ?? NONE;
    if (before === entry) {
      this.#buckets[bucket] = after;
      return;
    }
    while (before >= 0 && this.#next[before] !== entry) before = this.#next[before] ?? NONE;
    assert(before >= 0, `Cannot remove session ${entry}: it is in no bucket`);
    this.#next[before] = after;
  }

  #enterList(entry: number): void {
    this.#newer[entry] = NONE;
    this.#older[entry] = this.#newest;
    if (this.#newest >= 0) this.#newer[this.#newest] = entry;
    else this.#oldest = entry;
    this.#newest = entry;
  }

  #leaveList(entry: number): void {
    const [newer, older] = [this.#newer[entry] ?? NONE, this.#older[entry] ?? NONE];
    if (newer >= 0) this.#older[newer] = older;
    else this.#newest = older;
    if (older >= 0) this.#newer[older] = newer;
    else this.#oldest = newer;
  }

  #grow(): void {
    const from = this.#capacity;
    this.#capacity = Math.min(this.#entriesMax, Math.max(FIRST_ENTRIES, from * 2));
    const bytes = new Uint8Array(this.#capacity * ENTRY_SIZE);
    bytes.set(this.#bytes);
    this.#bytes.fill(0);
    this.#bytes = bytes;
    this.#createdAt = enlarged(this.#createdAt, new Float64Array(this.#capacity));
    this.#suites = enlarged(this.#suites, new Uint16Array(this.#capacity));
    this.#uses = enlarged(this.#uses, new Uint32Array(this.#capacity));
    this.#next = enlarged(this.#next, new Int32Array(this.#capacity));
    this.#newer = enlarged(this.#newer, new Int32Array(this.#capacity));
    this.#older = enlarged(this.#older, new Int32Array(this.#capacity));
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(this.#capacity))).fill(NONE);
    for (let entry = 0; entry < from; entry++) this.#enterBucket(entry);
    for (let entry = this.#capacity - 1; entry >= from; entry--) {
      this.#next[entry] = this.#free;
      this.#free = entry;
    }
  }
}

function enlarged<Numbers extends Float64Array | Uint16Array | Uint32Array | Int32Array>(
  from: Numbers,
  to: Numbers,
): Numbers {
  to.set(from);
  return to;
}
