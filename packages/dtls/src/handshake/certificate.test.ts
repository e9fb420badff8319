// Certificate messages at their bounds.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeCertificateChain, encodeRawPublicKey, parseCertificateChain, parseRawPublicKey } from "./certificate.ts";

const chainOf = (length: number): Uint8Array[] => Array.from({ length }, (_, index) => Uint8Array.of(index, 1));

describe("a chain of certificates", () => {
  it("has ten at most", () => {
    for (const length of [0, 1, 10]) {
      assert.deepEqual(parseCertificateChain(encodeCertificateChain(chainOf(length))), chainOf(length));
    }
    assert.equal(parseCertificateChain(encodeCertificateChain(chainOf(11))), undefined);
  });

  it("has no empty one, and its lengths agree", () => {
    assert.equal(parseCertificateChain(encodeCertificateChain([new Uint8Array(0)])), undefined);
    const whole = encodeCertificateChain(chainOf(2));
    for (const body of [whole.subarray(1), whole.subarray(0, whole.length - 1), Uint8Array.of(...whole, 0)]) {
      assert.equal(parseCertificateChain(body), undefined);
    }
  });
});

describe("a raw public key", () => {
  it("is all of its message", () => {
    assert.deepEqual(parseRawPublicKey(encodeRawPublicKey(Uint8Array.of(1, 2))), Uint8Array.of(1, 2));
    assert.equal(parseRawPublicKey(Uint8Array.of(0, 0, 1, 1, 1)), undefined);
    assert.equal(parseRawPublicKey(Uint8Array.of(0, 0, 2, 1)), undefined);
  });
});
