// What every provider of record cryptography must do: published vectors, all sizes, refusal of forgeries and of bad bounds.
import assert from "node:assert/strict";
import { createCipheriv, createHmac } from "node:crypto";
import { it } from "node:test";
import { type Random, SeededRandom } from "@coracle/base";
import type { AeadCipher, AeadMessage, AeadName } from "../aead-types.ts";
import type { HashName } from "../hash.ts";
import type { RecordCryptoProvider } from "../provider-types.ts";
import { AEAD_VECTORS } from "./aead-vectors.ts";

export const AEAD_NAMES: readonly AeadName[] = [
  "aes-128-ccm-8",
  "aes-256-ccm-8",
  "aes-128-ccm",
  "aes-256-ccm",
  "aes-128-gcm",
  "aes-256-gcm",
];
/** Around blocks, around what is worked on byte by byte, records of a device, and the largest record. */
const SIZES: readonly number[] = [0, 1, 15, 16, 17, 31, 64, 95, 96, 97, 255, 1024, 1400, 9000, 16_384];
/** Where texts start in their arrays: nothing may depend on alignment. */
const START = 21;
const FILL = 0xa5;

/** A message with its text at an odd place, and bytes around it that must stay as they are. */
interface Framed extends AeadMessage {
  readonly tagSizeBytes: number;
}

/** Registers the suite for one provider. */
export function providerContract(provider: RecordCryptoProvider): void {
  it("reproduces published vectors", () => vectors(provider));
  it("opens what it sealed at every size, and touches nothing else", () => sizes(provider));
  it("refuses a message of which any byte was changed, and writes nothing then", () => forgeries(provider));
  it("agrees with the runtime's own AES-GCM", () => agreesWithGcm(provider));
  it("keeps keys apart and every key usable, whatever was opened before", () => manyKeys(provider));
  it("asserts on bounds that are not the message's", () => bounds(provider));
  it("agrees with the runtime's HMAC for any key and data", () => keyedHashes(provider));
}

function vectors(provider: RecordCryptoProvider): void {
  for (const vector of AEAD_VECTORS) {
    const cipher = provider.aead(vector.name, vector.key);
    const { nonce, additional, plaintext, sealed } = vector;
    const framed = frame(cipher, { nonce, additional, plaintext });
    cipher.seal(framed);
    assert.deepEqual(sealedPart(framed), sealed, `${vector.name}, ${vector.source}`);
    assert.deepEqual(opened(cipher, framed), plaintext);
    cipher.close();
  }
}

function sizes(provider: RecordCryptoProvider): void {
  const random = new SeededRandom(11);
  for (const name of AEAD_NAMES) {
    const cipher = provider.aead(name, random.bytes(keySize(name)));
    for (const size of SIZES) {
      const parts = someParts(random, size);
      const framed = frame(cipher, parts);
      cipher.seal(framed);
      const end = framed.end + framed.tagSizeBytes;
      const around = [...framed.bytes.subarray(0, START), ...framed.bytes.subarray(end)];
      assert.ok(
        around.every((byte) => byte === FILL),
        `${name} wrote beside ${size} bytes`,
      );
      if (size >= 16) assert.notDeepEqual(framed.bytes.slice(START, framed.end), parts.plaintext);
      const before = framed.bytes.slice();
      assert.deepEqual(opened(cipher, framed), parts.plaintext, `${name} ${size}`);
      assert.deepEqual(framed.bytes, before, "opening leaves the message as it is");
    }
    cipher.close();
  }
}

function forgeries(provider: RecordCryptoProvider): void {
  const random = new SeededRandom(12);
  for (const name of AEAD_NAMES) {
    const cipher = provider.aead(name, random.bytes(keySize(name)));
    for (const size of [0, 1, 33, 130]) {
      const framed = frame(cipher, someParts(random, size));
      cipher.seal(framed);
      const { nonce, additional, bytes, end, tagSizeBytes } = framed;
      const places: readonly (readonly [Uint8Array, number, number])[] = [
        [bytes, START, end + tagSizeBytes],
        [nonce, 0, nonce.length],
        [additional, 0, additional.length],
      ];
      for (const [array, first, last] of places) {
        for (let at = first; at < last; at++) {
          const bit = 1 << (random.uint32() % 8);
          array[at] = (array[at] ?? 0) ^ bit;
          assert.equal(opened(cipher, framed), undefined, `${name} ${size}: byte ${at - first} of ${last - first}`);
          array[at] = (array[at] ?? 0) ^ bit;
        }
      }
      // Nor cut short, with more additional data, or under another key.
      if (size > 0) assert.equal(opened(cipher, { ...framed, end: end - 1 }), undefined);
      assert.equal(opened(cipher, { ...framed, additional: new Uint8Array([...additional, 0]) }), undefined);
      const other = provider.aead(name, random.bytes(keySize(name)));
      assert.equal(opened(other, framed), undefined);
      other.close();
      assert.ok(opened(cipher, framed) !== undefined);
    }
    cipher.close();
  }
}

function agreesWithGcm(provider: RecordCryptoProvider): void {
  const random = new SeededRandom(5);
  for (const name of ["aes-128-gcm", "aes-256-gcm"] as const) {
    for (let round = 0; round < 40; round++) {
      const key = random.bytes(keySize(name));
      const parts = someParts(random, random.uint32() % 600);
      const native = createCipheriv(name, key, parts.nonce);
      native.setAAD(parts.additional);
      const expected = Buffer.concat([native.update(parts.plaintext), native.final(), native.getAuthTag()]);
      const cipher = provider.aead(name, key);
      const framed = frame(cipher, parts);
      cipher.seal(framed);
      assert.deepEqual(sealedPart(framed), new Uint8Array(expected));
      cipher.close();
    }
  }
}

function manyKeys(provider: RecordCryptoProvider): void {
  const random = new SeededRandom(6);
  const ciphers = AEAD_NAMES.flatMap((name) => [0, 1, 2].map(() => provider.aead(name, random.bytes(keySize(name)))));
  for (let round = 0; round < 200; round++) {
    const cipher = ciphers[random.uint32() % ciphers.length];
    assert.ok(cipher !== undefined);
    const parts = someParts(random, random.uint32() % 200);
    const framed = frame(cipher, parts);
    if (round % 3 === 0) assert.equal(opened(cipher, framed), undefined, "what nobody sealed is no message");
    cipher.seal(framed);
    assert.deepEqual(opened(cipher, framed), parts.plaintext);
  }
  for (const cipher of ciphers) cipher.close();
}

function bounds(provider: RecordCryptoProvider): void {
  for (const name of AEAD_NAMES) {
    assert.throws(() => provider.aead(name, new Uint8Array(15)), /key of 15 bytes/);
    assert.throws(() => provider.aead(name, new Uint8Array(keySize(name) === 16 ? 32 : 16)), /key of/);
    const cipher = provider.aead(name, new Uint8Array(keySize(name)));
    const good = {
      nonce: new Uint8Array(12),
      additional: new Uint8Array(13),
      bytes: new Uint8Array(64),
      start: 8,
      end: 32,
    };
    const bad: readonly Partial<AeadMessage>[] = [
      { start: -1 },
      { start: 33 },
      { end: 65 },
      { nonce: new Uint8Array(11) },
      { nonce: new Uint8Array(13) },
      { additional: new Uint8Array(1025) },
      { bytes: new Uint8Array(40_000), start: 0, end: 32_769 },
    ];
    for (const part of bad) {
      assert.throws(() => cipher.seal({ ...good, ...part }), /^AssertionError: Cannot/);
      assert.throws(() => cipher.open({ ...good, ...part }, new Uint8Array(40_000)), /^AssertionError: Cannot/);
    }
    assert.throws(() => cipher.seal({ ...good, end: 57 }), /and (8|16) more/);
    assert.throws(() => cipher.open({ ...good, end: 15 }, new Uint8Array(9)), /Cannot open/);
    assert.throws(() => cipher.open(good, new Uint8Array(24 - cipher.tagSizeBytes - 1)), /Cannot open/);
    cipher.seal(good);
    cipher.close();
  }
}

function keyedHashes(provider: RecordCryptoProvider): void {
  const random = new SeededRandom(7);
  const names: readonly HashName[] = ["sha256", "sha384", "sha512"];
  for (const name of names) {
    for (const keySizeBytes of [0, 1, 16, 32, 63, 64, 65, 128, 129, 200]) {
      const key = random.bytes(keySizeBytes);
      const keyed = provider.keyedHash(name, key);
      for (const size of [0, 1, 54, 55, 56, 59, 60, 63, 64, 65, 84, 119, 120, 128, 256, 257, 1000]) {
        const data = random.bytes(size);
        const expected = createHmac(name, key).update(data).digest();
        assert.deepEqual(keyed(data), new Uint8Array(expected), `${name}, key of ${keySizeBytes}, ${size} bytes`);
      }
    }
  }
}

interface Parts {
  readonly nonce: Uint8Array;
  readonly additional: Uint8Array;
  readonly plaintext: Uint8Array;
}

function someParts(random: Random, size: number): Parts {
  return { nonce: random.bytes(12), additional: random.bytes(random.uint32() % 60), plaintext: random.bytes(size) };
}

function frame({ tagSizeBytes }: AeadCipher, { nonce, additional, plaintext }: Parts): Framed {
  const bytes = new Uint8Array(START + plaintext.length + tagSizeBytes + 9).fill(FILL);
  bytes.set(plaintext, START);
  return { nonce, additional, bytes, start: START, end: START + plaintext.length, tagSizeBytes };
}

function sealedPart({ bytes, start, end, tagSizeBytes }: Framed): Uint8Array {
  return bytes.slice(start, end + tagSizeBytes);
}

/** What the sealed text opens to; asserts that nothing was written if it does not. */
function opened(cipher: AeadCipher, framed: Framed): Uint8Array | undefined {
  const { start, end, tagSizeBytes } = framed;
  const out = new Uint8Array(end - start + 3).fill(FILL);
  const isAuthentic = cipher.open({ ...framed, end: end + tagSizeBytes }, out);
  const untouched = isAuthentic ? out.subarray(end - start) : out;
  assert.ok(untouched.every((byte) => byte === FILL));
  return isAuthentic ? out.slice(0, end - start) : undefined;
}

function keySize(name: AeadName): 16 | 32 {
  return name.startsWith("aes-256") ? 32 : 16;
}
