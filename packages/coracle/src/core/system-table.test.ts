// The table of `coracle up`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSystem, type SystemView } from "./system-table.ts";

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
    cluster: [],
    clusterBriefly: [],
    clusterFacts: undefined,
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

const CLUSTER: SystemView = {
  version: "0.1.0",
  dataFolder: "d",
  children: [
    { name: "apiserver", state: "ready", restarts: 0 },
    { name: "router-1", state: "ready", restarts: 0 },
    { name: "router-2", state: "backing-off", restarts: 1 },
    { name: "router-3", state: "ready", restarts: 0 },
    { name: "heartbeat-1", state: "waiting", restarts: 0 },
    { name: "heartbeat-2", state: "waiting", restarts: 0 },
  ],
  facts: new Map([
    ["apiserver", { url: "https://127.0.0.1:6443", detail: "" }],
    ["router-1", { url: "http://127.0.0.1:8101", detail: "here", group: "router" }],
    ["router-2", { url: "http://127.0.0.1:8102", detail: "", group: "router" }],
    ["router-3", { url: "http://127.0.0.1:8103", detail: "", group: "router" }],
    ["heartbeat-1", { url: "http://127.0.0.1:8104", detail: "", group: "heartbeat" }],
    ["heartbeat-2", { url: "http://127.0.0.1:8105", detail: "", group: "heartbeat" }],
  ]),
  network: [],
  cluster: ["  router 1", "  router 2", "  devices"],
  clusterBriefly: ["  devices"],
  clusterFacts: undefined,
  commands: [],
  notices: [],
};

test("neighbours of a group share a line that says who is not ready", () => {
  assert.deepEqual(formatSystem(CLUSTER).slice(2, 5), [
    "  apiserver      ready                     https://127.0.0.1:6443",
    "  router ×3      ready but 2 backing-off   http://127.0.0.1:8101 … 8103   here  router-2 restarted 1 times",
    "  heartbeat ×2   waiting                   http://127.0.0.1:8104 … 8105",
  ]);
});

test("where the terminal is not high the cluster is told briefly", () => {
  const whole = formatSystem(CLUSTER);
  assert.deepEqual(formatSystem(CLUSTER, whole.length), whole);
  assert.deepEqual(
    formatSystem(CLUSTER, whole.length - 1),
    whole.filter((line) => !line.startsWith("  router ") || line.includes("×")),
  );
});
