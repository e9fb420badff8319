// When a flight is sent again, and in which pieces (RFC 6347 §4.2.4).
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Millis, millis, SeededRandom } from "@coracle/base";
import { makeTestPki } from "@coracle/sim";
import { loadCredentials, systemCrypto as crypto } from "../io/mod.ts";
import { DtlsClient, type DtlsClientOptions, type DtlsOutput, DtlsServer, RandomCids } from "../mod.ts";
import { LossyPair } from "../testing/lossy-pair.ts";
import { outputOf } from "../testing/outputs.ts";

const psk = { identity: Uint8Array.of(1), key: new Uint8Array(16).fill(9) };

/** What a client does whom nobody answers: when it sends how large datagrams, and what it says in the end. */
function intoTheVoid(options: Partial<DtlsClientOptions> = {}) {
  const client = new DtlsClient({ crypto, random: new SeededRandom(1), psk, ...options });
  const sent: { readonly at: number; readonly sizes: number[] }[] = [];
  const others: DtlsOutput[] = [];
  let now: Millis = millis(0);
  client.handle({ kind: "connect", peer: "nobody" }, now);
  for (let step = 0; step < 50; step++) {
    const sizes: number[] = [];
    for (let output = client.poll(); output !== undefined; output = client.poll()) {
      if (output.kind === "send") sizes.push(output.bytes.length);
      else others.push(output);
    }
    if (sizes.length > 0) sent.push({ at: now, sizes });
    const next = client.nextTimeout();
    if (next === undefined) return { sent, failure: outputOf(others, "handshake-failed"), endedAt: now, client };
    now = next;
    client.handle({ kind: "timeout" }, now);
  }
  throw new Error("Cannot end the handshake: it goes on and on");
}

describe("a flight without an answer", () => {
  it("is repeated after one second, doubling, and given up after 63", () => {
    const { sent, failure, endedAt, client } = intoTheVoid();
    assert.deepEqual(
      sent.map(({ at }) => at),
      [0, 1000, 3000, 7000, 15_000, 31_000],
    );
    assert.deepEqual([failure.cause, endedAt, client.counters.flightsRepeated], ["timeout", 63_000, 5]);
  });

  it("waits no longer than the cap", () => {
    const timing = { initialMs: 9000, capMs: 20_000, countMax: 4 };
    const { sent, endedAt } = intoTheVoid({ timing });
    assert.deepEqual(
      sent.map(({ at }) => at),
      [0, 9000, 27_000, 47_000, 67_000],
    );
    assert.equal(endedAt, 87_000);
  });

  it("stays in one piece if it is a hello, as a server without state could not put it together", () => {
    const { sent } = intoTheVoid({ serverName: "n".repeat(255), cids: new RandomCids(255) });
    for (const { sizes } of sent) assert.ok(sizes.length === 1 && (sizes[0] ?? 0) > 512);
  });

  it("comes in datagrams of at most 512 bytes from the third time on", async () => {
    const pki = await makeTestPki();
    const random = new SeededRandom(2);
    const pair = new LossyPair(
      new DtlsServer({ crypto, random, credentials: loadCredentials(pki.key, pki.cert) }),
      random,
    );
    const verifyPeer = () => ({ ok: true, value: "x" }) as const;
    pair.connect("a", new DtlsClient({ crypto, random: new SeededRandom(1), verifyPeer }));
    pair.run({ durationMs: 1000, until: () => pair.server.handshakeCount === 1 });
    pair.rebind("a", "nowhere");
    // What a client of this flight would not get, each time that it is sent: at once, after one, three and seven seconds.
    const sizes = [pair.sent.slice(3).map(({ bytes }) => bytes.length)];
    for (const durationMs of [1500, 2000, 4000]) {
      const before = pair.sent.length;
      pair.run({ durationMs });
      sizes.push(
        pair.sent
          .slice(before)
          .filter(({ from }) => from === "server")
          .map(({ bytes }) => bytes.length),
      );
    }
    assert.deepEqual(
      sizes.map((datagrams) => datagrams.length > 0 && Math.max(...datagrams) > 512),
      [true, true, false, false],
    );
    assert.ok(sizes.slice(2).every((datagrams) => datagrams.length > 1));
  });
});
