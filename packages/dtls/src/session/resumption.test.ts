// Session-id resumption: abbreviated handshakes, and everything for which the full one is made instead.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import { makeTestPki, type TestCertificate, type TestPki } from "@coracle/sim";
import { encodeAlert } from "../alert/alert.ts";
import { CipherPool } from "../connection/cipher-pool.ts";
import { plainRecord } from "../connection/flight.ts";
import { ExtensionType } from "../extension/extension.ts";
import { encodeClientHello } from "../handshake/client-hello.ts";
import { encodeMessage, HandshakeType } from "../handshake/handshake-header.ts";
import { encodeServerHello } from "../handshake/server-hello.ts";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "../io/mod.ts";
import { cipherSuiteByName, type DtlsOutput, NO_PADDING, RandomCids, type ResumableSession } from "../mod.ts";
import { CLIENT_HELLO_SESSION_ID_AT, DtlsClient, type DtlsClientOptions, DtlsServer } from "../mod.ts";
import { type DtlsServerOptions, SessionStore } from "../mod.ts";
import { LossyPair, PERFECT_NETWORK } from "../testing/lossy-pair.ts";
import { outputOf, outputsOf } from "../testing/outputs.ts";
import { restoreProtection } from "./session-state.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };
/** Servers differ in what they draw, or they would give the same session ids. */
let seed = 0;

function makeServer(options: Partial<DtlsServerOptions> = {}): { pair: LossyPair; store: SessionStore } {
  const random = new SeededRandom(++seed);
  const store = new SessionStore();
  const server = new DtlsServer({
    crypto,
    random,
    psk: () => psk.key,
    cids: new RandomCids(6),
    sessions: store,
    ...options,
  });
  return { pair: new LossyPair(server, random), store };
}

function connect(pair: LossyPair, address: string, options: Partial<DtlsClientOptions> = {}): DtlsOutput[] {
  const cids = new RandomCids(3);
  const outputs = pair.connect(address, new DtlsClient({ crypto, random: new SeededRandom(7), psk, cids, ...options }));
  pair.run({ durationMs: 20_000, until: () => outputs.some((output) => output.kind !== "data") });
  return outputs;
}

/** Connects and gives what a later handshake needs. */
function resumableOf(pair: LossyPair, options: Partial<DtlsClientOptions> = {}): ResumableSession {
  const { resumable } = outputOf(connect(pair, "a", options), "established");
  pair.run({ durationMs: 100 });
  assert.ok(resumable !== undefined);
  return resumable;
}

const isResumed = (outputs: readonly DtlsOutput[]): boolean => outputOf(outputs, "established").summary.isResumed;

describe("resumption", () => {
  it("makes new keys and IDs without another key exchange", () => {
    const { pair, store } = makeServer();
    const first = outputOf(connect(pair, "a"), "established");
    assert.ok(first.resumable !== undefined && !first.summary.isResumed);
    const sentBefore = pair.sent.length;
    const second = outputOf(connect(pair, "b", { resume: first.resumable }), "established");
    assert.ok(second.summary.isResumed);
    assert.notDeepEqual(second.summary.peerCid, first.summary.peerCid);
    pair.run({ durationMs: 100 });
    // Hello, cookie, hello, the server's flight, the client's.
    assert.equal(pair.sent.length - sentBefore, 5);
    const theirs = outputOf(pair.serverOutputs, "established");
    assert.deepEqual([theirs.summary.isResumed, theirs.summary.identity.kind], [true, "psk"]);
    pair.tell("b", { kind: "send", bytes: Uint8Array.of(5) });
    pair.run({ durationMs: 100 });
    assert.deepEqual(outputOf(pair.serverOutputs, "data").bytes, Uint8Array.of(5));
    assert.deepEqual([pair.server.counters.handshakesResumed, pair.server.counters.resumptionsRefused], [1, 0]);
    assert.equal(store.size, 1);
  });

  it("may be repeated, with the outcome of a resumed handshake too", () => {
    const { pair } = makeServer();
    let resume = resumableOf(pair);
    for (const address of ["b", "c", "d"]) {
      const again = outputOf(connect(pair, address, { resume }), "established");
      assert.ok(again.summary.isResumed && again.resumable !== undefined);
      assert.deepEqual(again.resumable.masterSecret, resume.masterSecret);
      resume = again.resumable;
    }
  });

  it("falls back to a full handshake when the server forgot, or the client means another host", () => {
    const { pair, store } = makeServer();
    const resume = resumableOf(pair, { serverName: "one" });
    // A client that says nothing of the other host: the server looks for itself.
    const renamed = { ...resume, serverName: "two" };
    assert.equal(isResumed(connect(pair, "b", { resume: renamed, serverName: "two" })), false);
    store.forget(store.find(resume.sessionId, pair.now)?.ticket ?? 0);
    assert.equal(isResumed(connect(pair, "c", { resume, serverName: "one" })), false);
    assert.equal(pair.server.counters.resumptionsRefused, 2);
  });

  it("falls back when the suite is not offered any more, or not served", () => {
    const [first, second] = [cipherSuiteByName("PSK_WITH_AES_128_CCM_8"), cipherSuiteByName("PSK_WITH_AES_128_CCM")];
    assert.ok(first !== undefined && second !== undefined);
    const { pair, store } = makeServer();
    const resume = resumableOf(pair, { suites: [first] });
    const changed = { ...resume, suite: second.code };
    assert.equal(isResumed(connect(pair, "b", { resume: changed, suites: [second] })), false);
    const other = makeServer({ suites: [second], sessions: store });
    assert.equal(isResumed(connect(other.pair, "b", { resume })), false);
  });

  it("is not asked for by a client with another host in mind, or without the suite", () => {
    const suites = [cipherSuiteByName("PSK_WITH_AES_128_CCM_8") ?? assert.fail()];
    const { pair } = makeServer();
    const resume = resumableOf(pair, { serverName: "one", suites });
    const others = [cipherSuiteByName("PSK_WITH_AES_128_CCM") ?? assert.fail()];
    for (const [options, isNamed] of [
      [{ serverName: "one", suites }, true],
      [{ serverName: "two", suites }, false],
      [{ suites }, false],
      [{ serverName: "one", suites: others }, false],
    ] as const) {
      pair.connect("b", new DtlsClient({ crypto, random: new SeededRandom(7), psk, resume, ...options }));
      const hello = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
      assert.equal(hello[CLIENT_HELLO_SESSION_ID_AT - 1], isNamed ? 32 : 0);
    }
  });

  it("gives no session id without a store", () => {
    const { pair } = makeServer({ sessions: undefined });
    assert.equal(outputOf(connect(pair, "a"), "established").resumable, undefined);
  });

  it("ends in silence when the master secret is another", () => {
    const { pair, store } = makeServer();
    const resume: ResumableSession = { ...resumableOf(pair), masterSecret: new Uint8Array(48) };
    const outputs = connect(pair, "b", { resume });
    pair.run({ durationMs: 300_000 });
    assert.equal(outputsOf(outputs, "established").length, 0);
    assert.equal(outputOf(outputs, "handshake-failed").cause, "timeout");
    assert.equal(store.size, 1, "a stranger who knows the id changes nothing");
  });
});

describe("a resumed identity", () => {
  let pki: TestPki;
  let other: TestPki;
  let device: TestCertificate;
  const clock = new ManualClock({ wallMs: Date.now() });
  before(async () => {
    [pki, other] = await Promise.all([makeTestPki(), makeTestPki({ caName: "other" })]);
    device = await pki.client({ commonName: "device" });
  });

  it("must have the same pre-shared key as then", () => {
    let key: Uint8Array | undefined = psk.key;
    const { pair } = makeServer({ psk: () => key });
    const resume = resumableOf(pair);
    assert.ok(isResumed(connect(pair, "b", { resume })));
    key = new Uint8Array(16).fill(8);
    const changed = connect(pair, "c", { resume, psk: { ...psk, key } });
    assert.equal(isResumed(changed), false);
    key = undefined;
    const removed = connect(pair, "d", { resume });
    assert.equal(outputsOf(removed, "established").length, 0);
  });

  it("must still be trusted with its certificate", () => {
    let ca = pki.ca;
    const { pair } = makeServer({
      credentials: loadCredentials(pki.key, pki.cert),
      clientCertificate: "required",
      verifyPeer: (...presented) => trustVerifier({ ca: [ca], clock, usage: "client" })(...presented),
    });
    const client: Partial<DtlsClientOptions> = {
      psk: undefined,
      serverName: "localhost",
      credentials: loadCredentials(device.key, device.cert),
      verifyPeer: trustVerifier({ ca: [pki.ca], clock, usage: "server" }),
    };
    const resume = resumableOf(pair, client);
    assert.ok(isResumed(connect(pair, "b", { ...client, resume })));
    const { identity } = outputOf(pair.serverOutputs, "established").summary;
    assert.ok(identity.kind === "x509" && identity.name === "device");
    ca = other.ca;
    const refused = connect(pair, "c", { ...client, resume });
    assert.equal(outputOf(refused, "handshake-failed").alert, "unknownCa");
  });

  it("must be of a kind that the server still takes", () => {
    const rawPublicKeys = new Map([["device", loadCredentials(device.key).signingKey.publicKey]]);
    const verifyPeer = trustVerifier({ ca: [pki.ca], rawPublicKeys, clock, usage: "client" });
    const options = {
      credentials: loadCredentials(pki.key, pki.cert),
      verifyPeer,
      clientCertificate: "optional",
    } as const;
    const { pair, store } = makeServer({ ...options, clientCertificateTypes: ["raw-public-key"] });
    const client: Partial<DtlsClientOptions> = {
      psk: undefined,
      serverName: "localhost",
      credentials: loadCredentials(device.key),
      verifyPeer: trustVerifier({ ca: [pki.ca], clock, usage: "server" }),
    };
    const resume = resumableOf(pair, client);
    assert.equal(outputOf(pair.serverOutputs, "established").summary.identity.kind, "raw-public-key");
    assert.ok(isResumed(connect(pair, "b", { ...client, resume })));
    const changed = makeServer({ ...options, sessions: store, clientCertificateTypes: ["x509"] });
    assert.equal(isResumed(connect(changed.pair, "c", { ...client, resume })), false);
  });

  it("must be one where the server now asks for one", () => {
    const verifyPeer = trustVerifier({ ca: [pki.ca], clock, usage: "client" });
    const options = { credentials: loadCredentials(pki.key, pki.cert), verifyPeer };
    const { pair, store } = makeServer({ ...options, clientCertificate: "optional" });
    const client: Partial<DtlsClientOptions> = {
      psk: undefined,
      serverName: "localhost",
      verifyPeer: trustVerifier({ ca: [pki.ca], clock, usage: "server" }),
    };
    const resume = resumableOf(pair, client);
    assert.ok(isResumed(connect(pair, "b", { ...client, resume })));
    const stricter = makeServer({ ...options, sessions: store, clientCertificate: "required" });
    const refused = connect(stricter.pair, "b", { ...client, resume });
    assert.equal(outputOf(refused, "handshake-failed").alert, "handshakeFailure");
  });
});

describe("a fatal alert", () => {
  /** The client's own record of an alert, or a forgery by whoever has no keys. */
  function alertFrom(client: DtlsClient): Uint8Array {
    const state = client.export();
    assert.ok(state !== undefined);
    const context = { crypto, pool: new CipherPool(1), padding: NO_PADDING };
    const protection = restoreProtection(context, { ...state, writeSequence: 40 });
    assert.ok(protection !== undefined);
    return protection.seal(21, encodeAlert("internalError"));
  }

  it("of the peer ends its session for good; close_notify does not", () => {
    for (const [isFatal, stored] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const { pair, store } = makeServer();
      const cids = new RandomCids(3);
      const client = new DtlsClient({ crypto, random: new SeededRandom(7), psk, cids });
      const { resumable } = outputOf((pair.connect("a", client), runAll(pair)), "established");
      if (isFatal) pair.tellServer({ kind: "datagram", peer: "a", bytes: alertFrom(client) });
      else pair.tell("a", { kind: "close" });
      pair.run({ durationMs: 100 });
      assert.equal(outputOf(pair.serverOutputs, "closed").cause, isFatal ? "fatal-alert" : "close-notify");
      assert.equal(store.size, stored);
      assert.equal(resumable, undefined, "a server shows nothing to resume");
    }
  });

  it("of a resumed session forgets what it was resumed from", () => {
    const { pair, store } = makeServer();
    const resume = resumableOf(pair);
    const client = new DtlsClient({ crypto, random: new SeededRandom(8), psk, cids: new RandomCids(3), resume });
    pair.connect("b", client);
    pair.run({ durationMs: 100 });
    pair.tellServer({ kind: "datagram", peer: "b", bytes: alertFrom(client) });
    assert.equal(store.size, 0);
  });

  it("in the clear, during a handshake that resumes, forgets nothing", () => {
    const { pair, store } = makeServer({ cookies: { make: () => Uint8Array.of(1), accepts: () => true } });
    const { sessionId } = resumableOf(pair);
    const body = helloBody(sessionId, true);
    const message = encodeMessage({ type: HandshakeType.clientHello, messageSequence: 0, body });
    const send = (type: number, content: Uint8Array): void => {
      const bytes = plainRecord({ plainSequence: 5, protection: undefined }, type, content);
      pair.tellServer({ kind: "datagram", peer: "mallory", bytes });
    };
    send(22, message);
    assert.equal(pair.server.handshakeCount, 1);
    send(21, encodeAlert("handshakeFailure"));
    assert.equal(outputOf(pair.serverOutputs, "handshake-failed").cause, "alert-received");
    assert.equal(store.size, 1);
  });
});

describe("extended master secret and resumption (RFC 7627 §5.3)", () => {
  const cookies = { make: () => Uint8Array.of(1), accepts: () => true };

  it("a hello without it that names a session that had it is refused", () => {
    const { pair } = makeServer({ cookies });
    const { sessionId } = resumableOf(pair);
    const message = encodeMessage({
      type: HandshakeType.clientHello,
      messageSequence: 0,
      body: helloBody(sessionId, false),
    });
    const bytes = plainRecord({ plainSequence: 0, protection: undefined }, 22, message);
    pair.tellServer({ kind: "datagram", peer: "old", bytes });
    assert.equal(outputOf(pair.serverOutputs, "handshake-failed").alert, "handshakeFailure");
  });

  it("a session without it is neither stored nor given an id", () => {
    const { pair, store } = makeServer({ cookies });
    const body = helloBody(new Uint8Array(0), false);
    const message = encodeMessage({ type: HandshakeType.clientHello, messageSequence: 0, body });
    const bytes = plainRecord({ plainSequence: 0, protection: undefined }, 22, message);
    pair.tellServer({ kind: "datagram", peer: "old", bytes });
    const hello = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    // Behind record header, handshake header, version and random.
    assert.equal(hello[13 + 12 + 2 + 32], 0);
    assert.equal(store.size, 0);
  });

  it("a server that resumes without it, or under another suite, is refused by the client", () => {
    const resume: ResumableSession = {
      sessionId: new Uint8Array(32).fill(3),
      masterSecret: new Uint8Array(48),
      suite: 0xc0a8,
      identity: { kind: "anonymous" },
      serverName: undefined,
    };
    const withSecret = [{ type: ExtensionType.extendedMasterSecret, data: new Uint8Array(0) }];
    for (const change of [{ extensions: [] }, { extensions: withSecret, cipherSuite: 0x00a8 }]) {
      const client = new DtlsClient({ crypto, random: new SeededRandom(2), psk, resume });
      const { pair } = makeServer();
      const outputs = pair.connect("a", client);
      pair.setFaults({ ...PERFECT_NETWORK, datagramSizeMax: 0 });
      const answer = {
        version: 0xfefd,
        random: new Uint8Array(32),
        sessionId: resume.sessionId,
        cipherSuite: 0xc0a8,
        compressionMethod: 0,
        ...change,
      };
      const message = encodeMessage({ type: 2, messageSequence: 0, body: encodeServerHello(answer) });
      const bytes = plainRecord({ plainSequence: 0, protection: undefined }, 22, message);
      pair.tell("a", { kind: "datagram", peer: "server", bytes });
      assert.equal(outputOf(outputs, "handshake-failed").alert, "illegalParameter");
    }
  });
});

/** Lets everything in flight arrive; what the server said. */
function runAll(pair: LossyPair): readonly DtlsOutput[] {
  pair.run({ durationMs: 100 });
  return pair.serverOutputs;
}

function helloBody(sessionId: Uint8Array, usesExtendedMasterSecret: boolean): Uint8Array {
  return encodeClientHello({
    version: 0xfefd,
    random: new Uint8Array(32).fill(4),
    sessionId,
    cookie: Uint8Array.of(1),
    cipherSuites: [0xc0a8, 0xd003],
    compressionMethods: Uint8Array.of(0),
    extensions: usesExtendedMasterSecret ? [{ type: ExtensionType.extendedMasterSecret, data: new Uint8Array(0) }] : [],
  });
}
