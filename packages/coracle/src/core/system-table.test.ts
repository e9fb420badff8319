// The table of `coracle up`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSystem } from "./system-table.ts";

test("formatSystem() lines up what runs and offers commands", () => {
  const lines = formatSystem({
    version: "0.1.0",
    dataFolder: ".coracle",
    children: [
      { name: "apiserver", state: "ready", restarts: 0 },
      { name: "watcher", state: "backing-off", restarts: 2 },
    ],
    facts: new Map([["apiserver", { url: "https://127.0.0.1:6443", detail: "SQLite, 1 subnet" }]]),
    network: ["  blue/a  10.1.0.2"],
    commands: ["kubectl get sn", "curl x"],
    notices: ["no Open vSwitch"],
  });
  assert.deepEqual(lines, [
    "coracle 0.1.0   data in .coracle   Ctrl-C stops everything and leaves nothing behind",
    "",
    "  apiserver   ready         https://127.0.0.1:6443   SQLite, 1 subnet",
    "  watcher     backing-off                              restarted 2 times",
    "",
    "  blue/a  10.1.0.2",
    "",
    "  try   kubectl get sn",
    "        curl x",
    "",
    "  no Open vSwitch",
    "",
  ]);
});
