// A session's state outside of its server: moved, copied over a crash, refused; and the end of its sequence numbers.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { systemCrypto as crypto } from "../io/mod.ts";
import { DtlsClient, DtlsServer, type DtlsServerOptions, RandomCids } from "../mod.ts";
import { LossyPair } from "../testing/lossy-pair.ts";
import { outputOf, outputsOf } from "../testing/outputs.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };

function makePair(options: Partial<DtlsServerOptions> = {}): LossyPair {
  const random = new SeededRandom(1);
  const settings = { crypto, random, psk: () => psk.key, cids: new RandomCids(6) };
  return new LossyPair(new DtlsServer({ ...settings, ...options }), random);
}

function connect(pair: LossyPair, address: string) {
  const random = new SeededRandom(address.charCodeAt(0));
  const outputs = pair.connect(address, new DtlsClient({ crypto, random, psk, cids: new RandomCids(0) }));
  pair.run({ durationMs: 300 });
  return outputs;
}

describe("sessions", () => {
  it("end when their sequence numbers are used up", () => {
    const pair = makePair();
    connect(pair, "a");
    const { session } = outputOf(pair.serverOutputs, "established");
    const state = pair.server.export(session);
    assert.ok(state !== undefined && pair.server.forget(session));
    pair.tellServer({ kind: "import", state: { ...state, writeSequence: 2 ** 48 - 1 } });
    const moved = outputOf(pair.serverOutputs, "established").session;
    pair.tellServer({ kind: "send", session: moved, bytes: Uint8Array.of(1) });
    pair.tellServer({ kind: "send", session: moved, bytes: Uint8Array.of(2) });
    assert.equal(outputOf(pair.serverOutputs, "refused").cause, "sequence-exhausted");
    assert.equal(outputOf(pair.serverOutputs, "closed").cause, "sequence-exhausted");
  });

  it("go on at another server with their state, and broken states are refused", () => {
    const pair = makePair();
    const outputs = connect(pair, "a");
    const { session } = outputOf(pair.serverOutputs, "established");
    const state = structuredClone(pair.server.export(session));
    assert.ok(state !== undefined);
    const other = makePair();
    other.tellServer({ kind: "import", state });
    other.tellServer({ kind: "import", state });
    other.tellServer({ kind: "import", state: { ...state, suite: 1 } });
    other.tellServer({ kind: "import", state: { ...state, readKey: new Uint8Array(3), ownCid: Uint8Array.of(1) } });
    assert.equal(other.server.sessionCount, 1);
    assert.equal(outputsOf(other.serverOutputs, "refused").length, 3);
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(3) });
    const record = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    other.tellServer({ kind: "datagram", peer: "a", bytes: record });
    other.tellServer({ kind: "datagram", peer: "a", bytes: record });
    assert.deepEqual(outputOf(other.serverOutputs, "data").bytes, Uint8Array.of(3));
    assert.equal(other.server.counters.dropReplayed, 1);
    other.tellServer({
      kind: "send",
      session: outputOf(other.serverOutputs, "established").session,
      bytes: Uint8Array.of(4),
    });
    pair.tell("a", { kind: "datagram", peer: "server", bytes: other.sent.at(-1)?.bytes ?? new Uint8Array(0) });
    assert.deepEqual(outputOf(outputs, "data").bytes, Uint8Array.of(4));
  });

  it("share no nonce with their copy: nothing is sent here any more, or as much as was left to it", () => {
    for (const leased of [undefined, 2]) {
      const pair = makePair();
      connect(pair, "a");
      const { session } = outputOf(pair.serverOutputs, "established");
      const state = pair.server.export(session, leased);
      assert.ok(state !== undefined);
      const other = makePair();
      other.tellServer({ kind: "import", state });
      const moved = outputOf(other.serverOutputs, "established").session;
      const before = pair.sent.length;
      for (let count = 0; count < 5; count++) {
        pair.tellServer({ kind: "send", session, bytes: Uint8Array.of(count) });
        other.tellServer({ kind: "send", session: moved, bytes: Uint8Array.of(count) });
      }
      pair.tellServer({ kind: "close", session });
      const [here, there] = [pair.sent.slice(before), other.sent];
      assert.deepEqual([here.length, there.length], [leased ?? 0, 5]);
      const nonces = [...here, ...there].map(({ bytes }) => Buffer.from(bytes.subarray(3, 11)).toString("hex"));
      assert.equal(new Set(nonces).size, nonces.length);
      assert.equal(outputOf(pair.serverOutputs, "closed").cause, "sequence-exhausted");
    }
  });

  it("may be copied again before what was left to them is used up", () => {
    const pair = makePair();
    connect(pair, "a");
    const { session } = outputOf(pair.serverOutputs, "established");
    for (let copies = 0; copies < 3; copies++) {
      const state = pair.server.export(session, 4);
      for (let count = 0; count < 3; count++) {
        pair.tellServer({ kind: "send", session, bytes: Uint8Array.of(1) });
        const sequence = pair.sent.at(-1)?.bytes[10] ?? 0;
        assert.ok(sequence < (state?.writeSequence ?? 0));
      }
    }
    assert.equal(outputsOf(pair.serverOutputs, "refused").length, 0);
  });

  it("are taken over as they were, unless a handshake has their ID", () => {
    const pair = makePair({ cookies: { make: () => Uint8Array.of(1), accepts: () => true } });
    connect(pair, "a");
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
    const record = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    pair.run({ durationMs: 50 });
    const state = pair.server.export(outputOf(pair.serverOutputs, "established").session);
    assert.ok(state !== undefined);
    const other = makePair();
    other.tellServer({ kind: "import", state: { ...state, usesExtendedMasterSecret: false } });
    const { session, summary } = outputOf(other.serverOutputs, "established");
    assert.equal(summary.usesExtendedMasterSecret, false);
    assert.equal(other.server.export(session)?.usesExtendedMasterSecret, false);
    other.tellServer({ kind: "datagram", peer: "a", bytes: record });
    assert.equal(other.server.counters.dropReplayed, 1);
    const busy = makePair({ cids: { generate: () => state.ownCid, sizeAt: () => 6 } });
    busy.connect("b", new DtlsClient({ crypto, random: new SeededRandom(5), psk, cids: new RandomCids(0) }));
    busy.run({ durationMs: 100, until: () => busy.server.handshakeCount === 1 });
    busy.tellServer({ kind: "import", state });
    assert.equal(outputOf(busy.serverOutputs, "refused").cause, "bad-state");
  });
});
