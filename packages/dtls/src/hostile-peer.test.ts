// Peers that have the keys and still lie, and messages changed on their way: the alert each gets, and what is forgotten.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ManualClock, millis, SeededRandom } from "@coracle/base";
import { makeTestPki, type TestPki } from "@coracle/sim";
import { alertName, encodeAlert, parseAlert } from "./alert/alert.ts";
import { plainRecord } from "./connection/flight.ts";
import { encodeMessage, HandshakeType } from "./handshake/handshake-header.ts";
import { encodeServerHello } from "./handshake/server-hello.ts";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "./io/mod.ts";
import { type CryptoProvider, DtlsClient, type DtlsClientOptions, type DtlsOutput, DtlsServer } from "./mod.ts";
import { type DtlsServerOptions, RandomCids, SessionStore } from "./mod.ts";
import { LossyPair } from "./testing/lossy-pair.ts";
import { outputOf, outputsOf } from "./testing/outputs.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };
const now = millis(0);
const noBytes = new Uint8Array(0);
const clock = new ManualClock({ wallMs: Date.now() });

let pki: TestPki;
before(async () => {
  pki = await makeTestPki();
});

const byCertificate = (): [Partial<DtlsServerOptions>, Partial<DtlsClientOptions>] => [
  { credentials: loadCredentials(pki.key, pki.cert), psk: undefined },
  { psk: undefined, serverName: "localhost", verifyPeer: trustVerifier({ ca: [pki.ca], clock, usage: "server" }) },
];

/** A provider whose Finished of one side is wrong, though under the right keys. */
function liesAbout(label: "client finished" | "server finished"): CryptoProvider {
  const text = new TextEncoder().encode(label);
  const spoil = (data: Uint8Array, digest: Uint8Array): Uint8Array => {
    const names = data.some((_, at) => text.every((byte, index) => data[at + index] === byte));
    if (!names) return digest;
    const wrong = digest.slice();
    wrong[0] = (wrong[0] ?? 0) ^ 1;
    return wrong;
  };
  return {
    ...crypto,
    hmac: (name, key, data) => spoil(data, crypto.hmac(name, key, data)),
    keyedHash: (name, key) => {
      const keyed = crypto.keyedHash(name, key);
      return (data) => spoil(data, keyed(data));
    },
  };
}

/** A provider whose ephemeral keys are no points. */
const withoutPoint: CryptoProvider = {
  ...crypto,
  keyShare: (group, privateKey) => {
    const share = crypto.keyShare(group, privateKey);
    // All zeros are the point at infinity for X25519 and no point of P-256.
    return share && { publicKey: new Uint8Array(share.publicKey.length), agree: () => new Uint8Array(32) };
  },
};

function makeServer(options: Partial<DtlsServerOptions> = {}): { pair: LossyPair; store: SessionStore } {
  const random = new SeededRandom(1);
  const store = new SessionStore();
  const settings = { crypto, random, psk: () => psk.key, cids: new RandomCids(6), sessions: store };
  return { pair: new LossyPair(new DtlsServer({ ...settings, ...options }), random), store };
}

function connect(pair: LossyPair, address: string, options: Partial<DtlsClientOptions> = {}): DtlsOutput[] {
  const random = new SeededRandom(address.charCodeAt(0));
  const outputs = pair.connect(address, new DtlsClient({ crypto, random, psk, cids: new RandomCids(2), ...options }));
  pair.run({ durationMs: 200 });
  return outputs;
}

describe("a peer with the keys", () => {
  it("whose server Finished is wrong is told so, and its session cannot be resumed", () => {
    const { pair, store } = makeServer({ crypto: liesAbout("server finished") });
    const outputs = connect(pair, "a");
    assert.equal(outputOf(outputs, "handshake-failed").alert, "decryptError");
    const closed = outputOf(pair.serverOutputs, "closed");
    assert.deepEqual([closed.cause, closed.alert, store.size], ["fatal-alert", "decryptError", 0]);
    assert.equal(pair.sent.at(-1)?.bytes[0], 25, "the alert is under the new keys");
  });

  it("whose client Finished is wrong is told so", () => {
    const { pair, store } = makeServer();
    const outputs = connect(pair, "a", { crypto: liesAbout("client finished") });
    assert.equal(outputOf(pair.serverOutputs, "handshake-failed").alert, "decryptError");
    assert.equal(outputOf(outputs, "handshake-failed").alert, "decryptError");
    assert.equal(store.size, 0);
  });

  it("whose client Finished is wrong when it resumes loses what it resumed", () => {
    const { pair, store } = makeServer();
    const resume = outputOf(connect(pair, "a"), "established").resumable;
    assert.equal(store.size, 1);
    const outputs = connect(pair, "b", { crypto: liesAbout("client finished"), resume });
    assert.equal(outputOf(pair.serverOutputs, "handshake-failed").alert, "decryptError");
    assert.equal(pair.sent.at(-1)?.bytes[0], 25, "the alert is under the new keys");
    assert.equal(outputOf(outputs, "closed").alert, "decryptError");
    assert.equal(store.size, 0);
  });

  it("whose server Finished is wrong when the client resumes gets an alert in the clear, and nothing changes", () => {
    const good = makeServer();
    const resume = outputOf(connect(good.pair, "a"), "established").resumable;
    const lying = makeServer({ crypto: liesAbout("server finished"), sessions: good.store });
    const outputs = connect(lying.pair, "b", { resume });
    assert.equal(outputOf(outputs, "handshake-failed").alert, "decryptError");
    assert.equal(outputOf(lying.pair.serverOutputs, "handshake-failed").cause, "alert-received");
    assert.deepEqual([lying.pair.server.handshakeCount, good.store.size], [0, 1]);
  });

  it("that shows a point which is none is refused by either side, for both groups and both kinds of exchange", () => {
    for (const groups of [["x25519"], ["secp256r1"]] as const) {
      const cases = [[{ groups }, {}], byCertificate()] as const;
      for (const [server, client] of cases) {
        const toServer = makeServer({ ...server, groups });
        const refused = connect(toServer.pair, "a", { ...client, crypto: withoutPoint });
        assert.equal(outputOf(toServer.pair.serverOutputs, "handshake-failed").alert, "illegalParameter");
        assert.equal(outputOf(refused, "handshake-failed").alert, "illegalParameter");
        const toClient = makeServer({ ...server, groups, crypto: withoutPoint });
        assert.equal(outputOf(connect(toClient.pair, "a", client), "handshake-failed").alert, "illegalParameter");
      }
    }
  });

  it("that shows a compressed point is refused by either side: only the uncompressed form was agreed on", () => {
    const compressing: CryptoProvider = {
      ...crypto,
      keyShare: (group, privateKey) => {
        const share = crypto.keyShare(group, privateKey);
        if (share === undefined) return undefined;
        const { publicKey } = share;
        const compressed = Uint8Array.of(2 + ((publicKey[64] ?? 0) & 1), ...publicKey.subarray(1, 33));
        return { publicKey: compressed, agree: (peer) => share.agree(peer) };
      },
    };
    const groups = ["secp256r1"] as const;
    const toServer = makeServer({ groups });
    connect(toServer.pair, "a", { crypto: compressing, groups });
    assert.equal(outputOf(toServer.pair.serverOutputs, "handshake-failed").alert, "illegalParameter");
    const toClient = makeServer({ groups, crypto: compressing });
    assert.equal(outputOf(connect(toClient.pair, "a", { groups }), "handshake-failed").alert, "illegalParameter");
  });

  it("gets internal_error where no ephemeral key can be made", () => {
    const keyless: CryptoProvider = { ...crypto, keyShare: () => undefined };
    const { pair } = makeServer({ crypto: keyless });
    assert.equal(outputOf(connect(pair, "a"), "handshake-failed").alert, "internalError");
    const other = makeServer();
    assert.equal(outputOf(connect(other.pair, "a", { crypto: keyless }), "handshake-failed").alert, "internalError");
  });
});

/** A client's first flight answered with messages of our making; the alert that it sends. */
function clientSent(options: Partial<DtlsClientOptions>, messages: readonly (readonly [number, Uint8Array])[]) {
  const client = new DtlsClient({ crypto, random: new SeededRandom(2), psk, ...options });
  client.handle({ kind: "connect", peer: "s" }, now);
  for (const [index, [type, body]] of messages.entries()) {
    const source = { plainSequence: index, protection: undefined };
    const bytes = plainRecord(source, 22, encodeMessage({ type, messageSequence: index, body }));
    client.handle({ kind: "datagram", peer: "s", bytes }, now);
  }
  const outputs: DtlsOutput[] = [];
  for (let output = client.poll(); output !== undefined; output = client.poll()) outputs.push(output);
  const last = outputsOf(outputs, "send").at(-1)?.bytes ?? noBytes;
  const sent = last[0] === 21 ? alertName(parseAlert(last.subarray(13))?.description ?? -1) : undefined;
  return { sent, outputs, client };
}

describe("a client that is sent", () => {
  const hello = (cipherSuite: number): readonly [number, Uint8Array] => [
    HandshakeType.serverHello,
    encodeServerHello({
      version: 0xfefd,
      random: new Uint8Array(32),
      sessionId: noBytes,
      cipherSuite,
      compressionMethod: 0,
      extensions: [],
    }),
  ];
  const trusting: Partial<DtlsClientOptions> = { verifyPeer: () => ({ ok: true, value: "server" }) };
  const done = [HandshakeType.serverHelloDone, noBytes] as const;
  const hint = [HandshakeType.serverKeyExchange, Uint8Array.of(0, 1, 7)] as const;
  const request = [HandshakeType.certificateRequest, Uint8Array.of(1, 64, 0, 2, 4, 3, 0, 0)] as const;

  for (const [name, options, messages, alert] of [
    ["a malformed hint", {}, [hello(0xc0a8), [HandshakeType.serverKeyExchange, Uint8Array.of(9)], done], "decodeError"],
    [
      "a malformed key for PSK",
      {},
      [hello(0xd003), [HandshakeType.serverKeyExchange, Uint8Array.of(0)], done],
      "decodeError",
    ],
    ["no key for ECDHE_PSK", {}, [hello(0xd003), done], "decodeError"],
    [
      "two empty keys",
      {},
      [hello(0xc0a8), [HandshakeType.serverKeyExchange, noBytes], [HandshakeType.serverKeyExchange, noBytes]],
      "unexpectedMessage",
    ],
    ["two keys", {}, [hello(0xc0a8), hint, hint], "unexpectedMessage"],
    ["a request for a certificate by a server without one", {}, [hello(0xc0a8), request], "unexpectedMessage"],
    [
      "a certificate where none belongs",
      {},
      [hello(0xc0a8), [HandshakeType.certificate, noBytes]],
      "unexpectedMessage",
    ],
    ["no certificate where one belongs", trusting, [hello(0xc0ae), hint], "unexpectedMessage"],
    [
      "an empty certificate",
      trusting,
      [hello(0xc0ae), [HandshakeType.certificate, new Uint8Array(3)]],
      "badCertificate",
    ],
    [
      "a malformed certificate",
      trusting,
      [hello(0xc0ae), [HandshakeType.certificate, Uint8Array.of(1)]],
      "decodeError",
    ],
    [
      "a kind of certificate that it did not offer",
      { ...trusting, serverCertificateTypes: ["raw-public-key"] },
      [hello(0xc0ae)],
      "unsupportedCertificate",
    ],
    [
      "a ServerHelloDone with content",
      {},
      [hello(0xc0a8), [HandshakeType.serverHelloDone, Uint8Array.of(1)]],
      "decodeError",
    ],
    ["a Finished in the clear", {}, [hello(0xc0a8), [HandshakeType.finished, new Uint8Array(12)]], "unexpectedMessage"],
    ["a second hello", {}, [hello(0xc0a8), hello(0xc0a8)], "unexpectedMessage"],
    ["a malformed cookie", {}, [[HandshakeType.helloVerifyRequest, Uint8Array.of(1)]], "decodeError"],
  ] as const) {
    it(`${name} answers with ${alert}`, () => {
      const { sent, outputs } = clientSent(options, messages);
      assert.equal(sent, alert);
      assert.equal(outputOf(outputs, "handshake-failed").alert, alert);
    });
  }

  it("a certificate signed with a scheme it did not offer, or malformed, refuses it", () => {
    const key = [3, 0, 23, 65, ...new Uint8Array(65).fill(4)];
    const certificate = [HandshakeType.certificate, Uint8Array.of(0, 0, 5, 0, 0, 2, 1, 2)] as const;
    for (const [scheme, alert] of [
      [[5, 3, 0, 1, 1], "illegalParameter"],
      [[4, 1, 0, 1, 1], "illegalParameter"],
      [[4, 3, 0, 1, 1], "badCertificate"],
      [[4, 3, 0, 9], "decodeError"],
    ] as const) {
      const signed = [HandshakeType.serverKeyExchange, Uint8Array.from([...key, ...scheme])] as const;
      const { sent } = clientSent({ ...trusting, signatureSchemes: [0x0403] }, [
        hello(0xc0ae),
        certificate,
        signed,
        done,
      ]);
      assert.equal(sent, alert);
    }
  });

  it("a HelloRequest goes on", () => {
    const { sent, client } = clientSent({}, [[HandshakeType.helloRequest, noBytes]]);
    assert.equal(sent, undefined);
    assert.equal(client.counters.handshakesFailed, 0);
  });

  it("close() by its own side says user_canceled and close_notify, and later inputs do nothing", () => {
    const { client } = clientSent({}, []);
    client.handle({ kind: "close" }, now);
    const failed: DtlsOutput[] = [];
    for (let output = client.poll(); output !== undefined; output = client.poll()) failed.push(output);
    assert.deepEqual(
      failed.map(({ kind }) => kind),
      ["send", "send", "handshake-failed"],
    );
    assert.deepEqual(
      outputsOf(failed, "send").map(({ bytes }) => bytes.slice(13)),
      [encodeAlert("userCanceled"), encodeAlert("closeNotify")],
    );
    client.handle({ kind: "close" }, now);
    client.handle({ kind: "connect", peer: "s" }, now);
    assert.equal(client.poll(), undefined);
  });
});

describe("an alert in the clear", () => {
  it("ends a client's handshake only until the server has shown the keys", () => {
    const { pair } = makeServer();
    const resume = outputOf(connect(pair, "a"), "established").resumable;
    const client = new DtlsClient({ crypto, random: new SeededRandom(4), psk, cids: new RandomCids(2), resume });
    const outputs = pair.connect("b", client);
    const alert = plainRecord({ plainSequence: 90, protection: undefined }, 21, encodeAlert("handshakeFailure"));
    pair.run({ durationMs: 100 });
    pair.tell("b", { kind: "datagram", peer: "server", bytes: alert });
    assert.ok(outputOf(outputs, "established").summary.isResumed);
    assert.equal(outputsOf(outputs, "closed").length, 0);
    assert.equal(client.counters.dropUnexpected, 1);
  });
});
