// Management sessions over DTLS: who starts, who yields, keys of both roles, wrong secrets, lost sessions, loss, caps.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Millis, millis, SeededRandom } from "@coracle/base";
import { systemCrypto } from "@coracle/dtls/io";
import { type Endpoint, formatEndpoint, parseEndpoint } from "../endpoint.ts";
import type { ChannelOutput } from "../protected-channel.ts";
import { ManagementPlane } from "../management-plane.ts";
import { nodeId } from "../node-id.ts";
import { DtlsChannel } from "./dtls-channel.ts";

const PING = Uint8Array.of(61, 1, 0, 0, 0, 0);

function at(address: string): Endpoint {
  const parsed = parseEndpoint(address);
  assert.ok(parsed.ok);
  return parsed.value;
}

const LOW = at("10.0.0.1:5884");
const HIGH = at("10.0.0.2:5884");

function channel(seed: number, options: { secret?: string; mac?: boolean } = {}): DtlsChannel {
  const { secret = "the secret of the cluster", mac = false } = options;
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const credentials = { identity: encode("nodes"), secret: encode(secret) };
  return new DtlsChannel({ crypto: systemCrypto, random: new SeededRandom(seed), credentials, mac });
}

/** Two channels and what passes between them, one millisecond each way. */
class Pair {
  readonly told: { readonly by: string; readonly output: ChannelOutput }[] = [];
  readonly channels: Map<string, DtlsChannel>;
  now: Millis = millis(0);
  lossShare = 0;
  readonly #random = new SeededRandom(9);

  constructor(low: DtlsChannel, high: DtlsChannel) {
    this.channels = new Map([
      [formatEndpoint(LOW), low],
      [formatEndpoint(HIGH), high],
    ]);
  }

  run(durationMs: number): void {
    for (const end = this.now + durationMs; this.now < end; this.now = millis(this.now + 1)) this.#step();
  }

  count(kind: ChannelOutput["kind"], by: Endpoint): number {
    return this.told.filter((each) => each.output.kind === kind && each.by === formatEndpoint(by)).length;
  }

  #step(): void {
    const flying: { from: string; to: Endpoint; bytes: Uint8Array }[] = [];
    for (const [name, channel] of this.channels) {
      channel.timeout(this.now);
      for (let output = channel.poll(); output !== undefined; output = channel.poll()) {
        if (output.kind !== "transmit") this.told.push({ by: name, output });
        else if (this.#random.next() >= this.lossShare) flying.push({ from: name, to: output.to, bytes: output.bytes });
      }
    }
    for (const { from, to, bytes } of flying) this.channels.get(formatEndpoint(to))?.receive(at(from), bytes, this.now);
  }
}

describe("two nodes", () => {
  it("get one session when one starts, and pass messages both ways", () => {
    const [low, high] = [channel(1), channel(2)];
    const pair = new Pair(low, high);
    assert.equal(low.send(HIGH, PING, pair.now), false);
    low.connect(HIGH, "keep-own", pair.now);
    assert.equal(low.status(HIGH), "handshaking");
    pair.run(20);
    assert.deepEqual([low.status(HIGH), high.status(LOW)], ["established", "established"]);
    assert.ok(low.send(HIGH, PING, pair.now) && high.send(LOW, PING, pair.now));
    pair.run(5);
    assert.deepEqual([pair.count("message", LOW), pair.count("message", HIGH)], [1, 1]);
  });

  it("that start at the same moment get one session: the lower one's", () => {
    const [low, high] = [channel(1), channel(2)];
    const pair = new Pair(low, high);
    low.connect(HIGH, "keep-own", pair.now);
    high.connect(LOW, "yield", pair.now);
    pair.run(30);
    assert.deepEqual([pair.count("established", LOW), pair.count("established", HIGH)], [1, 1]);
    assert.deepEqual(low.sizes, { attempts: 1, accepted: 0, handshakes: 0 });
    assert.deepEqual(high.sizes, { attempts: 0, accepted: 1, handshakes: 0 });
  });

  it("sign with the key of their own role and verify with the other's, also in a second session", () => {
    const [low, high] = [channel(1, { mac: true }), channel(2, { mac: true })];
    const pair = new Pair(low, high);
    const digests: string[] = [];
    for (const starter of ["low", "high"] as const) {
      if (starter === "low") low.connect(HIGH, "keep-own", pair.now);
      else high.connect(LOW, "yield", pair.now);
      pair.run(30);
      const keys = pair.told.flatMap(({ output }) => (output.kind === "established" ? [output.keys] : [])).slice(-2);
      const [one, two] = keys;
      assert.ok(one !== undefined && two !== undefined);
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
      assert.equal(hex(one.sign(PING)), hex(two.verify(PING)));
      assert.equal(hex(two.sign(PING)), hex(one.verify(PING)));
      assert.notEqual(hex(one.sign(PING)), hex(two.sign(PING)));
      digests.push(hex(one.sign(PING)));
      low.close(HIGH);
      high.close(LOW);
    }
    assert.notEqual(digests[0], digests[1]);
  });

  it("with different secrets get none, and the attempt ends", () => {
    const [low, high] = [channel(1), channel(2, { secret: "another" })];
    const pair = new Pair(low, high);
    low.connect(HIGH, "keep-own", pair.now);
    pair.run(3000);
    assert.deepEqual([low.status(HIGH), high.status(LOW)], ["none", "none"]);
    assert.equal(pair.count("closed", LOW), 1);
    assert.equal(pair.count("established", HIGH), 0);
    assert.ok((high.counters()["dropBadMac"] ?? 0) > 0);
  });

  it("get a session over a network that loses every fifth datagram, if they try again", () => {
    const [low, high] = [channel(1), channel(2)];
    const pair = new Pair(low, high);
    pair.lossShare = 0.2;
    for (let attempt = 0; attempt < 5 && low.status(HIGH) !== "established"; attempt++) {
      low.connect(HIGH, "keep-own", pair.now);
      pair.run(2500);
    }
    assert.equal(low.status(HIGH), "established");
  });

  it("get a new session when one has forgotten the old, and the new one replaces it", () => {
    const [low, high] = [channel(1), channel(2)];
    const pair = new Pair(low, high);
    low.connect(HIGH, "keep-own", pair.now);
    pair.run(20);
    high.close(LOW);
    high.connect(LOW, "yield", pair.now);
    pair.run(20);
    assert.equal(pair.count("established", LOW), 2);
    assert.deepEqual(low.sizes, { attempts: 0, accepted: 1, handshakes: 0 });
    assert.ok(low.send(HIGH, PING, pair.now));
    pair.run(5);
    assert.equal(pair.count("message", HIGH), 1);
  });
});

describe("strangers that bring their cookies back and then say no more", () => {
  it("fill half of the places for handshakes, and a listed node still gets in", () => {
    const table = { nodeId: nodeId(2), random: new SeededRandom(8), selfAddresses: [HIGH] };
    const own = channel(2);
    const plane = new ManagementPlane({
      mode: "dtls",
      channel: own,
      table: { ...table, discovery: { kind: "static", addresses: [LOW, HIGH] } },
    });
    plane.handle({ kind: "start" }, millis(0));
    const exchange = (peer: DtlsChannel, address: Endpoint, rounds: number): void => {
      for (let round = 0; round < rounds; round++) {
        for (let output = peer.poll(); output !== undefined; output = peer.poll()) {
          if (output.kind === "transmit")
            plane.handle({ kind: "datagram", from: address, bytes: output.bytes }, millis(1));
        }
        for (let output = plane.poll(); output !== undefined; output = plane.poll()) {
          if (output.kind === "transmit" && formatEndpoint(output.to) === formatEndpoint(address)) {
            peer.receive(HIGH, output.bytes, millis(1));
          }
        }
      }
    };
    for (let index = 0; index < 300; index++) {
      const stranger = channel(100 + index, { secret: "unknown" });
      stranger.connect(HIGH, "keep-own", millis(1));
      exchange(stranger, at(`198.51.100.${index % 250}:${1000 + index}`), 2);
    }
    assert.equal(own.sizes.handshakes, 128);
    assert.ok(plane.counters.get("crowded") > 0);
    const low = channel(1);
    low.connect(HIGH, "keep-own", millis(1));
    exchange(low, LOW, 6);
    assert.equal(low.status(HIGH), "established");
  });
});

describe("a channel", () => {
  it("has no more than 256 handshakes under way that others began", () => {
    const own = channel(2);
    for (let index = 0; index < 270; index++) {
      const address = at(`198.51.100.${index % 250}:${1000 + index}`);
      const stranger = channel(100 + index);
      stranger.connect(HIGH, "keep-own", millis(1));
      for (let round = 0; round < 2; round++) {
        for (let output = stranger.poll(); output !== undefined; output = stranger.poll()) {
          if (output.kind === "transmit") own.receive(address, output.bytes, millis(1));
        }
        for (let output = own.poll(); output !== undefined; output = own.poll()) {
          if (output.kind === "transmit") stranger.receive(HIGH, output.bytes, millis(1));
        }
      }
    }
    assert.equal(own.sizes.handshakes, 256);
    assert.equal(own.counters()["dropHandshakesFull"], 14);
  });

  it("starts no more handshakes than it may hold sessions", () => {
    const low = channel(1);
    for (let port = 1; port <= 1030; port++) low.connect(at(`10.0.0.2:${port}`), "keep-own", millis(0));
    assert.equal(low.sizes.attempts, 1024);
  });
});
