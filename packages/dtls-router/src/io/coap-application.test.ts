// The built-in CoAP server message by message: what it answers, how, and what it leaves unanswered (RFC 7252).
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis } from "@coracle/base";
import type { SessionId } from "@coracle/dtls";
import { generate, type Option, parse, type ParsedPacket } from "coap-packet";
import { layOutCounters, ProcessCounters } from "../core/process-counters.ts";
import type { WorkerCounts } from "../core/worker-messages.ts";
import { endpointOf } from "../testing/simulated-service.ts";
import type { DeviceSession } from "./application.ts";
import { CoapApplication } from "./coap-application.ts";

const SESSION = 7 as SessionId;
const DEVICE: DeviceSession = {
  client: endpointOf("192.0.2.7:5000"),
  router: endpointOf("10.0.0.2:5884"),
  identity: { kind: "psk", identity: new TextEncoder().encode("a\nb") },
  suite: "PSK_WITH_AES_128_CCM_8",
  ownCid: Uint8Array.of(1, 2),
  peerCid: new Uint8Array(0),
  usesExtendedMasterSecret: true,
};
const NO_COUNTS: WorkerCounts = {
  dtls: {},
  routes: {},
  drops: {},
  handshakeFailures: {},
  refusals: {},
  upstream: {},
  lookups: {},
  held: { sessions: 3 },
};

function setUp() {
  const replies: ParsedPacket[] = [];
  const memory = layOutCounters(2);
  const application = new CoapApplication({
    nodeId: 4,
    server: "test",
    reply: (session, bytes) => {
      assert.equal(session, SESSION);
      replies.push(parse(Buffer.from(bytes)));
    },
    describe: () => DEVICE,
    sessionsMax: 10,
    counters: new ProcessCounters(memory, 0, () => NO_COUNTS),
  });
  /** Sends a message; the one answer to it, if there is any. */
  const send = (bytes: Uint8Array): ParsedPacket | undefined => {
    const before = replies.length;
    application.receive(SESSION, bytes);
    assert.ok(replies.length <= before + 1);
    return replies[before];
  };
  return { application, send, memory };
}

function request(path: string, more: Parameters<typeof generate>[0] = {}): Uint8Array {
  const options: Option[] = path.split("/").map((part) => ({ name: "Uri-Path", value: Buffer.from(part) }));
  const { options: others = [], ...rest } = more;
  const message = { code: "GET", confirmable: true, messageId: 513, token: Buffer.from([9, 8, 7]), ...rest };
  return generate({ ...message, options: [...options, ...others] });
}

describe("the built-in CoAP server", () => {
  it("answers a confirmable request in its acknowledgement, and any other by a message that wants none", () => {
    const { send, application } = setUp();
    const acknowledged = send(request("benchmark"));
    assert.deepEqual(
      [acknowledged?.ack, acknowledged?.messageId, acknowledged?.code, acknowledged?.token.toString("hex")],
      [true, 513, "2.05", "090807"],
    );
    const free = send(request("benchmark", { confirmable: false }));
    assert.deepEqual([free?.ack, free?.confirmable, free?.token.toString("hex")], [false, false, "090807"]);
    assert.equal(application.counts()["requests"], 2);
  });

  it("resets a ping, and answers neither acknowledgements, resets, answers nor noise", () => {
    const { send, application } = setUp();
    const pong = send(generate({ code: "0.00", confirmable: true, messageId: 77 }));
    assert.deepEqual([pong?.reset, pong?.messageId, pong?.code], [true, 77, "0.00"]);
    for (const silent of [
      generate({ code: "0.00", confirmable: false, messageId: 1 }),
      generate({ code: "0.00", ack: true, messageId: 1 }),
      generate({ code: "0.00", reset: true, messageId: 1 }),
      generate({ code: "2.05", confirmable: true, messageId: 1 }),
      generate({ code: "7.31", confirmable: true, messageId: 1 }),
      new Uint8Array(0),
      Uint8Array.of(0x40),
      Uint8Array.of(0x4f, 1, 0, 1),
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff),
    ]) {
      assert.equal(send(silent), undefined);
    }
    const { requests, pings, ignored, malformed } = application.counts();
    assert.deepEqual([requests, pings, Number(ignored) + Number(malformed)], [0, 1, 9]);
  });

  it("refuses options that are critical and unknown, and passes over others", () => {
    const { send, application } = setUp();
    const option = (name: Option["name"], value: number[] = []): Option => ({ name, value: Buffer.from(value) });
    for (const critical of [
      option("If-Match", [1]),
      option("Proxy-Uri", [97]),
      option("Block1", [0]),
      option("2049"),
      option("13"),
      option("65001"),
    ]) {
      assert.equal(send(request("benchmark", { options: [critical] }))?.code, "4.02", String(critical.name));
      assert.equal(send(request("benchmark", { options: [critical], confirmable: false })), undefined);
    }
    assert.equal(application.counts()["ignored"], 6);
    for (const known of [
      option("Uri-Host", [97]),
      option("Size2", [1]),
      option("2048"),
      option("14000"),
      option("Block2", [2]),
    ]) {
      assert.equal(send(request("benchmark", { options: [known] }))?.code, "2.05", String(known.name));
    }
    assert.equal(
      send(request("benchmark", { options: [option("Block2", [0x12])] }))?.code,
      "4.02",
      "there is one block",
    );
  });

  it("tells a device its session, without what would break its lines", () => {
    const { send } = setUp();
    const lines = send(request("mycontext"))?.payload.toString().split("\n");
    assert.deepEqual(lines, [
      "ip: 192.0.2.7",
      "port: 5000",
      "node-id: 4",
      "peer: a?b",
      "cipher-suite: TLS_PSK_WITH_AES_128_CCM_8",
      "read-cid: 0102",
      "write-cid: ",
      "ext-master-secret: true",
      "router: 10.0.0.2:5884",
      "server: test",
    ]);
  });

  it("adds up what all workers count, of which time tells it", () => {
    const { send, application, memory } = setUp();
    const other = new ProcessCounters(memory, 1, () => ({ ...NO_COUNTS, held: { sessions: 40 } }));
    const sessions = (): unknown =>
      (JSON.parse(send(request("diagnose"))?.payload.toString() ?? "{}") as { held: object }).held;
    other.tick(millis(0));
    assert.deepEqual(sessions(), { sessions: 43 });
    assert.equal(other.total().workers, 1, "this one has not told anything yet");
    application.tick(millis(0));
    assert.equal(other.total().workers, 2);
  });
});
