// A peer whose address changes: the newest-record rule, and the return routability check with its limit.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { systemCrypto as crypto } from "../io/mod.ts";
import { DtlsClient, type DtlsClientOptions, DtlsServer, type DtlsServerOptions, RandomCids } from "../mod.ts";
import { LossyPair, type NetworkFaults, PERFECT_NETWORK } from "../testing/lossy-pair.ts";
import { mirroredSession, openDatagram } from "../testing/mirrored-session.ts";
import { outputOf, outputsOf } from "../testing/outputs.ts";
import { HELD_MESSAGES_MAX, PathCheck, pathCheckMs } from "./path-check.ts";
import { encodePathMessage, parsePathMessage } from "./path-message.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };

function establish(
  server: Partial<DtlsServerOptions> = {},
  client: Partial<DtlsClientOptions> = {},
  network: NetworkFaults = PERFECT_NETWORK,
) {
  const random = new SeededRandom(1);
  const cids = new RandomCids(6);
  const pair = new LossyPair(new DtlsServer({ crypto, random, psk: () => psk.key, cids, ...server }), random, network);
  const own = new RandomCids(2);
  const dtls = new DtlsClient({ crypto, random: new SeededRandom(3), psk, cids: own, ...client });
  const outputs = pair.connect("a", dtls);
  pair.run({ durationMs: network.delayMsMax * 40 });
  const { session } = outputOf(pair.serverOutputs, "established");
  return { pair, outputs, session };
}

const noCheck = { returnRoutabilityCheck: false };

describe("without a return routability check", () => {
  it("a newer record moves the address, and answers go there", () => {
    const { pair, outputs, session } = establish(noCheck);
    assert.equal(outputOf(outputs, "established").summary.allowsPathCheck, false);
    pair.rebind("a", "b");
    pair.tell("b", { kind: "send", bytes: Uint8Array.of(1) });
    pair.run({ durationMs: 50 });
    assert.deepEqual(outputOf(pair.serverOutputs, "address"), { kind: "address", session, from: "a", to: "b" });
    pair.tellServer({ kind: "send", session, bytes: Uint8Array.of(2) });
    pair.run({ durationMs: 50 });
    assert.deepEqual(outputOf(outputs, "data").bytes, Uint8Array.of(2));
  });

  it("an older or repeated record moves nothing, but an older new one is delivered", () => {
    const { pair } = establish(noCheck);
    pair.setFaults({ ...PERFECT_NETWORK, datagramSizeMax: 0 });
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
    const late = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    pair.setFaults(PERFECT_NETWORK);
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(2) });
    pair.run({ durationMs: 50 });
    pair.tellServer({ kind: "datagram", peer: "attacker", bytes: late });
    pair.tellServer({ kind: "datagram", peer: "attacker", bytes: late });
    assert.deepEqual(
      outputsOf(pair.serverOutputs, "data").map(({ bytes, isNewest }) => [bytes[0], isNewest]),
      [
        [2, true],
        [1, false],
      ],
    );
    assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
    assert.equal(pair.server.counters.dropReplayed, 1);
  });

  it("a forged record moves nothing", () => {
    const { pair } = establish(noCheck);
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
    const forged = (pair.sent.at(-1)?.bytes ?? new Uint8Array(0)).slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    pair.tellServer({ kind: "datagram", peer: "attacker", bytes: forged });
    assert.equal(pair.server.counters.dropBadMac, 1);
    assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
  });

  it("never moves where it is told not to", () => {
    const { pair, session } = establish({ ...noCheck, addressUpdate: "never" });
    pair.rebind("a", "b");
    pair.tell("b", { kind: "send", bytes: Uint8Array.of(1) });
    pair.run({ durationMs: 50 });
    pair.tellServer({ kind: "send", session, bytes: Uint8Array.of(2) });
    assert.equal(pair.sent.at(-1)?.to, "a");
  });
});

describe("a return routability check", () => {
  it("challenges the new address and moves only after its response", () => {
    const { pair, outputs, session } = establish();
    pair.rebind("a", "b");
    pair.tell("b", { kind: "send", bytes: Uint8Array.of(1) });
    pair.run({ durationMs: 6 });
    assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
    assert.equal(pair.sent.at(-1)?.to, "b");
    pair.run({ durationMs: 50 });
    assert.deepEqual(outputOf(pair.serverOutputs, "address"), { kind: "address", session, from: "a", to: "b" });
    pair.tellServer({ kind: "send", session, bytes: new Uint8Array(900) });
    pair.run({ durationMs: 50 });
    assert.equal(outputOf(outputs, "data").bytes.length, 900);
  });

  it("sends an unverified address at most three times what came from it", () => {
    const { pair, session } = establish();
    pair.tell("a", { kind: "send", bytes: new Uint8Array(100) });
    const stolen = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    const before = pair.sent.length;
    pair.tellServer({ kind: "datagram", peer: "victim", bytes: stolen });
    for (let count = 0; count < 20; count++) pair.tellServer({ kind: "send", session, bytes: new Uint8Array(50) });
    const sizes = pair.sent.slice(before).filter(({ to }) => to === "victim");
    const total = sizes.reduce((sum, { bytes }) => sum + bytes.length, 0);
    assert.ok(total > stolen.length && total <= 3 * stolen.length, `${total} of ${stolen.length}`);
    assert.ok(outputsOf(pair.serverOutputs, "refused").some(({ cause }) => cause === "amplification-limit"));
    pair.run({ durationMs: 2000 });
    assert.equal(pair.server.counters.pathChecksFailed, 1);
    pair.tellServer({ kind: "send", session, bytes: new Uint8Array(5) });
    assert.equal(pair.sent.at(-1)?.to, "a");
  });

  it("lets a longer answer wait until the new address has shown itself", () => {
    const { pair, outputs, session } = establish();
    pair.rebind("a", "b");
    pair.tell("b", { kind: "send", bytes: Uint8Array.of(1) });
    pair.run({ durationMs: 6 });
    pair.tellServer({ kind: "send", session, bytes: new Uint8Array(900) });
    const sent = pair.sent.filter(({ to, bytes }) => to === "b" && bytes.length > 900).length;
    assert.equal(sent, 0);
    pair.run({ durationMs: 50 });
    assert.equal(outputOf(outputs, "data").bytes.length, 900);
    assert.equal(outputsOf(pair.serverOutputs, "refused").length, 0);
  });

  it("holds a few messages and no more, and sends them to the old address if the new one stays silent", () => {
    const { pair, outputs, session } = establish();
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
    const stolen = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    pair.tellServer({ kind: "datagram", peer: "victim", bytes: stolen });
    for (let count = 0; count < HELD_MESSAGES_MAX + 2; count++) {
      pair.tellServer({ kind: "send", session, bytes: new Uint8Array(500) });
    }
    assert.equal(outputsOf(pair.serverOutputs, "refused").length, 2);
    pair.run({ durationMs: 2000 });
    assert.equal(outputsOf(outputs, "data").length, HELD_MESSAGES_MAX);
  });

  it("asks the old address first when enhanced, and stays if it answers", () => {
    const { pair } = establish({ pathCheckMode: "enhanced" });
    pair.tell("a", { kind: "send", bytes: new Uint8Array(40) });
    const copied = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    pair.tellServer({ kind: "datagram", peer: "relay", bytes: copied });
    assert.equal(pair.sent.at(-1)?.to, "a");
    pair.run({ durationMs: 5000 });
    assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
    assert.equal(pair.server.counters.pathChecksFailed, 0);
  });

  it("moves when the old address stays silent", () => {
    const { pair, session } = establish({ pathCheckMode: "enhanced" });
    pair.rebind("a", "b");
    pair.tell("b", { kind: "send", bytes: new Uint8Array(40) });
    pair.run({ durationMs: 3000 });
    assert.deepEqual(outputOf(pair.serverOutputs, "address"), { kind: "address", session, from: "a", to: "b" });
  });

  it("asks a new address once enough has come from it for a challenge that padding makes long", () => {
    const padding = { kind: "minimum", sizeBytes: 250 } as const;
    const { pair, session } = establish({ padding });
    pair.rebind("a", "b");
    const challenges = (): number => pair.sent.filter(({ from, to }) => from === "server" && to === "b").length;
    const asked: number[] = [];
    for (let count = 0; count < 4; count++) {
      pair.tell("b", { kind: "send", bytes: Uint8Array.of(count) });
      pair.run({ durationMs: 6 });
      pair.tellServer({ kind: "send", session, bytes: Uint8Array.of(count) });
      asked.push(challenges());
      const got = pair.sent.filter(({ from }) => from === "b").reduce((sum, { bytes }) => sum + bytes.length, 0);
      const given = pair.sent.filter(({ to }) => to === "b").reduce((sum, { bytes }) => sum + bytes.length, 0);
      if (asked.at(-1) === 0 || asked.at(-1) === 1) assert.ok(given <= 3 * got);
    }
    assert.deepEqual(asked.slice(0, 3), [0, 0, 1], "data does not use up what the challenge needs");
    pair.run({ durationMs: 50 });
    assert.deepEqual(outputOf(pair.serverOutputs, "address"), { kind: "address", session, from: "a", to: "b" });
  });

  it("goes to the new address at once when the peer gives the old path up (path_drop)", () => {
    let isPreferred = true;
    const { pair, session } = establish({ pathCheckMode: "enhanced" }, { prefersPath: () => isPreferred });
    pair.tell("a", { kind: "send", bytes: new Uint8Array(60) });
    const record = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    isPreferred = false;
    // The client sent it by its other path; the challenge still finds it on the old one.
    pair.tellServer({ kind: "datagram", peer: "b", bytes: record });
    assert.equal(pair.sent.at(-1)?.to, "a");
    pair.run({ durationMs: 11 });
    const [dropped, asked] = pair.sent.slice(-2);
    assert.deepEqual([dropped?.from, asked?.to], ["a", "b"]);
    assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
    pair.rebind("a", "b");
    isPreferred = true;
    pair.tell("b", { kind: "datagram", peer: "server", bytes: asked?.bytes ?? new Uint8Array(0) });
    pair.run({ durationMs: 11 });
    assert.deepEqual(outputOf(pair.serverOutputs, "address"), { kind: "address", session, from: "a", to: "b" });
  });

  for (const [what, from, kind, spoil] of [
    ["another cookie", "b", "response", 1],
    ["from another address", "c", "response", 0],
    ["from the old address", "a", "response", 0],
    ["that gives the path up", "b", "drop", 0],
  ] as const) {
    it(`stays where it is after an answer ${what}`, () => {
      const { pair, session } = establish();
      const peer = mirroredSession(crypto, pair.server.export(session, 100));
      const answer = (to: string, bytes: Uint8Array): void => pair.tellServer({ kind: "datagram", peer: to, bytes });
      answer("b", peer.seal(23, new Uint8Array(40)));
      assert.equal(pair.sent.at(-1)?.to, "b");
      const challenge = parsePathMessage(openDatagram(peer, pair.sent.at(-1)?.bytes).content);
      assert.ok(challenge?.kind === "challenge");
      const cookie = challenge.cookie.map((byte, index) => (index === 7 ? byte ^ spoil : byte));
      answer(from, peer.seal(27, encodePathMessage({ kind, cookie })));
      assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
      answer("b", peer.seal(27, encodePathMessage({ kind: "response", cookie: challenge.cookie })));
      assert.equal(outputOf(pair.serverOutputs, "address").to, "b");
    });
  }

  it("asks each address with a cookie of its own, and takes an old one for none", () => {
    const { pair, session } = establish({ pathCheckMode: "enhanced" });
    const peer = mirroredSession(crypto, pair.server.export(session, 100));
    const cookieOfLast = (): Uint8Array => openDatagram(peer, pair.sent.at(-1)?.bytes).content.slice(1);
    pair.rebind("a", "nowhere");
    pair.tellServer({ kind: "datagram", peer: "b", bytes: peer.seal(23, new Uint8Array(40)) });
    const first = cookieOfLast();
    pair.run({ durationMs: 1100 });
    assert.equal(pair.sent.at(-1)?.to, "b");
    const second = cookieOfLast();
    assert.notDeepEqual(first, second);
    const answer = (cookie: Uint8Array): void => {
      const bytes = peer.seal(27, encodePathMessage({ kind: "response", cookie }));
      pair.tellServer({ kind: "datagram", peer: "b", bytes });
    };
    answer(first);
    assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
    answer(second);
    assert.equal(outputOf(pair.serverOutputs, "address").to, "b");
  });

  it("ends when the old address speaks again", () => {
    const { pair } = establish();
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(1) });
    const copied = pair.sent.at(-1)?.bytes ?? new Uint8Array(0);
    pair.tellServer({ kind: "datagram", peer: "relay", bytes: copied });
    pair.tell("a", { kind: "send", bytes: Uint8Array.of(2) });
    pair.run({ durationMs: 3000 });
    assert.equal(pair.server.counters.pathChecksFailed, 0);
    assert.equal(outputsOf(pair.serverOutputs, "address").length, 0);
  });
});

describe("the time of a check", () => {
  it("is three round trips, a second at least, ten at most", () => {
    assert.deepEqual([undefined, 0, 300, 400, 2000, 60_000].map(pathCheckMs), [1000, 1000, 1000, 1200, 6000, 10_000]);
  });

  it("lets a device on a slow network move", () => {
    const slow = { ...PERFECT_NETWORK, delayMsMin: 1200, delayMsMax: 1200 };
    const { pair, session } = establish({ timing: { initialMs: 9000, capMs: 9000, countMax: 3 } }, {}, slow);
    pair.rebind("a", "b");
    pair.tell("b", { kind: "send", bytes: new Uint8Array(40) });
    pair.run({ durationMs: 10_000 });
    assert.deepEqual(outputOf(pair.serverOutputs, "address"), { kind: "address", session, from: "a", to: "b" });
  });
});

describe("path messages", () => {
  it("round-trip, and unknown or cut ones are ignored", () => {
    for (const kind of ["challenge", "response", "drop"] as const) {
      const message = { kind, cookie: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
      assert.deepEqual(parsePathMessage(encodePathMessage(message)), message);
    }
    assert.equal(parsePathMessage(new Uint8Array(9).fill(3)), undefined);
    assert.equal(parsePathMessage(new Uint8Array(8)), undefined);
    assert.equal(parsePathMessage(new Uint8Array(0)), undefined);
  });

  it("are counted against what the candidate sent", () => {
    const check = new PathCheck("x", new Uint8Array(8), "basic", { now: millis(0), timeoutMs: 1000 });
    assert.equal(check.maySend(1, true), false);
    check.received(10);
    assert.equal(check.maySend(1, false), false, "the challenge comes first");
    assert.equal(check.maySend(20, true), true);
    assert.equal(check.maySend(10, false), true);
    assert.equal(check.maySend(1, false), false);
  });
});
