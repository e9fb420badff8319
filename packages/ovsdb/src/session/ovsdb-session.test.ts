// The session machine and its monitor against a scripted server on a virtual clock: fallback, resume, deadlines, caps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis } from "@coracle/base";
import * as fc from "fast-check";
import {
  column,
  DatabaseMonitor,
  JsonFramer,
  monitoredTable,
  type Json,
  type JsonObject,
  type OvsdbOutput,
  OvsdbSession,
  type OvsdbSessionOptions,
} from "../mod.ts";
import { ovsdbVectors, SCHEMA } from "../io/testing/vectors.ts";

const vectors = ovsdbVectors();
const BRIDGE = "7f90fcc7-72ba-4187-8152-f1730597ed3c";
const DEVICE = "8fb59439-e156-421d-adab-b9eb19e8cdb5";
const bridges = monitoredTable("Bridge", { name: column.string, ports: column.uuids });
const interfaces = monitoredTable("Interface", {
  name: column.string,
  ofport: column.optionalInteger,
  external_ids: column.stringMap,
});
const root = monitoredTable("Open_vSwitch", { cur_cfg: column.integer, next_cfg: column.integer });
const TABLES = [bridges, interfaces, root];

/** A session and the server's side of its connection. */
class Rig {
  readonly session: OvsdbSession;
  readonly monitor: DatabaseMonitor;
  readonly sent: JsonObject[] = [];
  readonly outputs: OvsdbOutput[] = [];
  nowMs = 0;

  constructor(options: Partial<OvsdbSessionOptions> = {}, monitor: DatabaseMonitor = new DatabaseMonitor(TABLES)) {
    this.monitor = monitor;
    this.session = new OvsdbSession({ database: "Open_vSwitch", ...options }, monitor);
    this.session.handle({ kind: "connected" }, millis(0));
    this.drain();
  }

  static ready(options: Partial<OvsdbSessionOptions> = {}): Rig {
    const rig = new Rig(options);
    rig.answer(SCHEMA);
    rig.answer(vectors.monitorCondSinceReply);
    assert.equal(rig.outputs.at(-1)?.kind, "ready");
    rig.outputs.length = 0;
    rig.sent.length = 0;
    return rig;
  }

  say(message: JsonObject): void {
    const bytes = new TextEncoder().encode(JSON.stringify(message));
    this.session.handle({ kind: "received", bytes }, millis(this.nowMs));
    this.drain();
  }

  /** Answers what was sent last. */
  answer(result: Json, error: Json = null): void {
    this.say({ id: this.sent.at(-1)?.["id"] ?? null, result, error });
  }

  ask(id: number, timeoutMs = 1000): void {
    const request = { method: "transact", params: ["Open_vSwitch"] };
    this.session.handle({ kind: "request", id, request, timeoutMs }, millis(this.nowMs));
    this.drain();
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

  drain(): void {
    const framer = new JsonFramer(1 << 20);
    for (let output = this.session.poll(); output !== undefined; output = this.session.poll()) {
      if (output.kind !== "send") {
        this.outputs.push(output);
        continue;
      }
      framer.push(output.bytes);
      for (let message = framer.next(); message?.ok === true; message = framer.next()) this.sent.push(message.value);
    }
  }

  told(): string[] {
    return this.outputs.flatMap((output) => {
      if (output.kind === "changes") return output.changes.map(({ kind, table }) => `${kind} ${table}`);
      if (output.kind === "answer") return [`${output.id} ${output.result.ok ? "ok" : output.result.error.code}`];
      return output.kind === "close" ? [`close ${output.error.code}`] : [output.kind];
    });
  }
}

test("recorded update3 messages are applied: set differences, scalars, defaults of what an insert leaves out", () => {
  const rig = Rig.ready();
  for (const update of vectors.update3) rig.say(update);
  assert.deepEqual(rig.told(), [
    "modify Bridge",
    "insert Interface",
    "modify Open_vSwitch",
    "modify Interface",
    "modify Open_vSwitch",
  ]);
  assert.deepEqual(rig.monitor.rows(bridges).get(BRIDGE)?.ports.length, 2);
  const device = rig.monitor.rows(interfaces).get(DEVICE);
  assert.deepEqual(
    { ...device, external_ids: device?.external_ids.size },
    { _uuid: DEVICE, name: "x1", ofport: 1, external_ids: 0 },
  );
  assert.deepEqual(
    [...rig.monitor.rows(root).values()].map((row) => [row.cur_cfg, row.next_cfg]),
    [[2, 2]],
  );
});

test("maps: a key that comes, one that changes, one that goes; a set's member that goes; a row that goes", () => {
  const rig = Rig.ready();
  for (const update of vectors.update3) rig.say(update);
  const modify = (table: string, row: string, columns: JsonObject): void =>
    rig.say({ id: null, method: "update3", params: ["rows", "x", { [table]: { [row]: { modify: columns } } }] });
  const ids = (): unknown => Object.fromEntries(rig.monitor.rows(interfaces).get(DEVICE)?.external_ids ?? []);
  modify("Interface", DEVICE, {
    external_ids: [
      "map",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
  });
  assert.deepEqual(ids(), { a: "1", b: "2" });
  modify("Interface", DEVICE, {
    external_ids: [
      "map",
      [
        ["a", "9"],
        ["b", "2"],
      ],
    ],
  });
  assert.deepEqual(ids(), { a: "9" });
  modify("Interface", DEVICE, { ofport: ["set", []] });
  assert.equal(rig.monitor.rows(interfaces).get(DEVICE)?.ofport, undefined);
  modify("Bridge", BRIDGE, { ports: ["uuid", "26b60a19-f899-4f83-961a-3b44892a8da8"] });
  assert.deepEqual(rig.monitor.rows(bridges).get(BRIDGE)?.ports, ["041ea5a1-3c6f-4661-9578-a5842cb88f7e"]);
  rig.say({ id: null, method: "update3", params: ["rows", "y", { Interface: { [DEVICE]: { delete: null } } }] });
  assert.equal(rig.monitor.rows(interfaces).has(DEVICE), false);
  assert.equal(rig.monitor.lastTransaction, "y");
  assert.equal(rig.told().at(-1), "delete Interface");
});

test("a server without monitor_cond_since, then without monitor_cond, is monitored by what it knows", () => {
  const rig = new Rig();
  rig.answer(SCHEMA);
  assert.equal(rig.sent.at(-1)?.["method"], "monitor_cond_since");
  rig.say({ ...vectors.unknownMethod, id: "monitor" });
  assert.equal(rig.sent.at(-1)?.["method"], "monitor_cond");
  rig.say({ ...vectors.unknownMethod, id: "monitor" });
  assert.equal(rig.sent.at(-1)?.["method"], "monitor");
  assert.match(JSON.stringify(rig.sent.at(-1)?.["params"]), /^\["Open_vSwitch","rows",\{"Bridge":\{"columns":/);
  rig.answer(vectors.monitorReply);
  assert.deepEqual(rig.told(), ["insert Bridge", "ready"]);
  const change = { Bridge: { [BRIDGE]: { old: { name: "br0" }, new: { name: "br1", ports: ["set", []] } } } };
  rig.say({ id: null, method: "update", params: ["rows", change] });
  assert.equal(rig.monitor.rows(bridges).get(BRIDGE)?.name, "br1");
  rig.say({ id: null, method: "update", params: ["rows", { Bridge: { [BRIDGE]: { old: { name: "br1" } } } }] });
  assert.equal(rig.monitor.rows(bridges).size, 0);
  const none = new Rig({ monitorMethods: ["monitor_cond"] });
  none.answer(SCHEMA);
  none.say({ ...vectors.unknownMethod, id: "monitor" });
  assert.deepEqual(none.told(), ["close REFUSED"]);
});

test("the next connection resumes where the server has history, and compares where it has none", () => {
  const first = Rig.ready();
  first.say({
    id: null,
    method: "update3",
    params: ["rows", "t1", { Bridge: { [BRIDGE]: { modify: { name: "br1" } } } }],
  });
  const resumed = new Rig({}, first.monitor);
  resumed.answer(SCHEMA);
  assert.equal(JSON.stringify(resumed.sent.at(-1)?.["params"]).endsWith(',"t1"]'), true);
  resumed.answer([true, "t2", { Bridge: { [BRIDGE]: { modify: { name: "br2" } } } }]);
  assert.deepEqual(resumed.told(), ["modify Bridge", "ready"]);
  assert.equal(first.monitor.rows(interfaces).size, 1);
  const compared = new Rig({}, first.monitor);
  compared.answer(SCHEMA);
  compared.answer([
    false,
    "t3",
    { Bridge: { [BRIDGE]: { initial: { name: "br2", ports: ["uuid", "041ea5a1-3c6f-4661-9578-a5842cb88f7e"] } } } },
  ]);
  assert.deepEqual(compared.told(), ["delete Interface", "delete Open_vSwitch", "ready"]);
});

test("an update that cannot be true ends the session: unknown table or row, wrong type, too many rows", () => {
  const fate = (tables: JsonObject): string => {
    const rig = Rig.ready();
    rig.say({ id: null, method: "update3", params: ["rows", "x", tables] });
    return rig.told().join();
  };
  assert.equal(fate({ Port: { a: { insert: {} } } }), "close PROTOCOL");
  assert.equal(fate({ Bridge: { unknown: { modify: { name: "x" } } } }), "close PROTOCOL");
  assert.equal(fate({ Bridge: { a: { insert: { name: 5 } } } }), "close PROTOCOL");
  assert.equal(fate({ Bridge: { a: { insert: { name: ["set", []] } } } }), "close PROTOCOL");
  assert.equal(fate({ Bridge: { a: { insert: { name: "fine" } } } }), "insert Bridge");
  const small = new Rig({}, new DatabaseMonitor(TABLES, 2));
  small.answer(SCHEMA);
  small.answer(vectors.monitorCondSinceReply);
  assert.deepEqual(small.told(), ["close PROTOCOL"]);
});

test("echo goes both ways; silence after a probe ends the session; locks are told", () => {
  const rig = Rig.ready({ idleProbeMs: 100, probeTimeoutMs: 50 });
  rig.say({ method: "echo", params: ["hello"], id: "theirs" });
  assert.deepEqual(rig.sent.pop(), { result: ["hello"], error: null, id: "theirs" });
  rig.say({ method: "stolen", params: ["l"], id: null });
  rig.waitUntil(120);
  assert.equal(rig.sent.at(-1)?.["method"], "echo");
  rig.answer([]);
  rig.waitUntil(200);
  assert.deepEqual(rig.told(), ["lock"]);
  rig.waitUntil(400);
  assert.deepEqual(rig.told(), ["lock", "close TIMEOUT"]);
  const slow = new Rig({ handshakeTimeoutMs: 10 });
  slow.waitUntil(11);
  assert.deepEqual(slow.told(), ["close TIMEOUT"]);
});

test("deadlines and caps: a late answer is ignored, too many requests and too many bytes are refused, a close answers all", () => {
  const rig = Rig.ready({ pendingMax: 2 });
  rig.ask(1, 100);
  rig.waitUntil(150);
  rig.say({ id: 1, result: [], error: null });
  for (const id of [2, 3, 4]) rig.ask(id);
  rig.say({ id: 2, result: [], error: null });
  rig.say({ ...vectors.unknownMethod, id: 3 });
  rig.ask(5);
  rig.session.handle({ kind: "disconnected" }, millis(200));
  rig.drain();
  rig.ask(6);
  assert.deepEqual(rig.told(), [
    "1 TIMEOUT",
    "4 BUSY",
    "2 ok",
    "3 REFUSED",
    "5 DISCONNECTED",
    "close DISCONNECTED",
    "6 DISCONNECTED",
  ]);
  const narrow = Rig.ready({ sendSizeBytesMax: 500 });
  const request = { method: "transact", params: ["x".repeat(300)] };
  for (const id of [1, 2]) narrow.session.handle({ kind: "request", id, request, timeoutMs: 100 }, millis(0));
  narrow.drain();
  assert.deepEqual(narrow.told(), ["2 BUSY"]);
  const chatty = Rig.ready({ messageSizeBytesMax: 4096 });
  chatty.say({ method: "echo", params: ["x".repeat(5000)], id: 1 });
  assert.deepEqual(chatty.told(), ["close PROTOCOL"]);
});

test("no message makes a session throw", () => {
  const json = fc.jsonValue({ maxDepth: 2 });
  const word = fc.constantFrom<Json>(
    "update",
    "update2",
    "update3",
    "echo",
    "rows",
    "monitor",
    "schema",
    "Bridge",
    BRIDGE,
    null,
    1,
    true,
  );
  const tables = fc.dictionary(
    fc.constantFrom("Bridge", "Interface", "Nothing"),
    fc.dictionary(
      fc.constantFrom(BRIDGE, "b"),
      fc.oneof(json, fc.record({ modify: fc.dictionary(fc.constantFrom("name", "ports"), json) })),
    ),
  );
  const message = fc.record(
    { id: word, method: word, params: fc.tuple(word, fc.oneof(word, tables), tables), result: json },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 4 }), fc.boolean(), (messages, isReady) => {
      const rig = isReady ? Rig.ready() : new Rig();
      for (const given of messages) rig.say(given as JsonObject);
      assert.ok(rig.outputs.length < 100);
    }),
    { numRuns: 300 },
  );
});
