// The caps of what a node keeps of others' sessions and of what it has to say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis } from "@coracle/base";
import { nodeId } from "./mod.ts";
import { NodeOutbox } from "./node-outbox.ts";
import { SessionBook, SESSIONS_MAX } from "./session-book.ts";
import { endpointOf } from "./testing/simulated-cluster.ts";

test("so many sessions are remembered, no more; a session that is made anew needs no new place", () => {
  const book = new SessionBook(1000);
  for (let index = 0; index < SESSIONS_MAX; index++) assert.ok(book.established(`node ${index}`, undefined));
  assert.equal(book.established("one more", undefined), false);
  assert.equal(book.bind("one more", nodeId(7)), false, "nobody speaks in a session that is not remembered");
  assert.ok(book.established("node 5", undefined));
  book.closed("node 5");
  assert.ok(book.established("one more", undefined));
});

test("wishes to start a handshake are forgotten when there are too many, and wished again", () => {
  const book = new SessionBook(1000);
  for (let index = 0; index < SESSIONS_MAX; index++) assert.equal(book.mayStart(`node ${index}`, millis(0)), false);
  assert.equal(book.mayStart("one more", millis(1)), false);
  assert.equal(book.mayStart("node 0", millis(2000)), false, "it was forgotten with the others");
  assert.equal(book.mayStart("one more", millis(2000)), true);
});

test("three messages that nobody answered mean that the peer has forgotten the session", () => {
  const book = new SessionBook(1000);
  book.established("node", undefined);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => book.sentInVain("node")),
    [false, false, false, true],
  );
  book.bind("node", nodeId(1));
  assert.equal(book.sentInVain("node"), false);
});

test("news that nobody fetches are a mistake of the driver, and found", () => {
  const outbox = new NodeOutbox();
  for (let count = 0; count < 65_536; count++) assert.ok(outbox.push({ kind: "discover" }));
  assert.throws(() => outbox.push({ kind: "discover" }), /Cannot queue outputs nobody polls: 65536 wait/);
  for (let count = 0; count < 65_536; count++) assert.ok(outbox.shift() !== undefined);
  assert.equal(outbox.shift(), undefined);
});

test("two nodes that change places are each found at the other's address", () => {
  const book = new SessionBook(1000);
  const [a, b] = [endpointOf("10.0.0.1:5884"), endpointOf("10.0.0.2:5884")];
  book.setMember(nodeId(1), a);
  book.setMember(nodeId(2), b);
  book.setMember(nodeId(1), b);
  book.setMember(nodeId(2), a);
  assert.deepEqual([book.memberAt("10.0.0.1:5884"), book.memberAt("10.0.0.2:5884")], [2, 1]);
  book.setMember(nodeId(1), undefined);
  assert.deepEqual([book.memberAt("10.0.0.2:5884"), book.memberEndpoint(nodeId(1))], [undefined, undefined]);
});
