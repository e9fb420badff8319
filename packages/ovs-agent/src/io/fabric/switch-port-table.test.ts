// Ports of the switch: who waits for one is told when it comes, when it does not, and when too many wait.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SwitchPortTable } from "./switch-port-table.ts";

test("a wait ends with the port, with the table, or at once where one waits or too many do", async () => {
  const ports = new SwitchPortTable(2);
  ports.replace(new Map([["a", 1]]));
  assert.equal(await ports.wait("a"), 1);
  const [b, c] = [ports.wait("b"), ports.wait("c")];
  assert.equal(await ports.wait("b"), undefined, "another waits for it");
  assert.equal(await ports.wait("d"), undefined, "two wait");
  ports.set("b", 2);
  assert.equal(await b, 2);
  const d = ports.wait("d");
  ports.replace(new Map([["d", 4]]));
  assert.equal(await d, 4);
  assert.equal(ports.get("b"), undefined);
  ports.close();
  assert.equal(await c, undefined);
});
