// What fuzzers do to bytes: flips, cuts, joins, repeats, wrong sizes, and whole records and messages made up.
import { type Random, randomInteger } from "@coracle/base";
import { plainRecord } from "../connection/flight.ts";
import { encodeMessage, HANDSHAKE_HEADER_SIZE } from "../handshake/handshake-header.ts";
import { RECORD_HEADER_SIZE } from "../record/record-header.ts";

/** Values that parsers are most likely to stumble over. */
const EDGES: readonly number[] = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];
const RECORD_TYPES: readonly number[] = [20, 21, 22, 23, 25, 27, 0, 63, 255];

/** One of many, and never none. */
function pick<Item>(random: Random, items: readonly Item[], otherwise: Item): Item {
  return items[random.uint32() % Math.max(1, items.length)] ?? otherwise;
}

/** A datagram made from others: mostly close to one of them. */
export function mutateDatagram(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const roll = random.next();
  if (roll < 0.05) return random.bytes(randomInteger(random, 0, 200));
  const base = pick(random, corpus, new Uint8Array(0)).slice();
  if (roll < 0.15) return Uint8Array.from([...base, ...pick(random, corpus, base)]);
  if (roll < 0.35) return mutateMessage(random, base);
  return mutateBytes(random, base);
}

/** Some bytes changed, and perhaps cut or made longer. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  for (let flips = randomInteger(random, 0, 4); flips > 0 && out.length > 0; flips--) {
    const value = random.next() < 0.5 ? pick(random, EDGES, 0) : random.uint32() & 0xff;
    out[random.uint32() % out.length] = value;
  }
  const roll = random.next();
  if (roll < 0.15) return out.slice(0, random.uint32() % (out.length + 1));
  return roll < 0.25 ? Uint8Array.from([...out, ...random.bytes(randomInteger(random, 1, 40))]) : out;
}

/** The first message of a plain record with another body, type or sequence, but with sizes that fit: it reaches the parsers. */
function mutateMessage(random: Random, datagram: Uint8Array): Uint8Array {
  const bodyAt = RECORD_HEADER_SIZE + HANDSHAKE_HEADER_SIZE;
  if (datagram.length < bodyAt) return datagram;
  const body = mutateBytes(random, datagram.subarray(bodyAt));
  const type = random.next() < 0.7 ? (datagram[RECORD_HEADER_SIZE] ?? 0) : random.uint32() % 24;
  const messageSequence = random.next() < 0.7 ? (datagram[RECORD_HEADER_SIZE + 5] ?? 0) : random.uint32() % 8;
  const content = encodeMessage({ type, messageSequence, body });
  const recordType = random.next() < 0.9 ? 22 : pick(random, RECORD_TYPES, 22);
  return plainRecord({ plainSequence: random.uint32() % 64, protection: undefined }, recordType, content);
}
