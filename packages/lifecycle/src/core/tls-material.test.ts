// Which TLS material stays in force while files are half written, empty, gone or wrong.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BundleMaterial, type MaterialInspector, PairMaterial } from "./tls-material.ts";

/** Certificates are texts like `cert:1 cert:2`; `key:1` belongs to `cert:1`. */
const inspector: MaterialInspector = {
  certificates: (pem) => {
    const names = pem.match(/cert:\w+/g) ?? [];
    if (names.length === 0) return { ok: false, error: "there is no certificate in it" };
    return { ok: true, value: names.map((commonName) => ({ commonName, serialNumber: "1", validToMs: 1000 })) };
  },
  keyMatches: (key, cert) => cert.startsWith(key.replace("key", "cert")),
  sha256Hex: (text) => `digest of ${text}`,
};

describe("PairMaterial", () => {
  it("takes a matching pair and says when nothing changed", () => {
    const pair = new PairMaterial(inspector);
    assert.equal(pair.offer("cert:1", "key:1").kind, "accepted");
    assert.equal(pair.offer("cert:1", "key:1").kind, "unchanged");
    assert.equal(pair.facts?.sha256, "digest of cert:1");
  });

  it("keeps the old pair while only one file is new, and takes the pair when both are", () => {
    const pair = new PairMaterial(inspector);
    pair.offer("cert:1", "key:1");
    assert.deepEqual(pair.offer("cert:2", "key:1"), { kind: "refused", reason: "the key is not the certificate's" });
    assert.deepEqual(pair.current, { cert: "cert:1", key: "key:1" });
    assert.equal(pair.offer("cert:2", "key:2").kind, "accepted");
    assert.deepEqual(pair.current, { cert: "cert:2", key: "key:2" });
  });

  it("refuses empty files, files that are gone and files without a certificate", () => {
    const pair = new PairMaterial(inspector);
    pair.offer("cert:1", "key:1");
    for (const [cert, key, reason] of [
      ["", "key:1", "the certificate file is empty"],
      ["cert:1", " \n", "the key file is empty"],
      [undefined, "key:1", "the certificate file cannot be read"],
      ["cert:1", undefined, "the key file cannot be read"],
      ["junk", "key:1", "there is no certificate in it"],
    ] as const)
      assert.deepEqual(pair.offer(cert, key), { kind: "refused", reason });
    assert.deepEqual(pair.current, { cert: "cert:1", key: "key:1" });
  });

  it("reports the same refusal once, and again after the content was good in between", () => {
    const pair = new PairMaterial(inspector);
    pair.offer("cert:1", "key:1");
    assert.equal(pair.offer("cert:2", "key:1").kind, "refused");
    assert.equal(pair.offer("cert:2", "key:1").kind, "unchanged");
    pair.offer("cert:1", "key:1");
    assert.equal(pair.offer("cert:2", "key:1").kind, "refused");
  });
});

describe("BundleMaterial", () => {
  it("concatenates sources and keeps what a bad source had", () => {
    const bundle = new BundleMaterial(inspector);
    assert.equal(bundle.offer("a", "cert:1 cert:2").kind, "accepted");
    assert.equal(bundle.offer("b", "cert:3").kind, "accepted");
    assert.deepEqual(bundle.offer("b", ""), { kind: "refused", reason: "the file is empty" });
    assert.deepEqual(bundle.offer("b", "junk"), { kind: "refused", reason: "there is no certificate in it" });
    assert.deepEqual(bundle.offer("b", undefined), { kind: "refused", reason: "the file cannot be read" });
    assert.deepEqual(bundle.current, ["cert:1 cert:2", "cert:3"]);
    assert.deepEqual(
      bundle.facts.certificates.map((facts) => facts.commonName),
      ["cert:1", "cert:2", "cert:3"],
    );
    assert.equal(bundle.offer("a", "cert:4").kind, "accepted");
    assert.deepEqual(bundle.current, ["cert:4", "cert:3"]);
  });

  it("reports the same refusal once", () => {
    const bundle = new BundleMaterial(inspector);
    assert.equal(bundle.offer("a", "junk").kind, "refused");
    assert.equal(bundle.offer("a", "junk").kind, "unchanged");
    assert.equal(bundle.offer("a", "junk2").kind, "refused");
  });
});
