// Source ports of devices: what waits for one to open, who may answer, when one is given up, what happens when none opens.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@coracle/base";
import type { SessionId } from "@coracle/dtls";
import type { Logger } from "@coracle/lifecycle";
import type { UdpAddress, UdpBatch, UdpEndpoint } from "@coracle/runtime";
import { eventually } from "@coracle/sim";
import { endpointOf } from "../testing/simulated-service.ts";
import { UdpUpstream } from "./udp-upstream.ts";

const UPSTREAM = endpointOf("127.0.0.1:5683");
const ONE = 1 as SessionId;
const TWO = 2 as SessionId;
const quiet = { warning: () => undefined } as unknown as Logger;

/** A port that keeps what was sent. */
interface FakePort {
  readonly sent: Uint8Array[];
  readonly answer: (from: UdpAddress, bytes: Uint8Array) => void;
  isClosed: boolean;
}

function setUp(options: { socketsMax?: number; idleMs?: number; fails?: boolean } = {}) {
  const clock = new ManualClock();
  const ports: FakePort[] = [];
  const replies: { session: SessionId; bytes: Uint8Array }[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const upstream = new UdpUpstream({
    upstream: UPSTREAM,
    server: endpointOf("127.0.0.1:5684"),
    proxyHeader: false,
    socketsMax: options.socketsMax ?? 10,
    idleMs: options.idleMs ?? 60_000,
    open: async (_at, onBatch) => {
      await gate;
      if (options.fails === true) throw new Error("no more ports");
      const port: FakePort = {
        sent: [],
        isClosed: false,
        answer: (source, bytes) => {
          const batch: UdpBatch = { count: 1, datagrams: [{ bytes, start: 0, end: bytes.length, source }] };
          onBatch(batch);
        },
      };
      ports.push(port);
      return {
        send: (bytes: Uint8Array) => port.sent.push(bytes.slice()) > 0,
        close: () => {
          port.isClosed = true;
        },
      } as unknown as UdpEndpoint;
    },
    reply: (session, bytes) => void replies.push({ session, bytes: bytes.slice() }),
    describe: () => undefined,
    clock,
    log: quiet,
  });
  return { upstream, clock, ports, replies, release };
}

describe("a device's source port", () => {
  it("gets what waited for it, up to eight datagrams", async () => {
    const { upstream, ports, release } = setUp();
    for (let index = 0; index < 10; index++) upstream.receive(ONE, Uint8Array.of(index));
    release();
    await eventually(() => ports[0]?.sent.length === 8, "eight datagrams");
    assert.equal(upstream.counts()["drop-waiting"], 2);
    upstream.receive(ONE, Uint8Array.of(99));
    assert.deepEqual(ports[0]?.sent.at(-1), Uint8Array.of(99));
    upstream.close();
    assert.ok(ports[0]?.isClosed);
  });

  it("takes answers from the upstream alone", async () => {
    const { upstream, ports, replies, release } = setUp();
    upstream.receive(ONE, Uint8Array.of(1));
    release();
    await eventually(() => ports.length === 1, "a port");
    ports[0]?.answer(endpointOf("127.0.0.1:5999"), Uint8Array.of(6));
    ports[0]?.answer(UPSTREAM, Uint8Array.of(7));
    assert.deepEqual(replies, [{ session: ONE, bytes: Uint8Array.of(7) }]);
    assert.equal(upstream.counts()["drop-foreign-source"], 1);
    upstream.close();
  });

  it("is given up when it was idle, and when its session ends", async () => {
    const { upstream, clock, ports, release } = setUp({ idleMs: 80 });
    release();
    upstream.receive(ONE, Uint8Array.of(1));
    upstream.receive(TWO, Uint8Array.of(2));
    await eventually(() => ports.length === 2, "two ports");
    upstream.ended(TWO);
    assert.ok(ports[1]?.isClosed);
    clock.advance(81);
    await eventually(() => ports[0]?.isClosed === true, "an idle port to be closed");
    assert.deepEqual(upstream.levels(), { ports: 0 });
    upstream.close();
  });

  it("goes to another device when all are in use, and none answers late", async () => {
    const { upstream, ports, replies, release } = setUp({ socketsMax: 1 });
    release();
    upstream.receive(ONE, Uint8Array.of(1));
    await eventually(() => ports.length === 1, "a port");
    upstream.receive(TWO, Uint8Array.of(2));
    assert.ok(ports[0]?.isClosed);
    ports[0]?.answer(UPSTREAM, Uint8Array.of(9));
    assert.deepEqual(replies, []);
    assert.deepEqual(upstream.levels(), { ports: 1 });
    upstream.close();
  });

  it("that cannot be opened costs the datagrams that waited, and the next one tries again", async () => {
    const { upstream, release } = setUp({ fails: true });
    upstream.receive(ONE, Uint8Array.of(1));
    release();
    await eventually(() => upstream.counts()["drop-not-opened"] === 1, "a counted failure");
    assert.deepEqual(upstream.levels(), { ports: 0 });
    upstream.receive(ONE, Uint8Array.of(1));
    await eventually(() => upstream.counts()["drop-not-opened"] === 2, "another");
    upstream.close();
  });
});
