// The session machine against a scripted switch on a virtual clock: agreement, bundles, deadlines, caps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis } from "@coracle/base";
import {
  encodeBundleControl,
  encodeErrorMessage,
  encodeHello,
  type Flow,
  flowChangeSource,
  MESSAGE_TYPE,
  MessageBuffer,
  MessageFramer,
  OpenflowSession,
  type OpenflowVersion,
  type SessionOptions,
  type SessionOutput,
  type SessionRequest,
} from "../mod.ts";

interface Sent {
  readonly type: number;
  readonly xid: number;
  readonly bytes: Uint8Array;
}

const flows = (count: number): Flow[] =>
  Array.from({ length: count }, (_, index) => ({ table: 1, priority: index, match: [], actions: [], cookie: 0n }));
const bundle = (count: number): SessionRequest => ({
  kind: "bundle",
  source: flowChangeSource({ adds: flows(count) }),
});

/** A session and the switch's side of its connection. */
class Rig {
  readonly session: OpenflowSession;
  readonly sent: Sent[] = [];
  readonly outputs: SessionOutput[] = [];
  nowMs = 0;

  constructor(options: SessionOptions = {}) {
    this.session = new OpenflowSession(options);
    this.session.handle({ kind: "connected" }, millis(0));
    this.drain();
  }

  static ready(options: SessionOptions = {}, version: OpenflowVersion = 6): Rig {
    const rig = new Rig(options);
    rig.reply((buffer) => encodeHello(buffer, 0, [version]));
    rig.reply((buffer) => {
      const start = buffer.beginMessage(version, MESSAGE_TYPE.featuresReply, rig.sent.at(-1)?.xid ?? 0);
      buffer.uint64(1n);
      buffer.zeros(16);
      buffer.endMessage(start);
    });
    assert.equal(rig.outputs.at(-1)?.kind, "ready");
    rig.outputs.length = 0;
    rig.sent.length = 0;
    return rig;
  }

  request(id: number, request: SessionRequest, timeoutMs = 1000): void {
    this.session.handle({ kind: "request", id, request, timeoutMs }, millis(this.nowMs));
    this.drain();
  }

  reply(encode: (buffer: MessageBuffer) => void): void {
    const buffer = new MessageBuffer();
    encode(buffer);
    this.session.handle({ kind: "received", bytes: buffer.written().slice() }, millis(this.nowMs));
    this.drain();
  }

  header(type: number, xid: number): void {
    this.reply((buffer) => buffer.endMessage(buffer.beginMessage(6, type, xid)));
  }

  control(xid: number, type: number): void {
    this.reply((buffer) => encodeBundleControl(buffer, { version: 6, xid }, { id: 1, type, flags: 3 }));
  }

  refuse(xid: number, type: number, code: number): void {
    this.reply((buffer) => encodeErrorMessage(buffer, { version: 6, xid }, { type, code, data: new Uint8Array(0) }));
  }

  waitUntil(nowMs: number): void {
    for (
      let next = this.session.nextTimeout();
      next !== undefined && next <= nowMs;
      next = this.session.nextTimeout()
    ) {
      this.nowMs = next;
      this.session.handle({ kind: "timeout" }, next);
      this.drain();
    }
    this.nowMs = nowMs;
  }

  /** Codes of the answers so far, `ok` for successes. */
  answers(): string[] {
    return this.outputs.flatMap((output) =>
      output.kind === "answer" ? [`${output.id} ${output.result.ok ? "ok" : output.result.error.code}`] : [],
    );
  }

  drain(): void {
    const framer = new MessageFramer();
    for (let output = this.session.poll(); output !== undefined; output = this.session.poll()) {
      if (output.kind !== "send") {
        this.outputs.push(output);
        continue;
      }
      framer.push(output.bytes.slice());
      for (let message = framer.next(); message?.ok === true; message = framer.next()) {
        const { value } = message;
        this.sent.push({
          type: value[1] ?? 0,
          xid: new DataView(value.buffer, value.byteOffset).getUint32(4),
          bytes: value,
        });
      }
    }
  }
}

test("a session agrees on the highest version that both name, and on none otherwise", () => {
  for (const version of [5, 6] as const) {
    const rig = Rig.ready({}, version);
    rig.request(1, { kind: "ports" });
    assert.equal(rig.sent[0]?.bytes[0], version);
  }
  const rig = new Rig({ versions: [6] });
  rig.reply((buffer) => encodeHello(buffer, 0, [5]));
  const closed = rig.outputs.at(-1);
  assert.equal(closed?.kind === "close" ? closed.error.code : "", "VERSION");
});

test("a bundle is open, adds, close in one batch; commit follows the close; the answer follows the commit", () => {
  const rig = Rig.ready();
  rig.request(1, bundle(3));
  const { bundleControl, bundleAdd } = MESSAGE_TYPE;
  assert.deepEqual(
    rig.sent.map(({ type }) => type),
    [bundleControl, bundleAdd, bundleAdd, bundleAdd, bundleControl],
  );
  const first = rig.sent[0]?.xid ?? 0;
  assert.deepEqual(
    rig.sent.map(({ xid }) => xid - first),
    [0, 1, 2, 3, 4],
  );
  for (const add of rig.sent.slice(1, 4))
    assert.equal(new DataView(add.bytes.buffer, add.bytes.byteOffset).getUint32(20), add.xid);
  rig.control(first, 1);
  assert.equal(rig.sent.length, 5);
  rig.control(first + 4, 3);
  assert.equal(rig.sent[5]?.bytes[13], 4);
  assert.deepEqual(rig.answers(), []);
  rig.control(first + 5, 5);
  assert.deepEqual(rig.answers(), ["1 ok"]);
  assert.equal(rig.session.pendingCount, 0);
});

test("a refused add makes the bundle be discarded, and the answer names its index", () => {
  const rig = Rig.ready();
  rig.request(1, bundle(5));
  const first = rig.sent[0]?.xid ?? 0;
  rig.refuse(first + 3, 4, 9);
  rig.control(first + 6, 3);
  assert.equal(rig.sent.at(-1)?.bytes[13], 6, "discard");
  rig.control(first + 7, 7);
  const answer = rig.outputs.at(-1);
  assert.ok(answer?.kind === "answer" && !answer.result.ok);
  assert.equal(answer.result.error.code, "REFUSED");
  assert.deepEqual(
    answer.result.error.failures?.map(({ index, error }) => [index, error.name]),
    [[2, "OFPBMC_BAD_PREREQ"]],
  );
});

test("a commit refused with and without a message at fault, a refused open and a refused close are all told", () => {
  const outcome = (script: (rig: Rig, first: number) => void): string => {
    const rig = Rig.ready();
    rig.request(1, bundle(2));
    script(rig, rig.sent[0]?.xid ?? 0);
    const answer = rig.outputs.at(-1);
    if (answer?.kind !== "answer" || answer.result.ok) return "none";
    return `${answer.result.error.error?.name} ${answer.result.error.failures?.map(({ index }) => index).join()}`;
  };
  const committed = (refusals: (rig: Rig, first: number) => void) => (rig: Rig, first: number) => {
    rig.control(first + 3, 3);
    refusals(rig, first);
    rig.refuse(first + 4, 17, 13);
  };
  assert.equal(outcome(committed((rig, first) => rig.refuse(first + 2, 5, 1))), "OFPFMFC_TABLE_FULL 1");
  assert.equal(outcome(committed(() => undefined)), "OFPBFC_MSG_FAILED ");
  const openRefused = (rig: Rig, first: number): void => {
    rig.refuse(first, 17, 5);
    rig.refuse(first + 3, 17, 2);
    rig.refuse(first + 4, 17, 2);
  };
  assert.equal(outcome(openRefused), "OFPBFC_OUT_OF_BUNDLES ");
});

test("a bundle to be committed at once is one batch; a message that is refused all the same is told, with what is installed", () => {
  const outcome = (script: (rig: Rig, first: number) => void): unknown => {
    const rig = Rig.ready();
    rig.request(1, { kind: "bundle", source: flowChangeSource({ adds: flows(2) }), commitAtOnce: true });
    assert.deepEqual(
      rig.sent.filter(({ type }) => type === MESSAGE_TYPE.bundleControl).map(({ bytes }) => bytes[13]),
      [0, 2, 4],
    );
    const first = rig.sent[0]?.xid ?? 0;
    assert.equal(rig.sent.at(-1)?.xid, first + 4);
    rig.control(first, 1);
    script(rig, first);
    assert.equal(rig.session.pendingCount, 0);
    const answer = rig.outputs.at(-1);
    if (answer?.kind !== "answer" || answer.result.ok) return rig.answers();
    const { code, failures, isPartial } = answer.result.error;
    return { code, at: failures?.map(({ index }) => index), isPartial };
  };
  const replies = (rig: Rig, first: number): void => {
    rig.control(first + 3, 3);
    rig.control(first + 4, 5);
  };
  assert.deepEqual(outcome(replies), ["1 ok"]);
  const unread = (rig: Rig, first: number): void => {
    rig.refuse(first + 2, 4, 9);
    replies(rig, first);
  };
  assert.deepEqual(outcome(unread), { code: "REFUSED", at: [1], isPartial: true });
  const full = (rig: Rig, first: number): void => {
    rig.control(first + 3, 3);
    rig.refuse(first + 1, 5, 1);
    rig.refuse(first + 4, 17, 13);
  };
  assert.deepEqual(outcome(full), { code: "REFUSED", at: [0], isPartial: undefined });
  const openRefused = (rig: Rig, first: number): void => {
    for (const offset of [0, 3, 4]) rig.refuse(first + offset, 17, 5);
  };
  assert.deepEqual(outcome(openRefused), { code: "REFUSED", at: [], isPartial: undefined });
});

test("a large bundle is handed out in batches of bounded size, and two in flight keep their errors apart", () => {
  const rig = Rig.ready({ batchSizeBytes: 4096 });
  rig.request(1, bundle(2000));
  rig.request(2, bundle(10));
  const [first = 0, second = 0] = rig.sent
    .filter(({ type, bytes }) => type === MESSAGE_TYPE.bundleControl && bytes[13] === 0)
    .map(({ xid }) => xid);
  assert.equal(second - first, 2003);
  rig.refuse(second + 4, 4, 9);
  rig.control(first + 2001, 3);
  rig.control(first + 2002, 5);
  rig.control(second + 11, 3);
  rig.control(second + 12, 7);
  assert.deepEqual(rig.answers(), ["1 ok", "2 REFUSED"]);
});

test("plain messages end with a barrier, and an empty list is done at once", () => {
  const rig = Rig.ready();
  rig.request(1, { kind: "messages", source: flowChangeSource({ adds: flows(2) }) });
  assert.deepEqual(
    rig.sent.map(({ type }) => type),
    [MESSAGE_TYPE.flowMod, MESSAGE_TYPE.flowMod, MESSAGE_TYPE.barrierRequest],
  );
  rig.refuse(rig.sent[1]?.xid ?? 0, 5, 1);
  rig.header(MESSAGE_TYPE.barrierReply, rig.sent[2]?.xid ?? 0);
  rig.request(2, bundle(0));
  assert.deepEqual(rig.answers(), ["1 REFUSED", "2 ok"]);
});

test("a request without an answer times out alone; a bundle without one ends the session", () => {
  const rig = Rig.ready();
  rig.request(1, { kind: "barrier" }, 500);
  rig.waitUntil(600);
  assert.deepEqual(rig.answers(), ["1 TIMEOUT"]);
  rig.request(2, bundle(1), 500);
  rig.request(3, { kind: "barrier" }, 5000);
  rig.waitUntil(1200);
  assert.deepEqual(rig.answers(), ["1 TIMEOUT", "2 TIMEOUT", "3 TIMEOUT"]);
  assert.equal(rig.outputs.at(-1)?.kind, "close");
  rig.request(4, { kind: "barrier" });
  assert.equal(rig.answers().at(-1), "4 DISCONNECTED");
  assert.equal(rig.session.nextTimeout(), undefined);
});

test("silence is probed by an echo and ends the session if it goes on; any byte keeps it alive", () => {
  const rig = Rig.ready({ idleProbeMs: 100, probeTimeoutMs: 50 });
  rig.waitUntil(120);
  assert.deepEqual(
    rig.sent.map(({ type }) => type),
    [MESSAGE_TYPE.echoRequest],
  );
  rig.header(MESSAGE_TYPE.echoReply, rig.sent[0]?.xid ?? 0);
  rig.waitUntil(200);
  assert.equal(rig.outputs.length, 0);
  rig.waitUntil(300);
  const closed = rig.outputs.at(-1);
  assert.equal(closed?.kind === "close" ? closed.error.code : "", "TIMEOUT");
});

test("a switch that never answers the hello is given up; its echo request is answered with its payload", () => {
  const silent = new Rig({ handshakeTimeoutMs: 100 });
  silent.waitUntil(101);
  assert.equal(silent.outputs.at(-1)?.kind, "close");
  const rig = Rig.ready();
  rig.reply((buffer) => {
    const start = buffer.beginMessage(6, MESSAGE_TYPE.echoRequest, 77);
    buffer.bytes(Uint8Array.of(1, 2, 3));
    buffer.endMessage(start);
  });
  assert.deepEqual(
    [rig.sent[0]?.type, rig.sent[0]?.xid, ...(rig.sent[0]?.bytes.subarray(8) ?? [])],
    [MESSAGE_TYPE.echoReply, 77, 1, 2, 3],
  );
});

test("caps: requests in flight, events nobody polls, the size of a dump", () => {
  const rig = Rig.ready({ pendingMax: 2, eventsMax: 3, multipartSizeBytesMax: 40 });
  for (const id of [1, 2, 3]) rig.request(id, { kind: "barrier" });
  assert.deepEqual(rig.answers(), ["3 BUSY"]);
  for (const { xid } of rig.sent) rig.header(MESSAGE_TYPE.barrierReply, xid);
  const strays = new MessageBuffer();
  for (let index = 0; index < 5; index++) {
    encodeErrorMessage(strays, { version: 6, xid: 9_000 + index }, { type: 1, code: 1, data: new Uint8Array(0) });
  }
  rig.session.handle({ kind: "received", bytes: strays.written() }, millis(1));
  assert.equal(rig.session.eventsDropped, 2);
  rig.drain();
  rig.request(4, { kind: "tables" });
  const { xid = 0 } = rig.sent.at(-1) ?? {};
  const part = (hasMore: boolean): void =>
    rig.reply((buffer) => {
      const start = buffer.beginMessage(6, MESSAGE_TYPE.multipartReply, xid);
      buffer.uint16(3);
      buffer.uint16(hasMore ? 1 : 0);
      buffer.zeros(4 + 24);
      buffer.endMessage(start);
    });
  part(true);
  assert.equal(rig.answers().at(-1), "2 ok");
  part(false);
  assert.equal(rig.answers().at(-1), "4 TOO_LARGE");
});

test("caps: messages of a request, failures that are kept of one", () => {
  const rig = Rig.ready();
  const endless = { count: (1 << 24) + 1, encode: () => assert.fail("nothing of it is encoded") };
  rig.request(1, { kind: "bundle", source: endless });
  assert.deepEqual(rig.answers(), ["1 TOO_LARGE"]);
  rig.request(2, { kind: "messages", source: flowChangeSource({ adds: flows(1001) }) });
  for (const { xid } of rig.sent.slice(0, 1001)) rig.refuse(xid, 5, 1);
  rig.header(MESSAGE_TYPE.barrierReply, rig.sent.at(-1)?.xid ?? 0);
  const answer = rig.outputs.at(-1);
  assert.ok(answer?.kind === "answer" && !answer.result.ok && answer.result.error.code === "REFUSED");
  assert.equal(answer.result.error.failures?.length, 1000);
});

test("a length below 8 or a message of another version ends the session and everything in flight", () => {
  const framing = Rig.ready();
  framing.request(1, bundle(1));
  framing.session.handle({ kind: "received", bytes: Uint8Array.of(6, 2, 0, 7, 0, 0, 0, 1) }, millis(1));
  framing.drain();
  assert.deepEqual(framing.answers(), ["1 PROTOCOL"]);
  const version = Rig.ready();
  version.reply((buffer) => buffer.endMessage(buffer.beginMessage(5, MESSAGE_TYPE.echoRequest, 1)));
  assert.equal(version.outputs.at(-1)?.kind, "close");
});
