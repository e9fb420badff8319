// Source ports of devices: what waits for one to open, who may answer, when one is given up, what happens when none opens.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@coracle/base";
import type { SessionId } from "@coracle/dtls";
import type { UdpAddress } from "@coracle/runtime";
import { endpointOf } from "../testing/simulated-service.ts";
import { UdpUpstream } from "./udp-upstream.ts";

const UPSTREAM = endpointOf("127.0.0.1:5683");
const ONE = 1 as SessionId;
const TWO = 2 as SessionId;

/** A port that keeps what was sent. */
interface FakePort {
  readonly sent: Uint8Array[];
  readonly answer: (from: UdpAddress, bytes: Uint8Array) => void;
  isClosed: boolean;
}

function setUp(options: { socketsMax?: number; idleMs?: number; fails?: boolean; waits?: boolean } = {}) {
  const clock = new ManualClock();
  const ports: FakePort[] = [];
  const replies: { session: SessionId; bytes: Uint8Array }[] = [];
  const warnings: string[] = [];
  let open: (() => void) | undefined;
  const upstream = new UdpUpstream({
    upstream: UPSTREAM,
    server: endpointOf("127.0.0.1:5684"),
    proxyHeader: false,
    socketsMax: options.socketsMax ?? 10,
    idleMs: options.idleMs ?? 60_000,
    open: ({ onBatch, opened }) => {
      open = () => {
        if (options.fails === true) return opened(new Error("no more ports"));
        const port: FakePort = {
          sent: [],
          isClosed: false,
          answer: (source, bytes) => {
            onBatch({ count: 1, datagrams: [{ bytes, start: 0, end: bytes.length, source }] });
          },
        };
        ports.push(port);
        opened({
          send: (bytes) => port.sent.push(bytes.slice()) > 0,
          close: () => {
            port.isClosed = true;
          },
        });
      };
      if (options.waits !== true) open();
    },
    reply: (session, bytes) => void replies.push({ session, bytes: bytes.slice() }),
    describe: () => undefined,
    clock,
    warn: (message, error) => void warnings.push(`${message}: ${error.message}`),
  });
  return { upstream, clock, ports, replies, warnings, release: () => open?.() };
}

describe("a device's source port", () => {
  it("gets what waited for it, up to eight datagrams", () => {
    const { upstream, ports, release } = setUp({ waits: true });
    for (let index = 0; index < 10; index++) upstream.receive(ONE, Uint8Array.of(index));
    release();
    assert.equal(ports[0]?.sent.length, 8);
    assert.equal(upstream.counts()["drop-waiting"], 2);
    upstream.receive(ONE, Uint8Array.of(99));
    assert.deepEqual(ports[0]?.sent.at(-1), Uint8Array.of(99));
    upstream.close();
    assert.ok(ports[0]?.isClosed);
  });

  it("that opens when its device has gone is closed again", () => {
    const { upstream, ports, release } = setUp({ waits: true });
    upstream.receive(ONE, Uint8Array.of(1));
    upstream.ended(ONE);
    release();
    assert.ok(ports[0]?.isClosed);
    assert.deepEqual(ports[0]?.sent, []);
  });

  it("takes answers from the upstream alone", () => {
    const { upstream, ports, replies } = setUp();
    upstream.receive(ONE, Uint8Array.of(1));
    ports[0]?.answer(endpointOf("127.0.0.1:5999"), Uint8Array.of(6));
    ports[0]?.answer(UPSTREAM, Uint8Array.of(7));
    assert.deepEqual(replies, [{ session: ONE, bytes: Uint8Array.of(7) }]);
    assert.equal(upstream.counts()["drop-foreign-source"], 1);
  });

  it("is given up when it was idle, and when its session ends", () => {
    const { upstream, clock, ports } = setUp({ idleMs: 80 });
    upstream.receive(ONE, Uint8Array.of(1));
    upstream.receive(TWO, Uint8Array.of(2));
    upstream.ended(TWO);
    assert.ok(ports[1]?.isClosed);
    upstream.tick(clock.now());
    assert.equal(ports[0]?.isClosed, false);
    clock.advance(81);
    upstream.tick(clock.now());
    assert.ok(ports[0]?.isClosed);
    assert.deepEqual(upstream.levels(), { ports: 0 });
    assert.equal(upstream.counts()["idle"], 1);
  });

  it("goes to another device when all are in use, and none answers late", () => {
    const { upstream, ports, replies } = setUp({ socketsMax: 1 });
    upstream.receive(ONE, Uint8Array.of(1));
    upstream.receive(TWO, Uint8Array.of(2));
    assert.ok(ports[0]?.isClosed);
    ports[0]?.answer(UPSTREAM, Uint8Array.of(9));
    assert.deepEqual(replies, []);
    assert.deepEqual(upstream.levels(), { ports: 1 });
  });

  it("that cannot be opened costs the datagrams that waited, and the next one tries again", () => {
    const { upstream, warnings } = setUp({ fails: true });
    upstream.receive(ONE, Uint8Array.of(1));
    assert.equal(upstream.counts()["drop-not-opened"], 1);
    assert.deepEqual(upstream.levels(), { ports: 0 });
    upstream.receive(ONE, Uint8Array.of(1));
    assert.equal(upstream.counts()["drop-not-opened"], 2);
    assert.deepEqual(
      warnings,
      Array.from({ length: 2 }, () => "No source port for a device: no more ports"),
    );
  });
});
