// Handshakes with certificates and raw public keys, client authentication, and every refusal of a key.
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { before, describe, it } from "node:test";
import { err, ManualClock, ok, SeededRandom } from "@coracle/base";
import { makeTestPki, type TestCertificate, type TestPki } from "@coracle/sim";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "./io/mod.ts";
import { CIPHER_SUITES, DtlsClient, type DtlsClientOptions, DtlsServer, type DtlsServerOptions } from "./mod.ts";
import { RandomCids } from "./mod.ts";
import { BEYOND_SHORT_AUTHORITY, CHAIN_INTERMEDIATE, CHAIN_LEAF, CHAIN_ROOT } from "./testing/certificate-chain.ts";
import { CONSTRAINED_AUTHORITY, LEAF_BEYOND, LEAF_UNDER_CONSTRAINED } from "./testing/certificate-chain.ts";
import { LEAF_WITHOUT_SIGNATURES, NO_AUTHORITY, SHORT_AUTHORITY } from "./testing/certificate-chain.ts";
import { UNDER_NO_AUTHORITY } from "./testing/certificate-chain.ts";
import { LossyPair } from "./testing/lossy-pair.ts";
import { outputOf, outputsOf } from "./testing/outputs.ts";

const clock = new ManualClock({ wallMs: Date.now() });
let pki: TestPki;
let wild: TestPki;
let device: TestCertificate;

before(async () => {
  pki = await makeTestPki();
  wild = await makeTestPki({ names: ["*.example"] });
  device = await pki.client({ commonName: "device-7" });
});

const publicKeyOf = (pem: string): Uint8Array =>
  new Uint8Array(createPublicKey(createPrivateKey(pem)).export({ format: "der", type: "spki" }));

/** A server with the authority's certificate and a client that trusts it. */
function run(server: Partial<DtlsServerOptions>, client: Partial<DtlsClientOptions>) {
  const random = new SeededRandom(1);
  const pair = new LossyPair(
    new DtlsServer({
      crypto,
      random,
      credentials: loadCredentials(pki.key, pki.cert),
      verifyPeer: trustVerifier({ ca: [pki.ca], clock, usage: "client" }),
      cids: new RandomCids(6),
      ...server,
    }),
    random,
  );
  const verifyPeer = trustVerifier({ ca: [pki.ca], clock, usage: "server" });
  const dtls = new DtlsClient({
    crypto,
    random: new SeededRandom(2),
    verifyPeer,
    serverName: "localhost",
    cids: new RandomCids(0),
    ...client,
  });
  const outputs = pair.connect("a", dtls);
  pair.run({ durationMs: 500 });
  return { pair, outputs };
}

describe("a certificate handshake", () => {
  for (const suite of CIPHER_SUITES.filter((entry) => entry.keyExchange === "ecdhe-ecdsa")) {
    for (const group of ["secp256r1", "x25519"] as const) {
      it(`establishes ${suite.name} over ${group}`, () => {
        const { pair, outputs } = run({ suites: [suite], groups: [group] }, {});
        const mine = outputOf(outputs, "established");
        assert.equal(mine.summary.suite, suite.name);
        assert.equal(mine.summary.identity.kind === "x509" ? mine.summary.identity.name : "", "localhost");
        assert.equal(outputOf(pair.serverOutputs, "established").summary.identity.kind, "anonymous");
        assert.equal(outputOf(pair.serverOutputs, "established").summary.serverName, "localhost");
      });
    }
  }

  it("names no host to the server where the client knows an address alone, and checks that against the certificate", async () => {
    const { key, cert } = await pki.server(["127.0.0.1"]);
    for (const [serverName, isRight] of [
      ["127.0.0.1", true],
      ["127.0.0.2", false],
    ] as const) {
      const { pair, outputs } = run({ credentials: loadCredentials(key, cert) }, { serverName });
      const hello = Buffer.from(pair.sent[0]?.bytes ?? new Uint8Array(0));
      assert.equal(hello.includes(serverName), false);
      if (isRight) assert.equal(outputOf(pair.serverOutputs, "established").summary.serverName, undefined);
      else assert.equal(outputOf(outputs, "handshake-failed").alert, "badCertificate");
    }
  });

  it("tells the server who the client is, if it asks", () => {
    for (const clientCertificate of ["optional", "required"] as const) {
      const credentials = loadCredentials(device.key, device.cert);
      const { pair } = run({ clientCertificate }, { credentials });
      const { identity } = outputOf(pair.serverOutputs, "established").summary;
      assert.ok(identity.kind === "x509");
      assert.equal(identity.name, "device-7");
    }
  });

  it("goes on without a client certificate if it is optional, and not if it is required", () => {
    const { pair } = run({ clientCertificate: "optional" }, {});
    assert.equal(outputOf(pair.serverOutputs, "established").summary.identity.kind, "anonymous");
    const refused = run({ clientCertificate: "required" }, {});
    assert.equal(outputOf(refused.outputs, "handshake-failed").alert, "handshakeFailure");
    assert.equal(outputOf(refused.pair.serverOutputs, "handshake-failed").cause, "alert-sent");
  });

  it("uses raw public keys on both sides", () => {
    const [serverKey, clientKey] = [publicKeyOf(pki.key), publicKeyOf(device.key)];
    const { pair, outputs } = run(
      {
        credentials: loadCredentials(pki.key),
        clientCertificate: "required",
        clientCertificateTypes: ["raw-public-key"],
        verifyPeer: trustVerifier({ rawPublicKeys: new Map([["device", clientKey]]), clock, usage: "client" }),
      },
      {
        credentials: loadCredentials(device.key),
        serverCertificateTypes: ["raw-public-key"],
        verifyPeer: trustVerifier({ rawPublicKeys: new Map([["server", serverKey]]), clock, usage: "server" }),
      },
    );
    assert.deepEqual(outputOf(outputs, "established").summary.identity, {
      kind: "raw-public-key",
      publicKey: serverKey,
    });
    assert.deepEqual(outputOf(pair.serverOutputs, "established").summary.identity, {
      kind: "raw-public-key",
      publicKey: clientKey,
    });
  });

  it("carries the whole chain that is shown", () => {
    const chained = loadCredentials(pki.key, `${pki.cert}${pki.ca}`);
    const { outputs } = run({ credentials: chained }, {});
    const { identity } = outputOf(outputs, "established").summary;
    assert.ok(identity.kind === "x509");
    assert.deepEqual(identity.chain, chained.chain);
    assert.equal(identity.chain.length, 2);
  });

  it("is known under a wildcard's names, which stands for one label", () => {
    const verify = trustVerifier({ ca: [wild.ca], clock, usage: "server" });
    const credentials = loadCredentials(wild.key, wild.cert);
    for (const [serverName, isRight] of [
      ["a.example", true],
      ["A.EXAMPLE", true],
      ["a.b.example", false],
      ["example", false],
      ["a.example.org", false],
    ] as const) {
      const { outputs } = run({ credentials }, { verifyPeer: verify, serverName });
      assert.equal(outputsOf(outputs, "established").length, isRight ? 1 : 0, serverName);
    }
  });

  it("is refused by the client with the alert that fits", async () => {
    const other = await makeTestPki({ caName: "other" });
    const old = await pki.server(["localhost"], { validToMs: clock.wallMs() - 1000 });
    const verify = (ca: string) => trustVerifier({ ca: [ca], clock, usage: "server" });
    const cases = [
      [{}, { verifyPeer: verify(other.ca) }, "unknownCa"],
      [{ credentials: loadCredentials(old.key, old.cert) }, {}, "certificateExpired"],
      [{ credentials: loadCredentials(device.key, device.cert) }, {}, "unsupportedCertificate"],
      [{}, { serverName: "elsewhere" }, "badCertificate"],
      [
        { credentials: loadCredentials(pki.key) },
        { serverCertificateTypes: ["raw-public-key"] as const },
        "certificateUnknown",
      ],
    ] as const;
    for (const [server, client, alert] of cases) {
      const { pair, outputs } = run(server, client);
      assert.equal(outputOf(outputs, "handshake-failed").alert, alert);
      const told = outputOf(pair.serverOutputs, "handshake-failed");
      assert.deepEqual([told.cause, told.alert], ["alert-received", alert]);
    }
  });

  it("is refused by the server with the alert that fits", async () => {
    const other = await makeTestPki({ caName: "other" });
    const stranger = await other.client({ commonName: "mallory" });
    const required = { clientCertificate: "required" } as const;
    const cases = [
      [required, { credentials: loadCredentials(stranger.key, stranger.cert) }, "unknownCa"],
      [
        { ...required, clientCertificateTypes: ["raw-public-key"] as const },
        { credentials: loadCredentials(stranger.key) },
        "certificateUnknown",
      ],
      [
        { ...required, verifyPeer: undefined },
        { credentials: loadCredentials(device.key, device.cert) },
        "certificateUnknown",
      ],
      [{ ...required, clientCertificateTypes: ["raw-public-key"] as const }, {}, "unsupportedCertificate"],
    ] as const;
    for (const [server, client, alert] of cases) {
      const { pair, outputs } = run(server, client);
      assert.equal(outputOf(pair.serverOutputs, "handshake-failed").alert, alert);
      assert.equal(outputOf(outputs, "handshake-failed").alert, alert);
    }
  });

  it("refuses a signature by another key than the certificate's", () => {
    const right = loadCredentials(pki.key, pki.cert);
    const wrong = { ...right, signingKey: loadCredentials(device.key).signingKey };
    const { outputs } = run({ credentials: wrong }, {});
    assert.equal(outputOf(outputs, "handshake-failed").alert, "decryptError");
    const mine = loadCredentials(device.key, device.cert);
    const forged = { ...mine, signingKey: right.signingKey };
    const { pair } = run({ clientCertificate: "required" }, { credentials: forged });
    assert.equal(outputOf(pair.serverOutputs, "handshake-failed").alert, "decryptError");
  });

  it("finds no suite when there is no common one, group or hash", () => {
    const [first, second] = CIPHER_SUITES;
    assert.ok(first !== undefined && second !== undefined);
    for (const [server, client] of [
      [{ suites: [first] }, { suites: [second] }],
      [{ groups: ["x25519"] }, { groups: ["secp256r1"] }],
      // The server could agree on X25519, but its key is on a curve that the client does not take.
      [{}, { groups: ["x25519"] }],
      [{}, { signatureSchemes: [0x0503] }],
      [{ credentials: undefined }, {}],
    ] as const) {
      const { outputs } = run(server, client);
      assert.equal(outputOf(outputs, "handshake-failed").alert, "handshakeFailure");
    }
  });
});

describe("trustVerifier()", () => {
  it("trusts through an intermediate that is shown, and through no certificate but an authority's", () => {
    const der = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw);
    const verify = trustVerifier({ ca: [CHAIN_ROOT], clock, usage: "server" });
    for (const [shown, verdict] of [
      [[CHAIN_LEAF, CHAIN_INTERMEDIATE], ok("chain leaf")],
      [[CHAIN_LEAF, NO_AUTHORITY, CHAIN_INTERMEDIATE], ok("chain leaf")],
      [[CHAIN_LEAF], err("unknownCa")],
      [[UNDER_NO_AUTHORITY, NO_AUTHORITY], err("unknownCa")],
      [[LEAF_BEYOND, BEYOND_SHORT_AUTHORITY, SHORT_AUTHORITY], err("unknownCa")],
      [[LEAF_UNDER_CONSTRAINED, CONSTRAINED_AUTHORITY], err("unknownCa")],
      [[LEAF_WITHOUT_SIGNATURES], err("unsupportedCertificate")],
    ] as const) {
      assert.deepEqual(verify({ kind: "x509", chain: shown.map(der) }, "leaf.example"), verdict);
    }
    // Trusted by itself, the short authority may sign leaves.
    const shorter = trustVerifier({ ca: [BEYOND_SHORT_AUTHORITY], clock, usage: "server" });
    assert.deepEqual(shorter({ kind: "x509", chain: [der(LEAF_BEYOND)] }, "leaf.example"), ok("leaf2"));
    assert.deepEqual(verify({ kind: "x509", chain: [] }, undefined), err("badCertificate"));
    assert.deepEqual(verify({ kind: "x509", chain: [Uint8Array.of(1, 2)] }, undefined), err("badCertificate"));
  });
});

describe("loadCredentials()", () => {
  it("refuses keys and chains that cannot be used", () => {
    assert.throws(() => loadCredentials("no key"), /not P-256/);
    assert.throws(() => loadCredentials(pki.key, "no certificate"), /CERTIFICATE block/);
    assert.throws(() => loadCredentials(device.key, pki.cert), /does not belong/);
  });
});
