// What a driver asks of a server, and the datagrams that lead nowhere: each has its counter.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import { makeTestPki, type TestPki } from "@coracle/sim";
import { encodeAlert } from "./alert/alert.ts";
import { CipherPool } from "./connection/cipher-pool.ts";
import type { SessionId } from "./connection/outputs.ts";
import { plainRecord } from "./connection/flight.ts";
import { encodeClientHello } from "./handshake/client-hello.ts";
import { encodeMessage, HandshakeType } from "./handshake/handshake-header.ts";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "./io/mod.ts";
import { DtlsClient, type DtlsClientOptions, DtlsServer, type DtlsServerOptions, NO_PADDING } from "./mod.ts";
import { NodeCids, RandomCids, type SessionState } from "./mod.ts";
import { restoreProtection } from "./session/session-state.ts";
import { LossyPair } from "./testing/lossy-pair.ts";
import { mirroredSession } from "./testing/mirrored-session.ts";
import { outputOf, outputsOf } from "./testing/outputs.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };

function makePair(options: Partial<DtlsServerOptions> = {}): LossyPair {
  const random = new SeededRandom(1);
  const settings = { crypto, random, psk: () => psk.key, cids: new RandomCids(6) };
  return new LossyPair(new DtlsServer({ ...settings, ...options }), random);
}

function connect(pair: LossyPair, address: string, options: Partial<DtlsClientOptions> = {}) {
  const random = new SeededRandom(address.charCodeAt(0));
  const client = new DtlsClient({ crypto, random, psk, cids: new RandomCids(2), ...options });
  const outputs = pair.connect(address, client);
  pair.run({ durationMs: 200 });
  return { client, outputs };
}

/** Records of a session as its owner could seal them, numbered far ahead. */
function sealer(state: SessionState | undefined): (type: number, content: Uint8Array) => Uint8Array {
  assert.ok(state !== undefined);
  const context = { crypto, pool: new CipherPool(1), padding: NO_PADDING };
  const protection = restoreProtection(context, { ...state, writeSequence: state.writeSequence + 50 });
  assert.ok(protection !== undefined);
  return (type, content) => protection.seal(type, content);
}

describe("a driver", () => {
  it("stops new handshakes, while sessions go on", () => {
    const pair = makePair();
    connect(pair, "a");
    pair.server.acceptHandshakes(false);
    connect(pair, "b");
    assert.equal(pair.server.handshakeCount, 0);
    assert.ok(pair.server.counters.dropNotAccepting > 0);
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
    pair.run({ durationMs: 50 });
    assert.equal(outputsOf(pair.serverOutputs, "data").length, 1);
    pair.server.acceptHandshakes(true);
    pair.run({ durationMs: 5000 });
    assert.equal(pair.server.sessionCount, 2);
  });

  it("learns what an ID belongs to, and every session there is", () => {
    const pair = makePair();
    pair.connect("a", new DtlsClient({ crypto, random: new SeededRandom(5), psk, cids: new RandomCids(2) }));
    pair.run({ durationMs: 1000, until: () => pair.server.handshakeCount === 1 });
    const hello = pair.sent.findLast(({ from }) => from === "server")?.bytes ?? new Uint8Array(0);
    pair.run({ durationMs: 100 });
    const { session, summary } = outputOf(pair.serverOutputs, "established");
    assert.equal(pair.server.stageOf(summary.ownCid), "session");
    assert.equal(pair.server.stageOf(new Uint8Array(6)), undefined);
    assert.deepEqual([...pair.server.sessionIds()], [session]);
    // The same hello again, at a server that still waits for the client's answer.
    assert.ok(hello.length > 0);
    const waiting = makePair();
    waiting.connect("a", new DtlsClient({ crypto, random: new SeededRandom(5), psk, cids: new RandomCids(2) }));
    waiting.run({ durationMs: 1000, until: () => waiting.server.handshakeCount === 1 });
    assert.equal(waiting.server.stageOf(summary.ownCid), "handshake");
  });

  it("changes certificates between handshakes", async () => {
    const pki: TestPki = await makeTestPki();
    const other = await pki.server(["elsewhere"]);
    const clock = new ManualClock({ wallMs: Date.now() });
    const verifyPeer = trustVerifier({ ca: [pki.ca], clock, usage: "server" });
    const pair = makePair({ psk: undefined, credentials: loadCredentials(pki.key, pki.cert) });
    const client = { psk: undefined, verifyPeer };
    assert.equal(connect(pair, "a", { ...client, serverName: "localhost" }).outputs.length, 1);
    pair.server.replaceCredentials(loadCredentials(other.key, other.cert));
    const { identity } = outputOf(
      connect(pair, "b", { ...client, serverName: "elsewhere" }).outputs,
      "established",
    ).summary;
    assert.ok(identity.kind === "x509" && identity.name === "elsewhere");
  });

  it("is told when it means a session that is gone", () => {
    const pair = makePair();
    for (const kind of ["close", "send"] as const) {
      pair.tellServer({ kind, session: 77 as SessionId, bytes: new Uint8Array(1) });
      assert.deepEqual(outputOf(pair.serverOutputs, "refused"), {
        kind: "refused",
        session: 77,
        cause: "unknown-session",
      });
    }
    assert.equal(pair.server.forget(77 as SessionId), false);
    assert.equal(pair.server.export(77 as SessionId), undefined);
    assert.equal(pair.server.describe(77 as SessionId), undefined);
  });
});

describe("connection IDs of any length", () => {
  for (const size of [0, 1, 2, 5, 6, 7, 8, 16, 20, 32, 254, 255]) {
    it(`carry data both ways with ${size} bytes on either side`, () => {
      for (const [own, peers] of [
        [size, 2],
        [6, size],
        [size, size],
      ] as const) {
        const pair = makePair({ cids: new RandomCids(own) });
        const { outputs } = connect(pair, "a", { cids: new RandomCids(peers) });
        const { session, summary } = outputOf(pair.serverOutputs, "established");
        assert.deepEqual([summary.ownCid.length, summary.peerCid.length], [own, peers]);
        pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
        pair.tellServer({ kind: "send", session, bytes: Uint8Array.of(2) });
        pair.run({ durationMs: 50 });
        assert.deepEqual(outputOf(pair.serverOutputs, "data").bytes, Uint8Array.of(1));
        assert.deepEqual(outputOf(outputs, "data").bytes, Uint8Array.of(2));
        assert.equal(pair.server.find(summary.ownCid), own === 0 ? undefined : session);
        pair.rebind("a", "b");
        pair.tell("b", { kind: "send", bytes: Uint8Array.of(3) });
        pair.run({ durationMs: 50 });
        // Without an ID a record from elsewhere is a stranger's.
        assert.equal(outputsOf(pair.serverOutputs, "data").length, own === 0 ? 1 : 2);
      }
    });
  }

  it("of a node carry data with 20 bytes", () => {
    const pair = makePair({ cids: new NodeCids({ nodeId: 3, worker: 1, sizeBytes: 20 }) });
    connect(pair, "a");
    const { ownCid } = outputOf(pair.serverOutputs, "established").summary;
    assert.deepEqual([ownCid.length, ownCid[0], ownCid[1]], [20, 3, 1]);
  });
});

describe("a datagram", () => {
  it("of more records than are looked at is counted as such, on both sides", () => {
    const pair = makePair();
    const { client } = connect(pair, "a");
    const record = plainRecord({ plainSequence: 7, protection: undefined }, 20, Uint8Array.of(1));
    const bytes = Uint8Array.from(Array.from({ length: 17 }, () => [...record]).flat());
    pair.tellServer({ kind: "datagram", peer: "x", bytes });
    pair.tell("a", { kind: "datagram", peer: "server", bytes });
    assert.deepEqual([pair.server.counters.dropTooManyRecords, client.counters.dropTooManyRecords], [1, 1]);
  });

  it("of many hellos is answered with less than it is long", () => {
    // A hello of 67 bytes in each record, and a cookie that makes its answer longer than that.
    const hello = encodeClientHello({
      version: 0xfefd,
      random: new Uint8Array(32),
      sessionId: new Uint8Array(0),
      cookie: new Uint8Array(0),
      cipherSuites: [0xc0a8],
      compressionMethods: Uint8Array.of(0),
      extensions: [],
    });
    const message = encodeMessage({ type: HandshakeType.clientHello, messageSequence: 0, body: hello });
    const record = plainRecord({ plainSequence: 0, protection: undefined }, 22, message);
    const bytes = Uint8Array.from(Array.from({ length: 16 }, () => [...record]).flat());
    for (const cookieSize of [18, 80]) {
      const pair = makePair({ cookies: { make: () => new Uint8Array(cookieSize), accepts: () => false } });
      pair.tellServer({ kind: "datagram", peer: "x", bytes });
      const answered = pair.sent.reduce((sum, sent) => sum + sent.bytes.length, 0);
      assert.ok(answered < bytes.length, `${answered} for ${bytes.length}`);
      assert.equal(answered > 0, cookieSize === 18);
    }
  });

  it("with the ID of a handshake is taken from the address of that handshake alone", () => {
    const pair = makePair();
    pair.connect("a", new DtlsClient({ crypto, random: new SeededRandom(5), psk, cids: new RandomCids(2) }));
    const isLastFlight = (bytes: Uint8Array | undefined): boolean => bytes?.[13] === HandshakeType.clientKeyExchange;
    pair.run({ durationMs: 1000, until: () => isLastFlight(pair.sent.at(-1)?.bytes) });
    const bytes = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    const keyExchange = bytes.subarray(0, 13 + ((bytes[11] ?? 0) << 8) + (bytes[12] ?? 0));
    pair.tellServer({ kind: "datagram", peer: "a", bytes: keyExchange });
    pair.tellServer({ kind: "datagram", peer: "b", bytes: bytes.subarray(keyExchange.length) });
    const { dropUnexpected, handshakesCompleted } = pair.server.counters;
    assert.deepEqual([dropUnexpected, handshakesCompleted, pair.server.handshakeCount], [1, 0, 1]);
    pair.tellServer({ kind: "datagram", peer: "a", bytes: bytes.subarray(keyExchange.length) });
    assert.equal(outputOf(pair.serverOutputs, "established").peer, "a");
  });

  it("with a record of type 25 is nobody's where no IDs are given", () => {
    const pair = makePair({ cids: new RandomCids(0) });
    pair.tellServer({
      kind: "datagram",
      peer: "x",
      bytes: Uint8Array.of(25, 254, 253, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 9),
    });
    assert.deepEqual([pair.server.counters.dropUnknownCid, pair.server.counters.dropBadEpoch], [1, 0]);
  });

  it("is never answered with a longer one, whatever cookie a jar makes", () => {
    const cookies = { make: () => new Uint8Array(255), accepts: () => false };
    const pair = makePair({ cookies });
    connect(pair, "a");
    assert.equal(pair.sent.filter(({ from }) => from === "server").length, 0);
    assert.ok(pair.server.counters.dropBadHello > 0);
  });
});

describe("the last flight", () => {
  it("is forgotten once the peer has used the new keys for data", () => {
    for (const usesKeys of [true, false]) {
      const pair = makePair();
      connect(pair, "a");
      const peer = mirroredSession(
        crypto,
        pair.server.export(outputOf(pair.serverOutputs, "established").session, 100),
      );
      if (usesKeys) pair.tellServer({ kind: "datagram", peer: "a", bytes: peer.seal(23, Uint8Array.of(1)) });
      assert.equal(pair.server.nextTimeout() === undefined, usesKeys);
      pair.run({ durationMs: 1000 });
      const finished = encodeMessage({ type: HandshakeType.finished, messageSequence: 3, body: new Uint8Array(12) });
      pair.tellServer({ kind: "datagram", peer: "a", bytes: peer.seal(22, finished) });
      const { flightsRepeated, dropRepeatedFlight } = pair.server.counters;
      assert.deepEqual([flightsRepeated, dropRepeatedFlight], usesKeys ? [0, 1] : [1, 0]);
    }
  });
});

describe("a repeated flight", () => {
  it("is answered with the last one, not more often than ten times a second", () => {
    for (const cids of [new RandomCids(6), undefined]) {
      const pair = makePair({ cids });
      const timing = { initialMs: 60, capMs: 60, countMax: 20 };
      const client = new DtlsClient({ crypto, random: new SeededRandom(5), psk, cids: new RandomCids(2), timing });
      const outputs = pair.connect("a", client);
      pair.run({ durationMs: 1000, until: () => pair.server.sessionCount === 1 });
      // What the server sends now finds nobody, until the client has repeated itself some times.
      pair.rebind("a", "elsewhere");
      pair.run({ durationMs: 10 });
      pair.rebind("elsewhere", "a");
      assert.equal(outputs.length, 0);
      pair.run({ durationMs: 150, until: () => outputs.length > 0 });
      assert.equal(outputOf(outputs, "established").kind, "established");
      const { flightsRepeated, dropRepeatedFlight } = pair.server.counters;
      assert.deepEqual([flightsRepeated, dropRepeatedFlight > 0], [1, true]);
    }
  });
});

describe("an established client", () => {
  it("refuses to renegotiate when its server asks for it", () => {
    const pair = makePair();
    const { client, outputs } = connect(pair, "a");
    const { session } = outputOf(pair.serverOutputs, "established");
    const seal = sealer(pair.server.export(session));
    const request = encodeMessage({ type: HandshakeType.helloRequest, messageSequence: 0, body: new Uint8Array(0) });
    pair.tell("a", { kind: "datagram", peer: "server", bytes: seal(22, request) });
    pair.run({ durationMs: 50 });
    assert.equal(client.counters.renegotiationsRefused, 1);
    assert.equal(pair.server.counters.alertsReceived, 1);
    assert.deepEqual([pair.server.sessionCount, outputsOf(outputs, "closed").length], [1, 0]);
  });

  it("answers close_notify with its own, and ends on a fatal alert without a word", () => {
    for (const [alert, answers] of [
      ["closeNotify", 1],
      ["internalError", 0],
    ] as const) {
      const pair = makePair();
      const { outputs } = connect(pair, "a");
      const seal = sealer(pair.server.export(outputOf(pair.serverOutputs, "established").session));
      const sent = pair.sent.length;
      pair.tell("a", { kind: "datagram", peer: "server", bytes: seal(21, encodeAlert(alert)) });
      assert.equal(outputOf(outputs, "closed").alert, alert);
      assert.equal(pair.sent.length - sent, answers);
    }
  });
});

describe("an enhanced path check", () => {
  let pair: LossyPair;
  let seal: (type: number, content: Uint8Array) => Uint8Array;
  before(() => {
    pair = makePair({ pathCheckMode: "enhanced" });
    const { client } = connect(pair, "a");
    seal = sealer(client.export());
  });

  it("goes on to the new address when the old one gives it up (path_drop)", () => {
    pair.tellServer({ kind: "datagram", peer: "b", bytes: seal(23, new Uint8Array(60)) });
    assert.equal(pair.sent.at(-1)?.to, "a");
    const challenge = challengeIn(pair, "a");
    pair.tellServer({ kind: "datagram", peer: "a", bytes: seal(27, Uint8Array.of(2, ...challenge)) });
    assert.equal(pair.sent.at(-1)?.to, "b");
    assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
  });
});

/** The cookie of the challenge that the server sent last, read with its own keys. */
function challengeIn(pair: LossyPair, to: string): Uint8Array {
  const { session } = outputOf(pair.serverOutputs, "established");
  const state = pair.server.export(session, 100);
  const datagram = pair.sent.findLast((sent) => sent.to === to)?.bytes ?? new Uint8Array(0);
  assert.ok(state !== undefined);
  const { writeKey, writeIv, readKey, readIv, ownCid, peerCid } = state;
  const mirrored = { writeKey: readKey, writeIv: readIv, readKey: writeKey, readIv: writeIv };
  const context = { crypto, pool: new CipherPool(1), padding: NO_PADDING };
  const window = { newest: -1, low: 0, high: 0 };
  const peer = restoreProtection(context, { ...state, ...mirrored, ownCid: peerCid, peerCid: ownCid, window });
  const size = peerCid.length;
  const header = { type: 25, version: 0xfefd, epoch: 1, sequence: datagram[10] ?? 0, start: 0, cidSizeBytes: size };
  const opened = peer?.open(datagram, { ...header, payloadStart: 13 + size, end: datagram.length });
  assert.ok(opened?.ok === true && opened.type === 27 && opened.content[0] === 0);
  return opened.content.slice(1);
}
