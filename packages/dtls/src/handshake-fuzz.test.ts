// Handshakes of every kind with hostile datagrams between their own, peers with keys that say anything, and parsers on what is
// nearly right: nothing throws, nothing stays behind, nobody is answered more than they sent, everything is counted.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ManualClock, millis, randomInteger, SeededRandom } from "@coracle/base";
import { freshSeeds, makeTestPki, type TestCertificate, type TestPki } from "@coracle/sim";
import { CipherPool } from "./connection/cipher-pool.ts";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "./io/mod.ts";
import { CIPHER_SUITES, DtlsClient, type DtlsClientOptions, type DtlsOutput, DtlsServer } from "./mod.ts";
import type { DtlsServerOptions } from "./mod.ts";
import { NO_PADDING, RandomCids, SessionStore } from "./mod.ts";
import { restoreProtection } from "./session/session-state.ts";
import { LossyPair } from "./testing/lossy-pair.ts";
import { mutateBytes, mutateDatagram } from "./testing/mutation.ts";
import { outputsOf } from "./testing/outputs.ts";
import { PARSERS } from "./testing/parsers.ts";

const SEEDS = [1, 2, 3, ...freshSeeds()];
const psk = { identity: Uint8Array.of(1, 2), key: new Uint8Array(16).fill(9) };
const clock = new ManualClock({ wallMs: Date.now() });
const LIMITS = { handshakesMax: 8, sessionsMax: 8, staleAfterMs: 1 };

let pki: TestPki;
let device: TestCertificate;
before(async () => {
  pki = await makeTestPki();
  device = await pki.client({ commonName: "device" });
});

interface Kind {
  readonly name: string;
  readonly server: Partial<DtlsServerOptions>;
  readonly client: Partial<DtlsClientOptions>;
}

function kinds(): readonly Kind[] {
  const trust = (usage: "client" | "server") => trustVerifier({ ca: [pki.ca], clock, usage });
  const credentials = loadCredentials(pki.key, pki.cert);
  const x509 = { credentials, verifyPeer: trust("client"), clientCertificate: "required" as const };
  const shown = loadCredentials(device.key, device.cert);
  const lookup = { psk: () => psk.key };
  const byName = (name: string) => ({ suites: CIPHER_SUITES.filter((suite) => suite.name.startsWith(name)) });
  return [
    { name: "PSK", server: { ...lookup, ...byName("PSK") }, client: { psk } },
    { name: "ECDHE_PSK", server: { ...lookup, ...byName("ECDHE_PSK") }, client: { psk } },
    { name: "without IDs", server: { ...lookup, cids: undefined }, client: { psk, cids: undefined } },
    {
      name: "certificates",
      server: { ...x509, datagramSizeMax: 400 },
      client: { verifyPeer: trust("server"), credentials: shown, serverName: "localhost", datagramSizeMax: 300 },
    },
  ];
}

function drain(machine: { poll(): DtlsOutput | undefined }): DtlsOutput[] {
  const outputs: DtlsOutput[] = [];
  for (let output = machine.poll(); output !== undefined; output = machine.poll()) outputs.push(output);
  return outputs;
}

const total = (counters: Readonly<Record<string, number>>): number =>
  Object.entries(counters).reduce((sum, [name, count]) => sum + (name === "datagramsReceived" ? 0 : count), 0);

/** One handshake, datagram by datagram, with hostile ones in front of each; true if it was completed all the same. */
function handshakeUnderFire(kind: Kind, random: SeededRandom, sessions: SessionStore): boolean {
  const cids = new RandomCids(6);
  const server = new DtlsServer({ crypto, random, cids, sessions, limits: LIMITS, ...kind.server });
  const own = new SeededRandom(random.uint32());
  const client = new DtlsClient({ crypto, random: own, cids: new RandomCids(2), ...kind.client });
  let now = millis(0);
  const corpus: Uint8Array[] = [];
  client.handle({ kind: "connect", peer: "server" }, now);
  const all: DtlsOutput[] = [];
  for (let round = 0; round < 40 && server.sessionCount === 0; round++) {
    for (const output of drain(client)) {
      if (output.kind === "send") toServer(output.bytes);
      else all.push(output);
    }
    for (const output of drain(server)) {
      if (output.kind !== "send") continue;
      corpus.push(output.bytes);
      if (output.peer !== "client") continue;
      for (let shots = randomInteger(random, 0, 3); shots > 0; shots--) toClient(mutateDatagram(random, corpus));
      toClient(output.bytes);
    }
    now = millis(now + 1200);
    for (const machine of [client, server]) machine.handle({ kind: "timeout" }, now);
  }
  const completed = server.sessionCount > 0;
  // Whatever was begun comes to its end.
  for (let step = 0; step < 200 && server.handshakeCount > 0; step++) {
    now = millis(now + 10_000);
    server.handle({ kind: "timeout" }, now);
    drain(server);
  }
  assert.equal(server.handshakeCount, 0);
  assert.ok(server.sessionCount <= LIMITS.sessionsMax && sessions.size <= sessions.counts.stored);
  return completed;

  function toServer(bytes: Uint8Array): void {
    corpus.push(bytes);
    for (let shots = randomInteger(random, 0, 4); shots > 0; shots--) {
      const hostile = mutateDatagram(random, corpus);
      // Mostly from where the client is, as only there it can do harm; otherwise from strangers, who are not to be amplified to.
      const isStranger = random.next() < 0.3;
      const counted = total(server.counters);
      const waiting = isStranger ? [] : drain(server);
      const peer = isStranger ? `stranger ${random.uint32()}` : "client";
      server.handle({ kind: "datagram", peer, bytes: hostile }, now);
      assert.ok(total(server.counters) > counted, "a datagram was not counted");
      if (isStranger) {
        const answers = drain(server).filter((output) => output.kind === "send" && output.peer === peer);
        const size = outputsOf(answers, "send").reduce((sum, answer) => sum + answer.bytes.length, 0);
        assert.ok(size <= hostile.length, `${size} bytes for ${hostile.length}`);
      }
      for (const output of waiting) if (output.kind === "send") toClient(output.bytes);
    }
    server.handle({ kind: "datagram", peer: "client", bytes }, now);
  }

  function toClient(bytes: Uint8Array): void {
    const counted = total(client.counters);
    client.handle({ kind: "datagram", peer: "server", bytes }, now);
    assert.ok(total(client.counters) > counted, "a datagram was not counted");
  }
}

describe("handshakes under fire", () => {
  for (const seed of SEEDS) {
    it(`seed ${seed}: of every kind leave nothing behind, and many are completed`, () => {
      for (const kind of kinds()) {
        const random = new SeededRandom(seed);
        const sessions = new SessionStore({ entriesMax: 50 });
        let completed = 0;
        for (let round = 0; round < 40; round++) if (handshakeUnderFire(kind, random, sessions)) completed++;
        assert.ok(completed >= 4, `${kind.name}: ${completed} of 40`);
      }
    });
  }
});

describe("a peer with keys", () => {
  for (const seed of SEEDS) {
    it(`seed ${seed}: may say anything; its session goes on or ends, on either side`, () => {
      const random = new SeededRandom(seed);
      for (let round = 0; round < 30; round++) {
        const server = new DtlsServer({ crypto, random, psk: () => psk.key, cids: new RandomCids(6) });
        const pair = new LossyPair(server, random);
        const client = new DtlsClient({ crypto, random: new SeededRandom(seed), psk, cids: new RandomCids(2) });
        pair.connect("a", client);
        pair.run({ durationMs: 100 });
        const [ofClient, ofServer] = [client.export(1000), server.export([...server.sessionIds()][0] ?? never(), 1000)];
        assert.ok(ofClient !== undefined && ofServer !== undefined);
        const context = { crypto, pool: new CipherPool(2), padding: NO_PADDING };
        const mine = restoreProtection(context, { ...ofClient, writeSequence: 20 }) ?? never();
        const theirs = restoreProtection(context, { ...ofServer, writeSequence: 20 }) ?? never();
        const corpus = pair.sent.map(({ bytes }) => bytes.subarray(13));
        for (let shots = 0; shots < 60; shots++) {
          const type = random.next() < 0.8 ? randomInteger(random, 20, 27) : random.uint32() & 0xff;
          const content = mutateBytes(random, corpus[random.uint32() % corpus.length] ?? new Uint8Array(0));
          const from = random.next() < 0.5 ? "a" : "elsewhere";
          const short = content.slice(0, random.next() < 0.5 ? 9 : 900);
          server.handle({ kind: "datagram", peer: from, bytes: mine.seal(type, short) }, pair.now);
          client.handle({ kind: "datagram", peer: "server", bytes: theirs.seal(type, short) }, pair.now);
          drain(server);
          drain(client);
        }
        assert.ok(server.sessionCount <= 1);
      }
    });
  }
});

describe("parsers", () => {
  it("take what is nearly right without throwing, and never read beyond it", () => {
    const random = new SeededRandom(11);
    const pair = new LossyPair(
      new DtlsServer({
        crypto,
        random,
        cids: new RandomCids(6),
        credentials: loadCredentials(pki.key, pki.cert),
        verifyPeer: () => ({ ok: true, value: "x" }),
        clientCertificate: "required",
      }),
      random,
    );
    pair.connect(
      "a",
      new DtlsClient({
        crypto,
        random,
        cids: new RandomCids(2),
        verifyPeer: () => ({ ok: true, value: "x" }),
        credentials: loadCredentials(device.key, device.cert),
        serverName: "localhost",
      }),
    );
    pair.run({ durationMs: 100 });
    const bodies = pair.sent.flatMap(({ bytes }) => [
      bytes,
      bytes.subarray(13),
      bytes.subarray(25),
      bytes.subarray(60),
    ]);
    assert.ok(bodies.length >= 20);
    const understood = new Set<number>();
    for (let round = 0; round < 60_000; round++) {
      const input = mutateBytes(random, bodies[random.uint32() % bodies.length] ?? new Uint8Array(0));
      const at = random.uint32() % PARSERS.length;
      if (PARSERS[at]?.(input) !== undefined) understood.add(at);
    }
    assert.ok(understood.size >= 12, `${understood.size} parsers understood anything`);
  });
});

function never(): never {
  throw new Error("Cannot go on: there is no session");
}
