// Every alert path: what each side sends for what is wrong, and what it makes of the alerts it gets.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { alertName, AlertDescription, encodeAlert, parseAlert } from "./alert/alert.ts";
import { CipherPool } from "./connection/cipher-pool.ts";
import { plainRecord, type RecordSource } from "./connection/flight.ts";
import { ExtensionType } from "./extension/extension.ts";
import { type ClientHello, encodeClientHello, parseClientHello } from "./handshake/client-hello.ts";
import { encodeMessage, HandshakeType } from "./handshake/handshake-header.ts";
import { encodeServerHello, parseServerHello, type ServerHello } from "./handshake/server-hello.ts";
import { systemCrypto as crypto } from "./io/mod.ts";
import { type AlertName, type CookieJar, DtlsClient, type DtlsOutput, DtlsServer, RandomCids } from "./mod.ts";
import { type DtlsServerOptions, NO_PADDING } from "./mod.ts";
import { restoreProtection } from "./session/session-state.ts";
import { LossyPair } from "./testing/lossy-pair.ts";
import { outputOf, outputsOf } from "./testing/outputs.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };
const now = millis(0);
const noBytes = new Uint8Array(0);
const anyCookie: CookieJar = { make: () => Uint8Array.of(1), accepts: () => true };

function makeServer(options: Partial<DtlsServerOptions> = {}): DtlsServer {
  const random = new SeededRandom(1);
  return new DtlsServer({
    crypto,
    random,
    psk: () => psk.key,
    cids: new RandomCids(6),
    cookies: anyCookie,
    ...options,
  });
}

function outputs(machine: { poll(): DtlsOutput | undefined }): DtlsOutput[] {
  const all: DtlsOutput[] = [];
  for (let output = machine.poll(); output !== undefined; output = machine.poll()) all.push(output);
  return all;
}

const goodHello: ClientHello = {
  version: 0xfefd,
  random: new Uint8Array(32),
  sessionId: noBytes,
  cookie: Uint8Array.of(1),
  cipherSuites: [0xc0a8],
  compressionMethods: Uint8Array.of(0),
  extensions: [],
};

function plain(type: number, body: Uint8Array, messageSequence = 0, recordSequence = 0): Uint8Array {
  const source: RecordSource = { plainSequence: recordSequence, protection: undefined };
  return plainRecord(source, 22, encodeMessage({ type, messageSequence, body }));
}

/** The alert in the last datagram sent in the clear. */
function alertIn(all: readonly DtlsOutput[]): AlertName | undefined {
  const bytes = outputsOf(all, "send").at(-1)?.bytes ?? noBytes;
  return bytes[0] === 21 ? alertName(parseAlert(bytes.subarray(13))?.description ?? -1) : undefined;
}

describe("a server refuses a hello", () => {
  const extension = (type: number, ...data: number[]) => ({ extensions: [{ type, data: Uint8Array.from(data) }] });
  const cases: readonly [string, Partial<ClientHello>, Partial<DtlsServerOptions>, AlertName][] = [
    ["of DTLS 1.0", { version: 0xfeff }, {}, "protocolVersion"],
    ["of another protocol", { version: 0x0303 }, {}, "protocolVersion"],
    ["without a common suite", { cipherSuites: [0x1234] }, {}, "handshakeFailure"],
    ["without extended master secret, if required", {}, { requireExtendedMasterSecret: true }, "handshakeFailure"],
    ["that renegotiates", extension(ExtensionType.renegotiationInfo, 2, 1, 1), {}, "handshakeFailure"],
    ["with a malformed connection ID", extension(ExtensionType.connectionId, 3, 1), {}, "illegalParameter"],
    [
      "with content in rrc",
      {
        extensions: [
          { type: ExtensionType.connectionId, data: Uint8Array.of(0) },
          { type: ExtensionType.returnRoutabilityCheck, data: Uint8Array.of(0) },
        ],
      },
      {},
      "decodeError",
    ],
    ["with a malformed list of groups", extension(ExtensionType.supportedGroups, 0, 3, 0, 0, 0), {}, "decodeError"],
    ["with malformed signature algorithms", extension(ExtensionType.signatureAlgorithms, 1), {}, "decodeError"],
    ["with compressed points alone", extension(ExtensionType.ecPointFormats, 1, 1), {}, "illegalParameter"],
    ["with a secret extension that has content", extension(ExtensionType.extendedMasterSecret, 1), {}, "decodeError"],
    ["with malformed certificate types", extension(ExtensionType.serverCertificateType, 9), {}, "decodeError"],
    [
      "when no connection ID is free",
      extension(ExtensionType.connectionId, 0),
      { limits: { handshakesMax: 100 }, cids: { generate: () => Uint8Array.of(1), sizeAt: () => 1 } },
      "internalError",
    ],
  ];
  for (const [name, hello, options, alert] of cases) {
    it(name, () => {
      const server = makeServer(options);
      const body = encodeClientHello({ ...goodHello, ...hello });
      // A first peer takes the only ID where there is one; it changes nothing for the others.
      const first = encodeClientHello({
        ...goodHello,
        ...extension(ExtensionType.connectionId, 0),
        random: new Uint8Array(32).fill(1),
      });
      if (alert === "internalError") {
        server.handle({ kind: "datagram", peer: "first", bytes: plain(HandshakeType.clientHello, first) }, now);
        outputs(server);
      }
      server.handle({ kind: "datagram", peer: "a", bytes: plain(HandshakeType.clientHello, body, 1, 7) }, now);
      const all = outputs(server);
      assert.equal(alertIn(all), alert);
      assert.equal(outputOf(all, "handshake-failed").alert, alert);
      assert.equal(outputsOf(all, "send")[0]?.bytes[10], 7, "the record sequence continues from the hello");
      assert.equal(server.counters.alertsSent, 1);
    });
  }

  it("silently if it is malformed or cut into fragments", () => {
    const server = makeServer();
    const body = encodeClientHello(goodHello);
    server.handle({ kind: "datagram", peer: "a", bytes: plain(HandshakeType.clientHello, body.subarray(0, 30)) }, now);
    const fragment = plain(HandshakeType.clientHello, body).slice();
    fragment[13 + 3] = (fragment[13 + 3] ?? 0) + 1;
    server.handle({ kind: "datagram", peer: "a", bytes: fragment }, now);
    assert.deepEqual(outputs(server), []);
    assert.deepEqual([server.counters.dropBadHello, server.counters.dropFragmentedHello], [1, 1]);
  });
});

describe("a server in a handshake", () => {
  function begun(): DtlsServer {
    const server = makeServer();
    server.handle(
      { kind: "datagram", peer: "a", bytes: plain(HandshakeType.clientHello, encodeClientHello(goodHello)) },
      now,
    );
    assert.equal(server.handshakeCount, 1);
    outputs(server);
    return server;
  }

  for (const [name, type, body, alert] of [
    ["a message out of order", HandshakeType.finished, new Uint8Array(12), "unexpectedMessage"],
    ["another message out of order", HandshakeType.certificate, noBytes, "unexpectedMessage"],
    ["a malformed key exchange", HandshakeType.clientKeyExchange, Uint8Array.of(9), "decodeError"],
  ] as const) {
    it(`answers ${name} with ${alert} and ends it`, () => {
      const server = begun();
      server.handle({ kind: "datagram", peer: "a", bytes: plain(type, body, 1, 1) }, now);
      const all = outputs(server);
      assert.equal(alertIn(all), alert);
      assert.equal(outputOf(all, "handshake-failed").alert, alert);
      assert.equal(server.handshakeCount, 0);
    });
  }

  it("ends it on a fatal alert and not on a warning or nonsense", () => {
    const server = begun();
    const send = (content: Uint8Array): void => {
      const bytes = plainRecord({ plainSequence: 3, protection: undefined }, 21, content);
      server.handle({ kind: "datagram", peer: "a", bytes }, now);
    };
    send(encodeAlert("userCanceled"));
    send(Uint8Array.of(9, 9, 9));
    assert.equal(server.handshakeCount, 1);
    send(encodeAlert("handshakeFailure"));
    assert.equal(outputOf(outputs(server), "handshake-failed").cause, "alert-received");
    assert.equal(server.handshakeCount, 0);
  });

  it("ends it on close_notify, as from a client that changed its mind", () => {
    const pair = new LossyPair(makeServer({ cookies: undefined }), new SeededRandom(3));
    const client = new DtlsClient({ crypto, random: new SeededRandom(2), psk, cids: new RandomCids(2) });
    pair.connect("a", client);
    pair.run({ durationMs: 100, until: () => pair.server.handshakeCount === 1 });
    pair.tell("a", { kind: "close" });
    pair.run({ durationMs: 5 });
    assert.equal(pair.server.handshakeCount, 0);
    const failed = outputOf(pair.serverOutputs, "handshake-failed");
    assert.deepEqual([failed.cause, failed.alert], ["alert-received", "closeNotify"]);
  });

  it("begins anew when the client does", () => {
    const server = begun();
    const body = encodeClientHello({ ...goodHello, random: new Uint8Array(32).fill(5) });
    server.handle({ kind: "datagram", peer: "a", bytes: plain(HandshakeType.clientHello, body) }, now);
    assert.equal(outputOf(outputs(server), "handshake-failed").cause, "replaced");
    assert.equal(server.handshakeCount, 1);
  });
});

describe("a client refuses a server hello", () => {
  /** A client and the hello that a server would answer it with, changed. */
  function answer(change: Partial<ServerHello>): DtlsOutput[] {
    const client = new DtlsClient({ crypto, random: new SeededRandom(2), psk, cids: new RandomCids(2) });
    client.handle({ kind: "connect", peer: "s" }, now);
    outputs(client);
    const hello: ServerHello = {
      version: 0xfefd,
      random: new Uint8Array(32),
      sessionId: noBytes,
      cipherSuite: 0xc0a8,
      compressionMethod: 0,
      extensions: [],
      ...change,
    };
    client.handle({ kind: "datagram", peer: "s", bytes: plain(2, encodeServerHello(hello)) }, now);
    return outputs(client);
  }
  const extension = (type: number, ...data: number[]) => ({ extensions: [{ type, data: Uint8Array.from(data) }] });

  for (const [name, change, alert] of [
    ["of another version", { version: 0xfeff }, "protocolVersion"],
    ["with a suite not offered", { cipherSuite: 0xc02b }, "illegalParameter"],
    ["with compression", { compressionMethod: 1 }, "illegalParameter"],
    ["with an extension not offered", extension(1, 1), "unsupportedExtension"],
    ["that renegotiates", extension(ExtensionType.renegotiationInfo, 1, 1), "handshakeFailure"],
    ["with a malformed connection ID", extension(ExtensionType.connectionId, 2), "illegalParameter"],
    ["with content in extended_master_secret", extension(ExtensionType.extendedMasterSecret, 0), "decodeError"],
    ["with content in rrc", extension(ExtensionType.returnRoutabilityCheck, 0), "decodeError"],
    ["with rrc and no connection ID", extension(ExtensionType.returnRoutabilityCheck), "illegalParameter"],
  ] as const) {
    it(name, () => {
      const all = answer(change);
      assert.equal(alertIn(all), alert);
      assert.equal(outputOf(all, "handshake-failed").alert, alert);
    });
  }

  it("that is malformed, and cookies without end", () => {
    const client = new DtlsClient({ crypto, random: new SeededRandom(2), psk });
    client.handle({ kind: "connect", peer: "s" }, now);
    for (let count = 0; count < 5; count++) {
      const body = Uint8Array.of(0xfe, 0xfd, 1, count);
      client.handle({ kind: "datagram", peer: "s", bytes: plain(HandshakeType.helloVerifyRequest, body, count) }, now);
    }
    assert.equal(outputOf(outputs(client), "handshake-failed").alert, "handshakeFailure");
    const other = new DtlsClient({ crypto, random: new SeededRandom(2), psk });
    other.handle({ kind: "connect", peer: "s" }, now);
    other.handle({ kind: "datagram", peer: "s", bytes: plain(HandshakeType.serverHello, Uint8Array.of(1)) }, now);
    assert.equal(outputOf(outputs(other), "handshake-failed").alert, "decodeError");
  });

  it("of a server without extended master secret, if required", () => {
    const client = new DtlsClient({ crypto, random: new SeededRandom(2), psk, requireExtendedMasterSecret: true });
    client.handle({ kind: "connect", peer: "s" }, now);
    const hello = { ...goodHello, sessionId: noBytes, cipherSuite: 0xc0a8, compressionMethod: 0 };
    client.handle({ kind: "datagram", peer: "s", bytes: plain(2, encodeServerHello(hello)) }, now);
    assert.equal(outputOf(outputs(client), "handshake-failed").alert, "handshakeFailure");
  });

  it("and connects with nothing to offer", () => {
    const client = new DtlsClient({ crypto, random: new SeededRandom(2) });
    client.handle({ kind: "connect", peer: "s" }, now);
    assert.equal(outputOf(outputs(client), "handshake-failed").cause, "local");
  });
});

describe("an established session", () => {
  function establish() {
    const random = new SeededRandom(1);
    const server = new DtlsServer({ crypto, random, psk: () => psk.key, cids: new RandomCids(6) });
    const pair = new LossyPair(server, random);
    const client = new DtlsClient({ crypto, random: new SeededRandom(2), psk, cids: new RandomCids(2) });
    const outputs = pair.connect("a", client);
    pair.run({ durationMs: 100 });
    return { pair, client, outputs, session: outputOf(pair.serverOutputs, "established").session };
  }

  it("closes on both sides, whoever begins", () => {
    const fromServer = establish();
    fromServer.pair.tellServer({ kind: "close", session: fromServer.session });
    fromServer.pair.run({ durationMs: 100 });
    assert.equal(outputOf(fromServer.outputs, "closed").cause, "close-notify");
    assert.equal(outputOf(fromServer.pair.serverOutputs, "closed").cause, "local");
    fromServer.pair.tellServer({ kind: "send", session: fromServer.session, bytes: noBytes });
    assert.equal(outputOf(fromServer.pair.serverOutputs, "refused").cause, "unknown-session");
    fromServer.pair.tell("a", { kind: "send", bytes: noBytes });
    assert.equal(outputOf(fromServer.outputs, "refused").cause, "not-established");
  });

  it("ignores every plain alert and plain record", () => {
    const { pair } = establish();
    for (const type of [20, 21, 22, 23, 24, 26, 27, 63]) {
      for (const content of [encodeAlert("handshakeFailure"), noBytes, new Uint8Array(20)]) {
        const bytes = plainRecord({ plainSequence: 9, protection: undefined }, type, content);
        pair.tellServer({ kind: "datagram", peer: "a", bytes });
        pair.tell("a", { kind: "datagram", peer: "server", bytes });
      }
    }
    assert.equal(pair.server.sessionCount, 1);
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
    pair.run({ durationMs: 50 });
    assert.equal(outputsOf(pair.serverOutputs, "data").length, 1);
  });

  /** A record that the client could have sent: its keys, a number far ahead. */
  function sealAsClient(pair: LossyPair, client: DtlsClient, type: number, content: Uint8Array): void {
    const state = client.export(20);
    assert.ok(state !== undefined);
    const context = { crypto, pool: new CipherPool(1), padding: NO_PADDING };
    const protection = restoreProtection(context, { ...state, writeSequence: state.writeSequence + 50 });
    assert.ok(protection !== undefined);
    pair.tellServer({ kind: "datagram", peer: "a", bytes: protection.seal(type, content) });
    pair.run({ durationMs: 50 });
  }

  it("refuses to renegotiate with a warning, and goes on", () => {
    const { pair, client, outputs: events } = establish();
    sealAsClient(pair, client, 22, encodeMessage({ type: 1, messageSequence: 0, body: encodeClientHello(goodHello) }));
    assert.equal(pair.server.counters.renegotiationsRefused, 1);
    assert.equal(client.counters.alertsReceived, 1);
    assert.equal(outputsOf(events, "closed").length, 0);
    assert.equal(pair.server.sessionCount, 1);
  });

  it("ends on an authentic fatal alert without an answer", () => {
    const { pair, client } = establish();
    const sent = pair.sent.length;
    sealAsClient(pair, client, 21, encodeAlert("internalError"));
    const closed = outputOf(pair.serverOutputs, "closed");
    assert.deepEqual([closed.cause, closed.alert], ["fatal-alert", "internalError"]);
    assert.equal(pair.sent.length, sent);
  });

  it("drops authentic nonsense and counts it", () => {
    const { pair, client } = establish();
    const before = pair.server.counters.dropUnexpected;
    for (const [type, content] of [
      [99, noBytes],
      [22, encodeMessage({ type: 2, messageSequence: 0, body: noBytes })],
      [27, Uint8Array.of(7)],
    ] as const) {
      sealAsClient(pair, client, type, content);
      client.handle({ kind: "send", bytes: noBytes }, now);
    }
    sealAsClient(pair, client, 25, noBytes);
    assert.ok(pair.server.counters.dropUnexpected > before);
    assert.equal(pair.server.counters.dropBadRecord + pair.server.counters.dropReplayed > 0, true);
    assert.equal(pair.server.sessionCount, 1);
  });
});

describe("alerts", () => {
  it("round-trip by name, and malformed ones are none", () => {
    for (const [name, description] of Object.entries(AlertDescription)) {
      const parsed = parseAlert(encodeAlert(name as AlertName));
      assert.equal(parsed?.description, description);
      assert.equal(alertName(description), name);
    }
    assert.equal(parseAlert(Uint8Array.of(3, 0)), undefined);
    assert.equal(parseAlert(Uint8Array.of(2)), undefined);
    assert.equal(alertName(200), undefined);
    assert.ok(parseClientHello(encodeClientHello(goodHello)) !== undefined);
    assert.equal(parseServerHello(noBytes), undefined);
  });
});
