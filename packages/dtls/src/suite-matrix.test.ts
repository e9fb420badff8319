// Every suite with every group, kind of key and way of asking for the client's, between our two sides: data both ways.
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { before, describe, it } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import { makeTestPki, type TestCertificate, type TestPki } from "@coracle/sim";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "./io/mod.ts";
import { CIPHER_SUITES, type CipherSuite, DtlsClient, type DtlsClientOptions, type GroupName } from "./mod.ts";
import { DtlsServer, type DtlsServerOptions, type KeyExchange, type PeerIdentity, RandomCids } from "./mod.ts";
import { LossyPair } from "./testing/lossy-pair.ts";
import { outputOf } from "./testing/outputs.ts";

const psk = { identity: Uint8Array.of(1, 2, 3), key: new Uint8Array(16).fill(7) };
const GROUPS: readonly GroupName[] = ["x25519", "secp256r1"];
const KEY_FORMS = ["x509", "raw-public-key"] as const;
/** How the server asks and what the client shows. */
const CLIENT_KEYS = [
  ["none", "anonymous"],
  ["optional", "anonymous"],
  ["optional", "x509"],
  ["optional", "raw-public-key"],
  ["required", "x509"],
  ["required", "raw-public-key"],
] as const;

const clock = new ManualClock({ wallMs: Date.now() });
let pki: TestPki;
let device: TestCertificate;
before(async () => {
  pki = await makeTestPki();
  device = await pki.client({ commonName: "device" });
});

const publicKeyOf = (pem: string): Uint8Array =>
  new Uint8Array(createPublicKey(createPrivateKey(pem)).export({ format: "der", type: "spki" }));
const suitesOf = (exchange: KeyExchange): readonly CipherSuite[] =>
  CIPHER_SUITES.filter(({ keyExchange }) => keyExchange === exchange);

/** One handshake and one message each way; what each side learnt of the other. */
function talk(
  server: Partial<DtlsServerOptions>,
  client: Partial<DtlsClientOptions>,
): { suite: string; ofServer: PeerIdentity; ofClient: PeerIdentity } {
  const random = new SeededRandom(5);
  const pair = new LossyPair(new DtlsServer({ crypto, random, cids: new RandomCids(6), ...server }), random);
  const own = new DtlsClient({ crypto, random: new SeededRandom(6), cids: new RandomCids(1), ...client });
  const outputs = pair.connect("a", own);
  pair.run({ durationMs: 500 });
  const [mine, theirs] = [outputOf(outputs, "established"), outputOf(pair.serverOutputs, "established")];
  assert.equal(mine.summary.suite, theirs.summary.suite);
  pair.tell("a", { kind: "send", bytes: Uint8Array.of(1, 2) });
  pair.tellServer({ kind: "send", session: theirs.session, bytes: Uint8Array.of(3) });
  pair.run({ durationMs: 50 });
  assert.deepEqual(outputOf(pair.serverOutputs, "data").bytes, Uint8Array.of(1, 2));
  assert.deepEqual(outputOf(outputs, "data").bytes, Uint8Array.of(3));
  return { suite: mine.summary.suite, ofServer: mine.summary.identity, ofClient: theirs.summary.identity };
}

describe("every suite", () => {
  it("of those that IANA has for PSK, ECDHE_PSK and ECDHE_ECDSA with CCM_8, CCM and GCM is there", () => {
    const codes = CIPHER_SUITES.map(({ code }) => code.toString(16).padStart(4, "0")).sort();
    const psks = ["00a8", "00a9", "c0a4", "c0a5", "c0a8", "c0a9"];
    const ecdhePsks = ["d001", "d002", "d003", "d005"];
    const ecdsas = ["c02b", "c02c", "c0ac", "c0ad", "c0ae", "c0af"];
    assert.deepEqual(codes, [...psks, ...ecdhePsks, ...ecdsas].sort());
  });

  for (const suite of suitesOf("psk")) {
    it(`${suite.name} carries data`, () => {
      const { suite: name, ofClient } = talk({ psk: () => psk.key, suites: [suite] }, { psk });
      assert.equal(name, suite.name);
      assert.deepEqual(ofClient, { kind: "psk", identity: psk.identity });
    });
  }

  for (const suite of suitesOf("ecdhe-psk")) {
    it(`${suite.name} carries data over each group, whichever side names it`, () => {
      for (const group of GROUPS) {
        for (const [server, client] of [
          [[group], GROUPS],
          [GROUPS, [group]],
        ] as const) {
          const options = { psk: () => psk.key, suites: [suite], groups: server };
          assert.equal(talk(options, { psk, groups: client }).suite, suite.name);
        }
      }
    });
  }

  for (const suite of suitesOf("ecdhe-ecdsa")) {
    for (const group of GROUPS) {
      it(`${suite.name} over ${group} carries data with each kind of key on each side`, () => {
        for (const form of KEY_FORMS) {
          for (const [asked, shown] of CLIENT_KEYS) {
            const server = { ...serverKeys(form, asked), suites: [suite], groups: [group] };
            const learnt = talk(server, clientKeys(form, shown));
            assert.deepEqual([learnt.suite, learnt.ofServer.kind, learnt.ofClient.kind], [suite.name, form, shown]);
          }
        }
      });
    }
  }
});

function serverKeys(
  form: (typeof KEY_FORMS)[number],
  clientCertificate: "none" | "optional" | "required",
): Partial<DtlsServerOptions> {
  const rawPublicKeys = new Map([["device", publicKeyOf(device.key)]]);
  return {
    credentials: loadCredentials(pki.key, form === "x509" ? pki.cert : undefined),
    clientCertificate,
    clientCertificateTypes: ["x509", "raw-public-key"],
    verifyPeer: trustVerifier({ ca: [pki.ca], rawPublicKeys, clock, usage: "client" }),
  };
}

function clientKeys(
  form: (typeof KEY_FORMS)[number],
  shown: (typeof CLIENT_KEYS)[number][1],
): Partial<DtlsClientOptions> {
  const rawPublicKeys = new Map([["server", publicKeyOf(pki.key)]]);
  return {
    serverName: "localhost",
    serverCertificateTypes: [form],
    verifyPeer: trustVerifier({ ca: [pki.ca], rawPublicKeys, clock, usage: "server" }),
    credentials:
      shown === "anonymous" ? undefined : loadCredentials(device.key, shown === "x509" ? device.cert : undefined),
  };
}
