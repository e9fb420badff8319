// Session-id resumption: abbreviated handshakes, what they refuse, and the store's bound.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { systemCrypto as crypto } from "../io/mod.ts";
import { DtlsClient, type DtlsClientOptions, DtlsServer, type DtlsServerOptions, SessionStore } from "../mod.ts";
import { RandomCids, type ResumableSession } from "../mod.ts";
import { LossyPair } from "../testing/lossy-pair.ts";
import { outputOf, outputsOf } from "../testing/outputs.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };

function makeServer(options: Partial<DtlsServerOptions> = {}): { pair: LossyPair; store: SessionStore } {
  const random = new SeededRandom(1);
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

function connect(pair: LossyPair, address: string, options: Partial<DtlsClientOptions> = {}) {
  const cids = new RandomCids(3);
  const outputs = pair.connect(address, new DtlsClient({ crypto, random: new SeededRandom(7), psk, cids, ...options }));
  pair.run({ durationMs: 20_000, until: () => outputs.some((output) => output.kind !== "data") });
  return outputs;
}

describe("resumption", () => {
  it("makes new keys and IDs without another key exchange", () => {
    const { pair } = makeServer();
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
    assert.equal(pair.server.counters.handshakesResumed, 1);
  });

  it("falls back to a full handshake when the server forgot, or the client means another host", () => {
    const { pair, store } = makeServer();
    const { resumable } = outputOf(connect(pair, "a", { serverName: "one" }), "established");
    assert.ok(resumable !== undefined);
    const other = connect(pair, "b", { resume: resumable, serverName: "two" });
    assert.equal(outputOf(other, "established").summary.isResumed, false);
    store.forget(store.find(resumable.sessionId, pair.now)?.ticket ?? 0);
    const forgotten = connect(pair, "c", { resume: resumable, serverName: "one" });
    assert.equal(outputOf(forgotten, "established").summary.isResumed, false);
  });

  it("gives no session id without extended master secret or a store", () => {
    const { pair } = makeServer({ sessions: undefined });
    assert.equal(outputOf(connect(pair, "a"), "established").resumable, undefined);
  });

  it("ends in silence when the master secret is another", () => {
    const { pair } = makeServer();
    const { resumable } = outputOf(connect(pair, "a"), "established");
    assert.ok(resumable !== undefined);
    const forged: ResumableSession = { ...resumable, masterSecret: new Uint8Array(48) };
    const outputs = connect(pair, "b", { resume: forged });
    pair.run({ durationMs: 300_000 });
    assert.equal(outputsOf(outputs, "established").length, 0);
    assert.equal(outputOf(outputs, "handshake-failed").cause, "timeout");
  });
});
