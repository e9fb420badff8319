// The table form: widths from the first state, the event in front, gaps as remarks.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "@coracle/kube";
import type { Change, ObjectChange } from "./change.ts";
import { TableRenderer } from "./render-table.ts";

const columns = [
  { name: "Name", priority: 0 },
  { name: "Ready", priority: 0 },
  { name: "Host IP", priority: 1 },
];

function change(kind: ObjectChange["kind"], name: string, ...rest: unknown[]): Change {
  const object: KubeObject = { metadata: { namespace: "shop", name }, cells: [name, ...rest] };
  return { kind, object, initial: false, inferred: false };
}

const synced: Change = { kind: "synced", resourceVersion: "1", objects: 1, inferred: 0, first: true };

test("rows of the first state are held until the widths are known", () => {
  const table = new TableRenderer({ wide: false, withNamespace: true });
  table.setColumns(columns);
  assert.deepEqual(table.render(change("added", "a-long-name", "True", "x")), []);
  assert.deepEqual(table.render(synced), [
    "EVENT      NAMESPACE   NAME          READY",
    "ADDED      shop        a-long-name   True",
  ]);
  assert.deepEqual(table.render(change("deleted", "b", null, "x")), ["DELETED    shop        b             <none>"]);
});

test("wide shows columns of lower priority, and cells cannot break a line", () => {
  const table = new TableRenderer({ wide: true, withNamespace: false });
  table.setColumns(columns);
  table.render(change("added", "a", true, "10.0.0.1\nX"));
  assert.deepEqual(table.render(synced), ["EVENT      NAME   READY   HOST IP", "ADDED      a      true    10.0.0.1 X"]);
});

test("at most so many rows are held back", () => {
  const table = new TableRenderer({ wide: false, withNamespace: false });
  table.setColumns(columns);
  const printed = Array.from({ length: 1000 }, (_, index) => table.render(change("added", `n${index}`, "x"))).flat();
  assert.equal(printed.length, 1001);
});

test("columns may come after the rows, and a server without a Table gives names", () => {
  const late = new TableRenderer({ wide: false, withNamespace: false });
  late.render(change("added", "a", "True"));
  late.setColumns(columns);
  assert.deepEqual(late.render(synced), ["EVENT      NAME   READY", "ADDED      a      True"]);
  const none = new TableRenderer({ wide: false, withNamespace: false });
  none.render(change("added", "a"));
  assert.deepEqual(none.render(synced), ["EVENT      NAME", "ADDED      a"]);
});

test("gaps are remarks between rows", () => {
  const table = new TableRenderer({ wide: false, withNamespace: false });
  table.setColumns(columns);
  table.render(synced);
  assert.deepEqual(table.render({ kind: "gap", cause: "expired", lastResourceVersion: "9" }), [
    "# the server no longer has the history after 9: listing again",
  ]);
});
