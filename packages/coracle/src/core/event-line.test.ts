// Watcher lines in words, and the counts made of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ObjectCounts, readWatcherLine } from "./event-line.ts";

const subnet = (type: string, name: string): string =>
  JSON.stringify({
    type,
    object: { kind: "Subnet", metadata: { namespace: "blue", name }, spec: { ipv4: "10.1.0.0/24", vni: 7 } },
  });

test("readWatcherLine() tells objects with what they are about", () => {
  assert.equal(readWatcherLine(subnet("ADDED", "s"))?.text, "subnet blue/s  created  10.1.0.0/24  VNI 7");
  const attachment = {
    type: "MODIFIED",
    object: {
      kind: "NetworkAttachment",
      metadata: { name: "x" },
      spec: { subnet: "s", node: "a" },
      status: { ipv4: "10.1.0.2" },
    },
  };
  assert.equal(
    readWatcherLine(JSON.stringify(attachment))?.text,
    "networkattachment x  changed  subnet s  host a  10.1.0.2",
  );
});

test("readWatcherLine() tells the stream's own news and refuses what is no line", () => {
  assert.equal(readWatcherLine('{"type":"GAP","resource":"pods","message":"m"}')?.text, "pods: m");
  assert.equal(
    readWatcherLine('{"type":"SYNCED","resource":"pods","objects":3,"resourceVersion":"9"}')?.text,
    "pods: following 3 objects from revision 9",
  );
  for (const line of ["", "{}", "null", "[1]", "not json", '{"type":5}'])
    assert.equal(readWatcherLine(line), undefined, line);
});

test("ObjectCounts follows creations and deletions by name", () => {
  const counts = new ObjectCounts();
  for (const line of [subnet("ADDED", "a"), subnet("ADDED", "b"), subnet("MODIFIED", "a"), subnet("DELETED", "b")]) {
    const read = readWatcherLine(line);
    assert.ok(read);
    counts.take(read);
  }
  assert.equal(counts.toText(), "1 subnet");
});
