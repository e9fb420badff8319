// Authenticated encryption against published vectors, and its refusals.
import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { type AeadName, createAead } from "./aead.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const names: readonly AeadName[] = [
  "aes-128-ccm-8",
  "aes-256-ccm-8",
  "aes-128-ccm",
  "aes-256-ccm",
  "aes-128-gcm",
  "aes-256-gcm",
];

describe("AEAD", () => {
  it("matches NIST SP 800-38C example 3: AES-128, 12-byte nonce, 8-byte tag", () => {
    const cipher = createAead("aes-128-ccm-8", hex("404142434445464748494a4b4c4d4e4f"));
    const plaintext = hex("202122232425262728292a2b2c2d2e2f3031323334353637");
    const out = new Uint8Array(plaintext.length + 8);
    const additional = hex("000102030405060708090a0b0c0d0e0f10111213");
    cipher.seal(hex("101112131415161718191a1b"), additional, plaintext, out);
    assert.equal(Buffer.from(out).toString("hex"), "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951");
  });

  it("matches GCM test case 4 of the specification", () => {
    const cipher = createAead("aes-128-gcm", hex("feffe9928665731c6d6a8f9467308308"));
    const plaintext = hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    const out = new Uint8Array(plaintext.length + 16);
    cipher.seal(hex("cafebabefacedbaddecaf888"), hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), plaintext, out);
    assert.equal(Buffer.from(out.subarray(-16)).toString("hex"), "5bc94fbc3221a5db94fae95ae7121a47");
  });

  it("opens what it sealed in any order on one cipher, and refuses any flipped bit", () => {
    const random = new SeededRandom(11);
    for (const name of names) {
      const key = random.bytes(name.includes("256") ? 32 : 16);
      const [sender, receiver] = [createAead(name, key), createAead(name, key)];
      for (const size of [0, 1, 15, 16, 17, 64, 1024, 9000]) {
        const [nonce, additional, plaintext] = [random.bytes(12), random.bytes(size % 40), random.bytes(size)];
        const sealed = new Uint8Array(size + sender.tagSizeBytes);
        sender.seal(nonce, additional, plaintext, sealed);
        const out = new Uint8Array(size);
        const forged = sealed.slice();
        const at = random.uint32() % forged.length;
        forged[at] = (forged[at] ?? 0) ^ (1 << (random.uint32() % 8));
        assert.equal(receiver.open(nonce, additional, forged, out), false, `${name} ${size}`);
        assert.ok(out.every((byte) => byte === 0));
        assert.equal(receiver.open(nonce, additional, sealed, out), true, `${name} ${size}`);
        assert.deepEqual(out, plaintext);
      }
    }
  });

  it("keeps the cipher usable whatever was opened before", () => {
    const key = new Uint8Array(16).fill(3);
    const [first, second] = [createAead("aes-128-ccm-8", key), createAead("aes-128-ccm-8", key)];
    const nonce = new Uint8Array(12);
    first.open(nonce, nonce, new Uint8Array(40), new Uint8Array(32));
    const [a, b] = [new Uint8Array(13), new Uint8Array(13)];
    first.seal(nonce, nonce, new Uint8Array(5), a);
    second.seal(nonce, nonce, new Uint8Array(5), b);
    assert.deepEqual(a, b);
  });

  it("asserts on keys and buffers of a wrong size", () => {
    assert.throws(() => createAead("aes-128-ccm", new Uint8Array(15)), /key of 15 bytes/);
    assert.throws(() => createAead("aes-128-gcm", new Uint8Array(17)), /key of 17 bytes/);
    const cipher = createAead("aes-128-ccm-8", new Uint8Array(16));
    assert.throws(() => cipher.seal(new Uint8Array(12), new Uint8Array(0), new Uint8Array(4), new Uint8Array(4)));
    assert.throws(() => cipher.open(new Uint8Array(12), new Uint8Array(0), new Uint8Array(7), new Uint8Array(0)));
  });

  it("agrees with the mode of the runtime's own library where there is one", () => {
    const random = new SeededRandom(5);
    const [key, nonce, additional, plaintext] = [
      random.bytes(16),
      random.bytes(12),
      random.bytes(29),
      random.bytes(77),
    ];
    const native = createCipheriv("aes-128-gcm", key, nonce);
    native.setAAD(additional);
    const expected = Buffer.concat([native.update(plaintext), native.final(), native.getAuthTag()]);
    const out = new Uint8Array(plaintext.length + 16);
    createAead("aes-128-gcm", key).seal(nonce, additional, plaintext, out);
    assert.deepEqual(out, new Uint8Array(expected));
  });
});
