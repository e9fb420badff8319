// Key agreement, signatures and the block permutation against published vectors.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { createAesBlock } from "./aes-block.ts";
import { ecdsaSigningKey, verifyEcdsa } from "./ecdsa.ts";
import { hashBytes, hmacBytes } from "./hash.ts";
import { createKeyShare } from "./key-share.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

describe("key agreement", () => {
  it("gives the public key of RFC 7748 §6.1, and both X25519 sides the same secret", () => {
    const a = createKeyShare("x25519", new Uint8Array(32).fill(5));
    const b = createKeyShare("x25519", hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
    assert.ok(a !== undefined && b !== undefined);
    assert.equal(
      Buffer.from(b.publicKey).toString("hex"),
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    );
    assert.deepEqual(a.agree(b.publicKey), b.agree(a.publicKey));
  });

  it("gives both P-256 sides the same secret and refuses points off the curve", () => {
    const a = createKeyShare("secp256r1", new Uint8Array(32).fill(1));
    const b = createKeyShare("secp256r1", new Uint8Array(32).fill(2));
    assert.ok(a !== undefined && b !== undefined);
    assert.equal(a.publicKey.length, 65);
    assert.deepEqual(a.agree(b.publicKey), b.agree(a.publicKey));
    assert.equal(a.agree(new Uint8Array(65).fill(4)), undefined);
    assert.equal(a.agree(new Uint8Array(0)), undefined);
    assert.equal(createKeyShare("secp256r1", new Uint8Array(32)), undefined);
    assert.equal(createKeyShare("x25519", new Uint8Array(31)), undefined);
  });

  it("refuses X25519 points that give the zero secret", () => {
    const share = createKeyShare("x25519", new Uint8Array(32).fill(9));
    assert.equal(share?.agree(new Uint8Array(32)), undefined);
    assert.equal(share?.agree(new Uint8Array(31)), undefined);
  });
});

describe("ECDSA", () => {
  it("verifies what it signed and nothing else, and takes P-256 keys alone", () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = ecdsaSigningKey(pair.privateKey.export({ format: "pem", type: "pkcs8" }));
    assert.ok(key !== undefined);
    const data = hex("00112233");
    const signature = key.sign("sha256", data);
    assert.equal(verifyEcdsa(key.publicKey, "sha256", data, signature), true);
    assert.equal(verifyEcdsa(key.publicKey, "sha384", data, signature), false);
    assert.equal(verifyEcdsa(key.publicKey, "sha256", hex("00112234"), signature), false);
    assert.equal(verifyEcdsa(hex("3000"), "sha256", data, signature), false);
    const other = generateKeyPairSync("ec", { namedCurve: "P-384" });
    assert.equal(ecdsaSigningKey(other.privateKey.export({ format: "pem", type: "pkcs8" })), undefined);
    assert.equal(ecdsaSigningKey("no key"), undefined);
  });
});

describe("hash and block functions", () => {
  it("match FIPS 180-4, RFC 4231 case 2 and FIPS 197 appendix C.1", () => {
    const text = new TextEncoder().encode("what do ya want for nothing?");
    const key = new TextEncoder().encode("Jefe");
    assert.match(Buffer.from(hmacBytes("sha256", key, text)).toString("hex"), /^5bdcc146bf60754e/);
    assert.match(Buffer.from(hmacBytes("sha384", key, text)).toString("hex"), /^af45d2e376484031/);
    assert.match(
      Buffer.from(hashBytes("sha384", new TextEncoder().encode("abc"))).toString("hex"),
      /^cb00753f45a35e8b/,
    );
    const block = createAesBlock(hex("000102030405060708090a0b0c0d0e0f"));
    const sealed = block.encrypt(hex("00112233445566778899aabbccddeeff"));
    assert.equal(Buffer.from(sealed).toString("hex"), "69c4e0d86a7b0430d8cdb78070b4c55a");
    assert.equal(Buffer.from(block.decrypt(sealed)).toString("hex"), "00112233445566778899aabbccddeeff");
    assert.throws(() => createAesBlock(new Uint8Array(5)), /key of 5 bytes/);
  });
});
