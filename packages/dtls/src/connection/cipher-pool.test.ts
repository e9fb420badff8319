// What warm sessions hold outside of the collector's sight is given up when they cool and when they end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import { cryptoProviderReport, liveCipherContexts } from "@coracle/runtime";
import { systemCrypto } from "../io/mod.ts";
import { DtlsClient, DtlsServer } from "../mod.ts";
import { parseRecordHeader } from "../record/record-header.ts";
import { NO_PADDING } from "../record/inner-plaintext.ts";
import { type CipherSuite, cipherSuiteByName } from "../suite/cipher-suite.ts";
import { LossyPair } from "../testing/lossy-pair.ts";
import { outputOf } from "../testing/outputs.ts";
import { CipherPool } from "./cipher-pool.ts";
import { RecordProtection } from "./record-protection.ts";

const CONTENT = Uint8Array.of(1, 2, 3);
const WARM_MAX = 4;
/** Two directions, each with a CBC and an ECB context. */
const CONTEXTS_PER_SESSION = 4;

const suite = cipherSuiteByName("PSK_WITH_AES_128_CCM_8") as CipherSuite;
const pool = new CipherPool(WARM_MAX);
const context = { crypto: systemCrypto, pool, padding: NO_PADDING };
const keys = (seed: number) => ({ key: new Uint8Array(16).fill(seed), iv: new Uint8Array(4).fill(seed) });

function makeSession(seed: number): RecordProtection {
  const cid = Uint8Array.of(9, seed);
  return new RecordProtection(context, { suite, write: keys(seed), read: keys(seed), ownCid: cid, peerCid: cid });
}

/** Seals a record and opens it, as both directions have the same keys here. */
function use(session: RecordProtection): void {
  const record = session.seal(23, CONTENT);
  const header = parseRecordHeader(record, 0, () => 2);
  assert.ok(header !== undefined);
  const outcome = session.open(record, header);
  assert.ok(outcome.ok);
  assert.deepEqual(outcome.content, CONTENT);
}

test("cold sessions hold raw keys alone, warm ones no more than the pool's share, ended ones nothing", () => {
  const before = liveCipherContexts();
  const sessions = Array.from({ length: 20 }, (_, seed) => makeSession(seed));
  assert.equal(liveCipherContexts(), before, "keys alone are no context");
  for (let round = 0; round < 3; round++) for (const session of sessions) use(session);
  const held = liveCipherContexts() - before;
  assert.equal(pool.size, WARM_MAX);
  assert.equal(held, cryptoProviderReport().name === "libcrypto" ? WARM_MAX * CONTEXTS_PER_SESSION : 0);
  for (const session of sessions) session.release();
  assert.equal(pool.size, 0);
  assert.equal(liveCipherContexts(), before);
});

test("handshakes that fail leave nothing either, on either side", () => {
  const before = liveCipherContexts();
  const [random, key] = [new SeededRandom(1), new Uint8Array(16)];
  const pair = new LossyPair(new DtlsServer({ crypto: systemCrypto, random, psk: () => key }), random);
  const psk = { identity: new Uint8Array(1), key: new Uint8Array(16).fill(1) };
  const outputs = pair.connect("a", new DtlsClient({ crypto: systemCrypto, random: new SeededRandom(2), psk }));
  pair.run({ durationMs: 1000 });
  assert.equal(liveCipherContexts() > before, cryptoProviderReport().name === "libcrypto");
  pair.run({ durationMs: 300_000 });
  assert.deepEqual([outputOf(outputs, "handshake-failed").cause, pair.server.handshakeCount], ["timeout", 0]);
  assert.equal(liveCipherContexts(), before);
});
