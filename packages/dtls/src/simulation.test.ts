// Seeded simulations of two parties over bad networks: loss, duplication, reordering, every MTU from 256 to 1500.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ManualClock, randomInteger, SeededRandom } from "@coracle/base";
import { freshSeeds, makeTestPki, type TestCertificate, type TestPki } from "@coracle/sim";
import { loadCredentials, systemCrypto as crypto, trustVerifier } from "./io/mod.ts";
import { DtlsClient, type DtlsClientOptions, DtlsServer, type DtlsServerOptions, SessionStore } from "./mod.ts";
import { RandomCids } from "./mod.ts";
import { LossyPair, type NetworkFaults } from "./testing/lossy-pair.ts";
import { outputOf, outputsOf } from "./testing/outputs.ts";

/** Fixed seeds, and fresh ones that a failure names. */
const SEEDS = [...Array.from({ length: 30 }, (_, index) => index + 1), ...freshSeeds()];
const psk = { identity: Uint8Array.of(1, 2), key: new Uint8Array(16).fill(9) };
const clock = new ManualClock({ wallMs: Date.now() });
const timing = { initialMs: 1000, capMs: 8000, countMax: 40 };

let pki: TestPki;
let device: TestCertificate;
before(async () => {
  pki = await makeTestPki();
  device = await pki.client({ commonName: "device" });
});

function faultsOf(random: SeededRandom): NetworkFaults {
  return {
    lossShare: random.next() * 0.3,
    duplicateShare: random.next() * 0.3,
    delayMsMin: 1,
    delayMsMax: randomInteger(random, 1, 1500),
    datagramSizeMax: randomInteger(random, 256, 1500),
  };
}

interface World {
  readonly pair: LossyPair;
  readonly random: SeededRandom;
  readonly faults: NetworkFaults;
  readonly connect: (address: string, options: Partial<DtlsClientOptions>) => ReturnType<LossyPair["connect"]>;
}

function makeWorld(seed: number, server: Partial<DtlsServerOptions>): World {
  const random = new SeededRandom(seed);
  const faults = faultsOf(random);
  const datagramSizeMax = faults.datagramSizeMax;
  const pair = new LossyPair(
    new DtlsServer({
      crypto,
      random: new SeededRandom(seed ^ 0x5555),
      cids: new RandomCids(randomInteger(random, 0, 9)),
      datagramSizeMax,
      timing,
      limits: { handshakeMs: 600_000 },
      ...server,
    }),
    random,
    faults,
  );
  const connect = (address: string, options: Partial<DtlsClientOptions>) => {
    const cids = new RandomCids(randomInteger(random, 0, 9));
    const own = new SeededRandom(seed ^ address.charCodeAt(0));
    const client = new DtlsClient({ crypto, random: own, cids, datagramSizeMax, timing, ...options });
    const outputs = pair.connect(address, client);
    pair.run({ durationMs: 900_000, until: () => outputs.length > 0 });
    // Whoever spoke last may have to repeat itself before the other side is done too.
    pair.run({ durationMs: 60_000 });
    return outputs;
  };
  return { pair, random, faults, connect };
}

/** Numbered messages both ways; each arrives at most once and unchanged. */
function exchange({ pair, random }: World, outputs: ReturnType<LossyPair["connect"]>, address: string): void {
  const { session } = outputOf(pair.serverOutputs, "established");
  for (let count = 0; count < 40; count++) {
    const bytes = Uint8Array.of(count, ...random.bytes(randomInteger(random, 0, 100)));
    pair.tell(address, { kind: "send", bytes });
    pair.tellServer({ kind: "send", session, bytes });
    pair.run({ durationMs: randomInteger(random, 0, 300) });
  }
  pair.run({ durationMs: 10_000 });
  for (const side of [outputs, pair.serverOutputs]) {
    const numbers = outputsOf(side, "data").map(({ bytes }) => bytes[0]);
    assert.ok(numbers.length > 10, `${numbers.length} of 40 arrived`);
    assert.equal(new Set(numbers).size, numbers.length, "a record was delivered twice");
  }
}

describe("over bad networks", () => {
  for (const seed of SEEDS) {
    it(`seed ${seed}: PSK establishes, resumes and carries each record at most once`, () => {
      const sessions = new SessionStore();
      const world = makeWorld(seed, { psk: () => psk.key, sessions });
      const outputs = world.connect("a", { psk });
      const first = outputOf(outputs, "established");
      assert.equal(outputsOf(world.pair.serverOutputs, "established").length, 1);
      exchange(world, outputs, "a");
      const again = outputOf(world.connect("b", { psk, resume: first.resumable }), "established");
      assert.ok(again.summary.isResumed);
      assert.equal(world.pair.server.handshakeCount, 0);
      assert.ok(outputOf(world.pair.serverOutputs, "established").summary.isResumed);
    });
  }

  for (const seed of SEEDS.slice(-8)) {
    it(`seed ${seed}: certificates on both sides, cut into small datagrams`, () => {
      const verifyPeer = trustVerifier({ ca: [pki.ca], clock, usage: "client" });
      const credentials = loadCredentials(pki.key, pki.cert);
      const world = makeWorld(seed, { credentials, verifyPeer, clientCertificate: "required" });
      const outputs = world.connect("a", {
        verifyPeer: trustVerifier({ ca: [pki.ca], clock, usage: "server" }),
        credentials: loadCredentials(device.key, device.cert),
        serverName: "localhost",
      });
      assert.equal(outputOf(outputs, "established").summary.identity.kind, "x509");
      const { identity } = outputOf(world.pair.serverOutputs, "established").summary;
      assert.ok(identity.kind === "x509" && identity.name === "device");
      assert.ok(world.pair.sent.every(({ bytes }) => bytes.length <= world.faults.datagramSizeMax));
      exchange(world, outputs, "a");
    });
  }

  for (const seed of SEEDS.slice(-12)) {
    it(`seed ${seed}: a client that moves is followed, and every record that arrives is delivered once`, () => {
      const mode = seed % 2 === 0 ? "basic" : "enhanced";
      const world = makeWorld(seed, { psk: () => psk.key, cids: new RandomCids(6), pathCheckMode: mode });
      const outputs = world.connect("0", { psk, cids: new RandomCids(2) });
      const { session } = outputOf(world.pair.serverOutputs, "established");
      for (let moves = 0; moves < 10; moves++) {
        world.pair.rebind(`${moves}`, `${moves + 1}`);
        const count = outputsOf(outputs, "data").length;
        // Until an answer came back: the client has been found again.
        for (let tries = 0; tries < 60 && outputsOf(outputs, "data").length === count; tries++) {
          world.pair.tell(`${moves + 1}`, { kind: "send", bytes: Uint8Array.of(moves, tries) });
          world.pair.run({ durationMs: 700 });
          world.pair.tellServer({ kind: "send", session, bytes: Uint8Array.of(moves, tries) });
          world.pair.run({ durationMs: 700 });
        }
        assert.ok(outputsOf(outputs, "data").length > count, `move ${moves}`);
      }
      const delivered = outputsOf(world.pair.serverOutputs, "data").map(({ bytes }) => bytes.join());
      assert.equal(new Set(delivered).size, delivered.length, "a record was delivered twice");
      assert.equal(world.pair.server.sessionCount, 1);
      assert.ok(world.pair.server.counters.addressUpdates > 0);
    });
  }

  for (const datagramSizeMax of [256, 1500]) {
    it(`exactly ${datagramSizeMax} bytes wide: certificates on both sides, nothing larger on the wire`, () => {
      for (const seed of [1, 2, 3]) {
        const server = { credentials: loadCredentials(pki.key, pki.cert), clientCertificate: "required" } as const;
        const verifyPeer = trustVerifier({ ca: [pki.ca], clock, usage: "client" });
        const world = makeWorld(seed, { ...server, verifyPeer, datagramSizeMax });
        world.pair.setFaults({ ...world.faults, datagramSizeMax });
        const outputs = world.connect("a", {
          verifyPeer: trustVerifier({ ca: [pki.ca], clock, usage: "server" }),
          credentials: loadCredentials(device.key, device.cert),
          datagramSizeMax,
        });
        assert.equal(outputOf(outputs, "established").summary.identity.kind, "x509");
        const sizes = world.pair.sent.map(({ bytes }) => bytes.length);
        assert.ok(Math.max(...sizes) <= datagramSizeMax && Math.max(...sizes) > 200, `${Math.max(...sizes)}`);
        exchange(world, outputs, "a");
      }
    });
  }

  it("ends on both sides when nothing passes any more, and leaves nothing behind", () => {
    const world = makeWorld(5, { psk: () => psk.key, timing: { initialMs: 1000, capMs: 60_000, countMax: 5 } });
    const own = new SeededRandom(9);
    const outputs = world.pair.connect("a", new DtlsClient({ crypto, random: own, psk }));
    world.pair.run({ durationMs: 60_000, until: () => world.pair.server.handshakeCount > 0 });
    world.pair.setFaults({ ...world.faults, lossShare: 1 });
    world.pair.run({ durationMs: 1_000_000 });
    assert.equal(outputOf(outputs, "handshake-failed").cause, "timeout");
    assert.equal(world.pair.server.handshakeCount, 0);
    assert.equal(world.pair.server.nextTimeout(), undefined);
  });
});
