// PSK handshakes end to end in memory: every suite, connection IDs in each direction, data both ways, closing.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { systemCrypto as crypto } from "./io/mod.ts";
import { CIPHER_SUITES, DtlsClient, type DtlsClientOptions, type DtlsOutput, DtlsServer } from "./mod.ts";
import { type DtlsServerOptions, RandomCids } from "./mod.ts";
import { LossyPair } from "./testing/lossy-pair.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const psk = { identity: text("device-0001"), key: Uint8Array.from({ length: 16 }, (_, index) => index) };
const lookup = (identity: Uint8Array): Uint8Array | undefined =>
  new TextDecoder().decode(identity) === "device-0001" ? psk.key : undefined;

function find<Kind extends DtlsOutput["kind"]>(
  outputs: readonly DtlsOutput[],
  kind: Kind,
): Extract<DtlsOutput, { kind: Kind }> {
  const found = outputs.find((output) => output.kind === kind);
  assert.ok(found !== undefined, `no ${kind} among ${outputs.map((output) => output.kind).join(", ")}`);
  return found as Extract<DtlsOutput, { kind: Kind }>;
}

function makePair(server: Partial<DtlsServerOptions>, client: Partial<DtlsClientOptions>) {
  const random = new SeededRandom(1);
  const pair = new LossyPair(new DtlsServer({ crypto, random, psk: lookup, ...server }), random);
  const dtls = new DtlsClient({ crypto, random: new SeededRandom(2), psk, ...client });
  const outputs = pair.connect("a", dtls);
  pair.run({ durationMs: 500 });
  return { pair, dtls, outputs };
}

describe("a PSK handshake", () => {
  for (const suite of CIPHER_SUITES.filter((entry) => entry.keyExchange !== "ecdhe-ecdsa")) {
    it(`establishes ${suite.name} and carries data both ways`, () => {
      const cids = new RandomCids(6);
      const { pair, outputs } = makePair({ suites: [suite], cids }, { cids: new RandomCids(2) });
      const mine = find(outputs, "established");
      const theirs = find(pair.serverOutputs, "established");
      assert.equal(mine.summary.suite, suite.name);
      assert.deepEqual(theirs.summary.identity, { kind: "psk", identity: psk.identity });
      assert.deepEqual(mine.summary.ownCid, theirs.summary.peerCid);
      assert.equal(theirs.summary.ownCid.length, 6);
      assert.ok(mine.summary.usesExtendedMasterSecret && theirs.summary.allowsPathCheck);
      pair.tell("a", { kind: "send", bytes: text("ping") });
      pair.run({ durationMs: 100 });
      assert.deepEqual(find(pair.serverOutputs, "data").bytes, text("ping"));
      pair.tellServer({ kind: "send", session: theirs.session, bytes: text("pong") });
      pair.run({ durationMs: 100 });
      assert.deepEqual(find(outputs, "data").bytes, text("pong"));
      assert.deepEqual(
        pair.sent.slice(-2).map(({ bytes }) => bytes[0]),
        [25, 25],
      );
      pair.tell("a", { kind: "close" });
      pair.run({ durationMs: 100 });
      assert.equal(find(pair.serverOutputs, "closed").cause, "close-notify");
      assert.equal(pair.server.sessionCount, 0);
    });
  }

  it("uses the plain record form in a direction whose receiver wants no ID", () => {
    for (const [own, peers] of [
      [6, 0],
      [0, 3],
      [0, 0],
    ] as const) {
      const { pair, outputs } = makePair({ cids: new RandomCids(own) }, { cids: new RandomCids(peers) });
      const session = find(pair.serverOutputs, "established").session;
      pair.tell("a", { kind: "send", bytes: text("x") });
      pair.tellServer({ kind: "send", session, bytes: text("y") });
      pair.run({ durationMs: 50 });
      assert.deepEqual(find(outputs, "data").bytes, text("y"));
      const [up, down] = pair.sent.slice(-2).map(({ bytes }) => bytes[0]);
      assert.deepEqual([up, down], [own > 0 ? 25 : 23, peers > 0 ? 25 : 23]);
    }
  });

  it("works without connection IDs when either side has none", () => {
    for (const [server, client] of [
      [{ cids: new RandomCids(6) }, {}],
      [{}, { cids: new RandomCids(2) }],
    ] as const) {
      const { pair, outputs } = makePair(server, client);
      assert.equal(find(outputs, "established").summary.peerCid.length, 0);
      pair.tell("a", { kind: "send", bytes: text("x") });
      pair.run({ durationMs: 50 });
      assert.deepEqual(find(pair.serverOutputs, "data").bytes, text("x"));
    }
  });

  it("takes the numbers of the drafts for strangers: no connection ID comes of them", () => {
    for (const type of [53, 254]) {
      const additionalExtensions = [{ type, data: Uint8Array.of(2, 0xc1, 0xd2) }];
      const { pair, outputs } = makePair({ cids: new RandomCids(6) }, { additionalExtensions });
      assert.equal(find(outputs, "established").summary.peerCid.length, 0);
      const { ownCid, peerCid } = find(pair.serverOutputs, "established").summary;
      assert.deepEqual([ownCid.length, peerCid.length], [0, 0]);
    }
  });

  it("gives both sides the same further key material", () => {
    const { pair, outputs } = makePair({ extraKeySizeBytes: 32 }, { extraKeySizeBytes: 32 });
    const { extraKeys } = find(outputs, "established");
    assert.equal(extraKeys.length, 32);
    assert.deepEqual(find(pair.serverOutputs, "established").extraKeys, extraKeys);
  });

  it("follows the server's order of suites, not the client's", () => {
    const [first, second] = CIPHER_SUITES.filter((entry) => entry.keyExchange === "psk");
    assert.ok(first !== undefined && second !== undefined);
    for (const suites of [
      [first, second],
      [second, first],
    ]) {
      const { outputs } = makePair({ suites }, { suites: [first, second] });
      assert.equal(find(outputs, "established").summary.suite, suites[0]?.name);
    }
  });

  it("follows the server's order of groups, not the client's", () => {
    const suites = CIPHER_SUITES.filter((entry) => entry.keyExchange === "ecdhe-psk");
    for (const groups of [
      ["secp256r1", "x25519"],
      ["x25519", "secp256r1"],
    ] as const) {
      const { pair, outputs } = makePair({ suites, groups }, { groups: ["x25519", "secp256r1"] });
      find(outputs, "established");
      // ServerKeyExchange: no hint, then a named curve and its number.
      const sent = pair.sent.map(({ bytes }) => Buffer.from(bytes).toString("hex")).join(" ");
      const number = groups[0] === "x25519" ? "001d20" : "001741";
      assert.ok(sent.includes(`000003${number}`), groups[0]);
    }
  });

  it("stays within 256 bytes a datagram with everything a client can offer", () => {
    const { pair, outputs } = makePair(
      { cids: new RandomCids(8), datagramSizeMax: 256 },
      {
        cids: new RandomCids(8),
        datagramSizeMax: 256,
        serverName: "devices.example",
        verifyPeer: () => ({ ok: false, error: "unknownCa" }),
        serverCertificateTypes: ["raw-public-key", "x509"],
        resume: {
          sessionId: new Uint8Array(32),
          masterSecret: new Uint8Array(48),
          suite: 0xc0a8,
          identity: { kind: "anonymous" },
          serverName: undefined,
        },
      },
    );
    find(outputs, "established");
    assert.ok(Math.max(...pair.sent.map(({ bytes }) => bytes.length)) <= 256);
  });

  it("keeps nothing and answers no more than it was sent before the cookie came back", () => {
    const random = new SeededRandom(3);
    const server = new DtlsServer({ crypto, random, psk: lookup, cids: new RandomCids(6) });
    const pair = new LossyPair(server, random);
    pair.connect("a", new DtlsClient({ crypto, random, psk }));
    pair.run({ durationMs: 5, until: () => pair.sent.length === 2 });
    assert.equal(server.handshakeCount, 0);
    assert.ok((pair.sent[1]?.bytes.length ?? 999) <= (pair.sent[0]?.bytes.length ?? 0));
  });

  it("ends in silence, with a counter, when the key is wrong or the identity unknown", () => {
    for (const wrong of [
      { identity: psk.identity, key: text("another key") },
      { identity: text("who"), key: psk.key },
      // Nobody gets in by guessing what stands in for the key of an identity that there is not.
      { identity: text("who"), key: new Uint8Array(16) },
      { identity: text("who"), key: new Uint8Array(0) },
    ]) {
      const { pair, outputs } = makePair({}, { psk: wrong });
      assert.equal(outputs.length, 0);
      pair.run({ durationMs: 200_000 });
      assert.equal(find(outputs, "handshake-failed").cause, "timeout");
      assert.equal(find(pair.serverOutputs, "handshake-failed").cause, "timeout");
      assert.ok(pair.server.counters.dropBadMac > 0);
      assert.equal(pair.server.handshakeCount, 0);
    }
  });
});
