// Every cap of the codecs and of the text form, reached: each is refused with its own name, and none costs more than its cap.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteReader } from "@coracle/base";
import { MessageBuffer, parseActionsText, parseFlow, parseFlows } from "./mod.ts";
import { parseActions } from "./wire/action-parse.ts";
import { parseMatch } from "./wire/oxm.ts";

const MATCH_TYPE_OXM = 1;

test("a message buffer grows to 64 MiB and a message to 65,535 bytes; more is a programmer's error", () => {
  const buffer = new MessageBuffer(16);
  buffer.zeros(1 << 26);
  assert.equal(buffer.size, 1 << 26);
  assert.throws(() => buffer.uint8(0), /Cannot grow a message buffer to 67108865 bytes: 67108864 is the most/);
  const message = new MessageBuffer();
  const start = message.beginMessage(6, 14, 1);
  message.zeros(65_535 - 8);
  message.endMessage(start);
  message.uint8(0);
  assert.throws(() => message.endMessage(start), /Cannot encode a message of 65536 bytes: 65535 is the most/);
});

test("text: length and parts of a flow, actions and their nesting, flows of a file", () => {
  const why = (result: ReturnType<typeof parseFlow>): string => (result.ok ? "" : result.error.message);
  assert.match(why(parseFlow(`${" ".repeat(65_536)}actions=drop`)), /longer than 65536 characters/);
  assert.match(why(parseFlow(`${"n_packets=1,".repeat(257)} actions=drop`)), /more than 256 parts/);
  assert.ok(parseFlow(`${"n_packets=1,".repeat(256)} actions=drop`).ok);
  const actions = (count: number): string => Array.from({ length: count }, () => "output:1").join(",");
  const many = parseActionsText(actions(1025));
  assert.match(many.ok ? "" : many.error.message, /more than 1024 actions/);
  assert.ok(parseActionsText(actions(1024)).ok);
  const nested = (depth: number): string =>
    depth === 0 ? "output:1" : `ct(commit,exec(set_field:1->ct_mark),${nested(depth - 1)})`;
  for (const depth of [5, 500]) assert.equal(parseActionsText(nested(depth)).ok, false);
  const file = Array.from({ length: 3 }, () => "table=1,actions=drop").join("\n");
  const flows = parseFlows(file, 2);
  assert.match(flows.ok ? "" : flows.error.message, /more than 2 flows/);
  assert.ok(parseFlows(file, 3).ok);
});

test("wire: actions of a flow and fields of a match", () => {
  const popVlan = Uint8Array.of(0, 18, 0, 8, 0, 0, 0, 0);
  const actions = (count: number): ByteReader => {
    const bytes = new Uint8Array(count * popVlan.length);
    for (let index = 0; index < count; index++) bytes.set(popVlan, index * popVlan.length);
    return new ByteReader(bytes);
  };
  assert.ok(parseActions(actions(4096)).ok);
  const many = parseActions(actions(4097));
  assert.equal(many.ok ? "" : many.error.code, "TOO_MANY");
  const match = (count: number): ByteReader => {
    const buffer = new MessageBuffer();
    buffer.uint16(MATCH_TYPE_OXM);
    buffer.uint16(4 + count * 4);
    // Fields without a payload, of a class that nobody knows.
    for (let index = 0; index < count; index++) buffer.uint32(0x7000_0000 + index * 512);
    buffer.padTo8(0);
    return new ByteReader(buffer.written());
  };
  assert.ok(parseMatch(match(128)).ok);
  const wide = parseMatch(match(257));
  assert.equal(wide.ok ? "" : wide.error.code, "TOO_MANY");
});
