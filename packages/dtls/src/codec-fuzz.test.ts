// Codecs and machines against anything: round trips, and no input makes them throw, grow or answer more than they got.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { type Millis, millis, randomInteger, SeededRandom } from "@coracle/base";
import { encodeClientHello, parseClientHello } from "./handshake/client-hello.ts";
import { encodeClientKeyExchange, parseClientKeyExchange } from "./handshake/client-key-exchange.ts";
import { encodeFragment, parseFragments } from "./handshake/handshake-header.ts";
import { Reassembly } from "./handshake/reassembly.ts";
import { encodeServerHello, parseServerHello } from "./handshake/server-hello.ts";
import { parseServerName, serverNameExtension } from "./extension/server-name.ts";
import { systemCrypto as crypto } from "./io/mod.ts";
import { DtlsClient, DtlsServer, parseRecordHeader, RandomCids, writeRecordHeader } from "./mod.ts";
import { innerTypeIndex, paddedSize } from "./record/inner-plaintext.ts";
import { ReplayWindow } from "./record/replay-window.ts";
import { LossyPair } from "./testing/lossy-pair.ts";
import { outputsOf } from "./testing/outputs.ts";
import { PARSERS } from "./testing/parsers.ts";

const bytes = (maxLength = 300) => fc.uint8Array({ maxLength });
const fixed = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const plain = { noNullPrototype: true };
const extensions = fc.uniqueArray(fc.record({ type: fc.nat(0xffff), data: bytes(40) }, plain), {
  maxLength: 8,
  selector: (extension) => extension.type,
});

describe("codecs", () => {
  it("give back what was encoded", () => {
    const hello = fc.record(
      {
        version: fc.nat(0xffff),
        random: fixed(32),
        sessionId: bytes(32),
        cookie: bytes(255),
        cipherSuites: fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 40 }),
        compressionMethods: fc.constant(Uint8Array.of(0)),
        extensions,
      },
      plain,
    );
    fc.assert(fc.property(hello, (value) => assert.deepEqual(parseClientHello(encodeClientHello(value)), value)));
    const answer = fc.record(
      {
        version: fc.nat(0xffff),
        random: fixed(32),
        sessionId: bytes(32),
        cipherSuite: fc.nat(0xffff),
        compressionMethod: fc.nat(255),
        extensions,
      },
      plain,
    );
    fc.assert(fc.property(answer, (value) => assert.deepEqual(parseServerHello(encodeServerHello(value)), value)));
    const exchange = fc.record({ identity: bytes(200), publicKey: bytes(65) }, plain);
    fc.assert(
      fc.property(exchange, (value) =>
        assert.deepEqual(parseClientKeyExchange("ecdhe-psk", encodeClientKeyExchange("ecdhe-psk", value)), value),
      ),
    );
    assert.equal(parseServerName(serverNameExtension("a.example").data), "a.example");
  });

  it("refuse a hello without a way to do without compression, or with a session id too long", () => {
    const hello = {
      version: 0xfefd,
      random: new Uint8Array(32),
      sessionId: new Uint8Array(32),
      cookie: new Uint8Array(0),
      cipherSuites: [1],
      compressionMethods: Uint8Array.of(1, 0),
      extensions: [],
    };
    assert.ok(parseClientHello(encodeClientHello(hello)) !== undefined);
    for (const change of [
      { compressionMethods: Uint8Array.of(1) },
      { compressionMethods: new Uint8Array(0) },
      { sessionId: new Uint8Array(33) },
      { cipherSuites: [] },
    ]) {
      assert.equal(parseClientHello(encodeClientHello({ ...hello, ...change })), undefined);
    }
  });

  it("take records of DTLS 1.0 in its first epoch alone, as hellos come in them", () => {
    for (const [version, epoch, isTaken] of [
      [0xfefd, 0, true],
      [0xfefd, 1, true],
      [0xfeff, 0, true],
      [0xfeff, 1, false],
      [0xfefc, 0, false],
      [0x0303, 0, false],
    ] as const) {
      const record = Uint8Array.of(22, version >>> 8, version & 0xff, 0, epoch, 0, 0, 0, 0, 0, 0, 0, 0);
      assert.equal(parseRecordHeader(record, 0, () => -1) !== undefined, isTaken, `${version} in epoch ${epoch}`);
    }
  });

  it("take any bytes without throwing", () => {
    fc.assert(
      fc.property(bytes(), (input) => {
        for (const parse of PARSERS) parse(input);
      }),
      { numRuns: 2000 },
    );
  });

  it("read the record header they wrote, at any offset", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 48 - 1), fc.nat(0xffff), bytes(20), bytes(60), (sequence, epoch, cid, payload) => {
        const type = cid.length > 0 ? 25 : 22;
        const record = new Uint8Array(7 + 13 + cid.length + payload.length);
        writeRecordHeader(record.subarray(7), { type, epoch, sequence, cid }, payload.length);
        record.set(payload, 7 + 13 + cid.length);
        const header = parseRecordHeader(record, 7, () => cid.length);
        assert.ok(header !== undefined);
        assert.deepEqual([header.type, header.epoch, header.sequence], [type, epoch, sequence]);
        assert.deepEqual(record.slice(header.payloadStart, header.end), payload);
        assert.equal(
          parseRecordHeader(record.subarray(0, record.length - 1), 7, () => cid.length),
          undefined,
        );
      }),
    );
  });

  it("find the content of a padded record again", () => {
    fc.assert(
      fc.property(bytes(80), fc.integer({ min: 1, max: 64 }), (content, blockSizeBytes) => {
        const size = paddedSize({ kind: "blocks", blockSizeBytes }, content.length);
        assert.ok(size % blockSizeBytes === 0 && size > content.length);
        const inner = new Uint8Array(size + 3).fill(7, size);
        inner.set(content);
        inner[content.length] = 23;
        const at = innerTypeIndex(inner, size);
        assert.equal(inner[at], 23);
        assert.deepEqual(inner.slice(0, at), content);
      }),
    );
    assert.equal(innerTypeIndex(new Uint8Array(9), 9), -1);
    assert.equal(paddedSize({ kind: "minimum", sizeBytes: 100 }, 5), 100);
  });
});

describe("ReplayWindow", () => {
  it("equals a set of what was accepted, within 64 of the newest", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 400 }), (sequences) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let newest = -1;
        for (const sequence of sequences) {
          const expected = !seen.has(sequence) && sequence > newest - 64;
          assert.equal(window.permits(sequence), expected, `${sequence}`);
          if (!expected) continue;
          assert.equal(window.accept(sequence), sequence > newest);
          seen.add(sequence);
          newest = Math.max(newest, sequence);
        }
        const copy = new ReplayWindow();
        copy.restore(window.save());
        for (let sequence = 0; sequence < 400; sequence++) {
          assert.equal(copy.permits(sequence), window.permits(sequence));
        }
      }),
    );
    const far = new ReplayWindow();
    far.accept(2 ** 48 - 1);
    assert.deepEqual([far.permits(2 ** 48 - 1), far.permits(2 ** 48 - 2), far.permits(0)], [false, true, false]);
  });
});

describe("Reassembly", () => {
  it("gives a message back from fragments in any order, overlapping and repeated", () => {
    fc.assert(
      fc.property(bytes(500), fc.array(fc.tuple(fc.nat(500), fc.nat(200)), { maxLength: 20 }), (body, cuts) => {
        const message = { type: 11, messageSequence: 3, body };
        const reassembly = new Reassembly(3);
        const pieces = [...cuts, [0, 250] as const, [250, 250] as const];
        for (const [start, size] of pieces) {
          const offset = Math.min(start, body.length);
          const encoded = encodeFragment(message, offset, Math.min(size, body.length - offset));
          for (const fragment of parseFragments(encoded) ?? []) reassembly.add(fragment, 0);
        }
        assert.deepEqual(reassembly.take(), { message, epoch: 0 });
        assert.equal(reassembly.sizeBytes, 0);
      }),
    );
  });

  it("refuses what exceeds a cap or contradicts", () => {
    const limits = { messageSizeBytesMax: 100, messagesAheadMax: 2, sizeBytesMax: 150, piecesMax: 2 };
    const reassembly = new Reassembly(5, limits);
    const add = (
      messageSequence: number,
      messageSizeBytes: number,
      { offset = 0, type = 1, epoch = 0 }: { offset?: number; type?: number; epoch?: number } = {},
    ) => reassembly.add({ type, messageSizeBytes, messageSequence, offset, body: Uint8Array.of(1) }, epoch);
    assert.equal(add(4, 10), "repeated");
    assert.equal(add(7, 10), "too-far-ahead");
    assert.equal(add(5, 101), "too-large");
    assert.equal(add(5, 100), "kept");
    assert.equal(add(6, 60), "too-large");
    assert.equal(add(5, 99), "contradicts");
    assert.equal(add(5, 100, { offset: 1, type: 2 }), "contradicts");
    assert.equal(add(5, 100, { offset: 1, epoch: 1 }), "contradicts");
    assert.equal(add(5, 100, { offset: 50 }), "kept");
    assert.equal(add(5, 100, { offset: 90 }), "too-large");
    assert.equal(reassembly.take(), undefined);
  });
});

describe("machines under fuzz", () => {
  const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16) };
  const now: Millis = millis(0);

  /** Flips, cuts, joins and repeats what a real handshake and session sent. */
  function mutate(random: SeededRandom, corpus: readonly Uint8Array[]): Uint8Array {
    const pick = (): Uint8Array => corpus[random.uint32() % corpus.length] ?? new Uint8Array(0);
    const datagram = random.next() < 0.1 ? random.bytes(randomInteger(random, 0, 200)) : pick().slice();
    for (let flips = randomInteger(random, 0, 4); flips > 0 && datagram.length > 0; flips--) {
      datagram[random.uint32() % datagram.length] = random.uint32() & 0xff;
    }
    const cut = random.next() < 0.2 ? datagram.subarray(0, random.uint32() % (datagram.length + 1)) : datagram;
    return random.next() < 0.1 ? Uint8Array.from([...cut, ...pick()]) : cut;
  }

  it("never throw, stay within their caps, and never amplify before the cookie", () => {
    const random = new SeededRandom(77);
    const cids = new RandomCids(6);
    const limits = { handshakesMax: 8, sessionsMax: 16, warmSessionsMax: 2 };
    const make = () => new DtlsServer({ crypto, random, psk: () => psk.key, cids, limits });
    const recording = new LossyPair(make(), random);
    const own = new RandomCids(2);
    const outputs = recording.connect("a", new DtlsClient({ crypto, random, psk, cids: own }));
    recording.run({ durationMs: 100 });
    recording.tell("a", { kind: "send", bytes: new Uint8Array(40) });
    recording.tell("a", { kind: "close" });
    recording.run({ durationMs: 100 });
    assert.ok(outputsOf(outputs, "established").length === 1);
    const corpus = recording.sent.map((datagram) => datagram.bytes);
    const fresh = make();
    for (const server of [recording.server, fresh]) {
      for (let round = 0; round < 20_000; round++) {
        const datagram = mutate(random, corpus);
        server.handle({ kind: "datagram", peer: `p${round % 50}`, bytes: datagram }, now);
        let answered = 0;
        for (let output = server.poll(); output !== undefined; output = server.poll()) {
          if (output.kind === "send") answered += output.bytes.length;
        }
        assert.ok(answered <= datagram.length, `${answered} bytes for ${datagram.length}`);
        assert.ok(server.handshakeCount <= 8 && server.sessionCount <= 16);
      }
    }
    const drops = Object.entries(fresh.counters).filter(([name, count]) => name.startsWith("drop") && count > 0);
    assert.ok(drops.length >= 6, drops.map(([name]) => name).join(", "));
  });

  it("survive fuzz on a client at every stage of its handshake", () => {
    const random = new SeededRandom(78);
    const server = new DtlsServer({ crypto, random, psk: () => psk.key, cids: new RandomCids(6) });
    const recording = new LossyPair(server, random);
    recording.connect("a", new DtlsClient({ crypto, random: new SeededRandom(5), psk, cids: new RandomCids(2) }));
    recording.run({ durationMs: 100 });
    const corpus = recording.sent.filter(({ from }) => from === "server").map(({ bytes: sent }) => sent);
    for (let round = 0; round < 600; round++) {
      const client = new DtlsClient({ crypto, random: new SeededRandom(5), psk, cids: new RandomCids(2) });
      client.handle({ kind: "connect", peer: "s" }, now);
      for (const datagram of corpus.slice(0, round % 3))
        client.handle({ kind: "datagram", peer: "s", bytes: datagram }, now);
      for (let count = 0; count < 10; count++) {
        client.handle({ kind: "datagram", peer: "s", bytes: mutate(random, corpus) }, now);
      }
      let sent = 0;
      for (let output = client.poll(); output !== undefined; output = client.poll()) sent++;
      assert.ok(sent < 40);
    }
  });
});
