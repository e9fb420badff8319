// Certificates made by the test authority, parsed and verified as a server does with its clients'.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { randomInteger, SeededRandom } from "@coracle/base";
import { makeTestPki } from "@coracle/sim";
import { keyMatchesCertificate, parseCertificate, parseCertificates, verifyCertificate } from "./certificate.ts";

describe("certificates", () => {
  it("shows user, groups, names and issuer", async () => {
    const pki = await makeTestPki({ caName: "front, proxy" });
    const client = await pki.client({
      commonName: "jane",
      organizations: ["system:masters", "a,b"],
    });
    const parsed = parseCertificate(client.cert);
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.value.subject, {
      CN: "jane",
      O: ["system:masters", "a,b"],
    });
    assert.equal(parsed.value.issuer.CN, "front, proxy");
    assert.deepEqual(parsed.value.extendedKeyUsage, ["1.3.6.1.5.5.7.3.2"]);
    const server = parseCertificate(pki.cert);
    assert.ok(server.ok);
    assert.deepEqual(server.value.dnsNames, ["localhost"]);
    assert.deepEqual(server.value.ipAddresses, ["127.0.0.1", "::1"]);
    assert.equal(server.value.isCa, false);
    assert.ok(server.value.validToMs > server.value.validFromMs);
  });

  it("trusts what one of several authorities signed, and nothing else", async () => {
    const [ours, other] = await Promise.all([makeTestPki({ caName: "ours" }), makeTestPki({ caName: "other" })]);
    const client = await ours.client({ commonName: "jane" });
    const nowMs = Date.now();
    const bundle = `${other.ca}\n${ours.ca}`;
    assert.ok(verifyCertificate(client.cert, [bundle], { nowMs }).ok);
    const refused = verifyCertificate(client.cert, [other.ca], { nowMs });
    assert.ok(!refused.ok);
    assert.equal(refused.error.code, "UNKNOWN_ISSUER");
    assert.match(refused.error.message, /"ours"/);
  });

  it("tells apart an authority of the same name with another key", async () => {
    const [ours, forged] = await Promise.all([makeTestPki({ caName: "same" }), makeTestPki({ caName: "same" })]);
    const client = await forged.client({ commonName: "mallory" });
    const result = verifyCertificate(client.cert, [ours.ca], {
      nowMs: Date.now(),
    });
    assert.ok(!result.ok);
    assert.equal(result.error.code, "UNKNOWN_ISSUER");
  });

  it("refuses expired, early and wrongly used certificates", async () => {
    const pki = await makeTestPki();
    const nowMs = Date.now();
    const old = await pki.client({ validToMs: nowMs - 1000 });
    const early = await pki.client({ validFromMs: nowMs + 3_600_000 });
    const codes = [old, early].map(({ cert }) => {
      const result = verifyCertificate(cert, [pki.ca], { nowMs });
      return result.ok ? "trusted" : result.error.code;
    });
    assert.deepEqual(codes, ["EXPIRED", "NOT_YET_VALID"]);
    const usage = verifyCertificate(pki.cert, [pki.ca], {
      nowMs,
      usage: "client",
    });
    assert.ok(!usage.ok);
    assert.equal(usage.error.code, "WRONG_USAGE");
  });

  it("refuses whatever a stranger makes of one, and never throws", async () => {
    const pki = await makeTestPki();
    const { cert } = await pki.client({ commonName: "jane", organizations: ["a", "b"] });
    const der = Buffer.from(cert.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
    const random = new SeededRandom(5);
    let refused = 0;
    for (let round = 0; round < 500; round++) {
      const changed = Uint8Array.from(der);
      for (let flips = randomInteger(random, 1, 3); flips > 0; flips--) {
        changed[random.uint32() % changed.length] = random.uint32() & 0xff;
      }
      const lines = Buffer.from(changed).toString("base64");
      const pem = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
      const verdict = verifyCertificate(pem, [pki.ca], { nowMs: Date.now(), usage: "client" });
      if (!verdict.ok) refused++;
    }
    // A byte may be set to what it was.
    assert.ok(refused > 480, `${refused} of 500`);
  });

  it("matches keys with certificates", async () => {
    const pki = await makeTestPki();
    const client = await pki.client({});
    assert.equal(keyMatchesCertificate(pki.key, pki.cert), true);
    assert.equal(keyMatchesCertificate(client.key, pki.cert), false);
    assert.equal(keyMatchesCertificate("no key", pki.cert), false);
    assert.equal(keyMatchesCertificate(pki.key, ""), false);
  });

  it("reads bundles, and says what is wrong with a broken one", async () => {
    const pki = await makeTestPki();
    const bundle = parseCertificates(`# comment\n${pki.ca}${pki.cert}`);
    assert.ok(bundle.ok);
    assert.deepEqual(
      bundle.value.map((certificate) => certificate.isCa),
      [true, false],
    );
    for (const broken of ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]) {
      const result = parseCertificates(broken);
      assert.ok(!result.ok);
      assert.equal(result.error.code, "BAD_CERTIFICATE");
    }
  });
});
