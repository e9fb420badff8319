// Attachments become guests as they get address and interface, and pings are planned and counted between them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readWatcherLine } from "./event-line.ts";
import { type GuestAction, NetworkModel } from "./network-model.ts";
import { formatNetwork } from "./network-table.ts";

interface Given {
  readonly name: string;
  readonly namespace?: string;
  readonly node?: string;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly type?: string;
  readonly createdAt?: string;
}

const CREATED_MS = Date.parse("2026-03-01T10:00:00Z");

function send(model: NetworkModel, object: Readonly<Record<string, unknown>>, type = "ADDED"): void {
  const line = readWatcherLine(JSON.stringify({ type, object }));
  assert.ok(line);
  model.take(line);
}

function subnet(model: NetworkModel, namespace: string): void {
  const metadata = { name: namespace, namespace };
  send(model, { kind: "Subnet", metadata, spec: { ipv4: "10.1.0.0/24", vni: 7 } });
}

function attachment(model: NetworkModel, given: Given): void {
  const { name, namespace = "blue", node = "a", status, type, createdAt = "2026-03-01T10:00:00.000000Z" } = given;
  const writes = [
    { section: "status.impl", serverTime: "2026-03-01T10:00:00.031500Z" },
    { section: "status.address", serverTime: "2026-03-01T10:00:00.012000Z" },
    { section: "spec", serverTime: createdAt },
  ];
  const object = {
    kind: "NetworkAttachment",
    metadata: { name, namespace },
    spec: { node, subnet: namespace },
    status,
  };
  send(model, { ...object, extendedMetadata: { writes } }, type);
}

function ready(ipv4: string, vni = 7): Readonly<Record<string, unknown>> {
  return { ipv4, addressVNI: vni, ifcName: `cor-${ipv4}`, macAddress: "02:00:00:00:00:01" };
}

function actions(model: NetworkModel): GuestAction[] {
  const taken: GuestAction[] = [];
  for (let action = model.pollAction(); action !== undefined; action = model.pollAction()) taken.push(action);
  for (const action of taken) if (action.kind === "place") model.guestPlaced(action);
  return taken;
}

function news(model: NetworkModel): string[] {
  const told: string[] = [];
  for (let item = model.pollNews(); item !== undefined; item = model.pollNews()) told.push(item.text);
  return told;
}

const model = (): NetworkModel => new NetworkModel(["a", "b"], CREATED_MS);

test("a guest is placed when address, interface and subnet are known, on a host that is ours", () => {
  const tested = model();
  attachment(tested, { name: "x", status: { ipv4: "10.1.0.2", addressVNI: 7 } });
  assert.deepEqual(actions(tested), []);
  attachment(tested, { name: "x", status: ready("10.1.0.2"), type: "MODIFIED" });
  attachment(tested, { name: "elsewhere", node: "z", status: ready("10.1.0.9") });
  assert.deepEqual(actions(tested), []);
  subnet(tested, "blue");
  const placed = { kind: "place", name: "blue/x", host: "a", device: "cor-10.1.0.2", address: "10.1.0.2/24" };
  assert.deepEqual(actions(tested), [placed]);
  attachment(tested, { name: "x", status: ready("10.1.0.2"), type: "MODIFIED" });
  assert.deepEqual(actions(tested), [], "nothing changed");
});

test("a guest moves with its address, stays while only its interface is unknown, and goes with its attachment", () => {
  const tested = model();
  subnet(tested, "blue");
  attachment(tested, { name: "x", status: ready("10.1.0.2") });
  actions(tested);
  attachment(tested, { name: "x", status: { ipv4: "10.1.0.2", addressVNI: 7 }, type: "MODIFIED" });
  assert.deepEqual(actions(tested), []);
  attachment(tested, { name: "x", status: ready("10.1.0.3"), type: "MODIFIED" });
  assert.deepEqual(
    actions(tested).map(({ kind }) => kind),
    ["remove", "place"],
  );
  attachment(tested, { name: "x", status: ready("10.1.0.3"), createdAt: "2026-03-01T10:00:01.000000Z" });
  assert.deepEqual(
    actions(tested).map(({ kind }) => kind),
    ["remove", "place"],
    "another attachment of the same name",
  );
  attachment(tested, { name: "x", type: "DELETED" });
  assert.deepEqual(actions(tested), [{ kind: "remove", name: "blue/x" }]);
  assert.deepEqual(tested.rows(), []);
});

test("guests ping the next one of their network on another host, and one ping a round crosses networks", () => {
  const tested = model();
  for (const namespace of ["blue", "red"]) subnet(tested, namespace);
  attachment(tested, { name: "one", status: ready("10.1.0.2") });
  attachment(tested, { name: "two", status: ready("10.1.0.3") });
  attachment(tested, { name: "three", node: "b", status: ready("10.1.0.4") });
  attachment(tested, { name: "till", namespace: "red", node: "b", status: ready("10.2.0.2", 8) });
  actions(tested);
  const plans = tested.planPings().map(({ from, to, isIsolated }) => `${from} ${isIsolated ? "!" : ""}${to}`);
  assert.deepEqual(plans, [
    "blue/one blue/three",
    "blue/three blue/two",
    "blue/two blue/three",
    "blue/one !red/till",
    "red/till !blue/one",
  ]);
});

test("pings are counted; the first reply, a silence and its end are told, and so is an answer across networks", () => {
  const tested = model();
  for (const namespace of ["blue", "red"]) subnet(tested, namespace);
  attachment(tested, { name: "one", status: ready("10.1.0.2") });
  attachment(tested, { name: "two", node: "b", status: ready("10.1.0.3") });
  attachment(tested, { name: "till", namespace: "red", status: ready("10.2.0.2", 8) });
  actions(tested);
  const [first, , across] = tested.planPings();
  assert.ok(first && across?.isIsolated);
  assert.deepEqual(tested.planFirstPings("blue/two").length, 2);
  tested.pingEnded(first, "lost", CREATED_MS + 20);
  tested.pingEnded(first, { rttMs: 0.214 }, CREATED_MS + 33);
  assert.deepEqual(news(tested), [
    "attachment blue/one  address 12 ms → interface 32 ms → pinged 33 ms  0.21 ms to blue/two",
  ]);
  assert.deepEqual(
    tested.planFirstPings("blue/two").map(({ from }) => from),
    ["blue/two"],
  );
  tested.pingEnded(first, "lost", CREATED_MS + 40);
  tested.pingEnded(first, "lost", CREATED_MS + 41);
  tested.pingEnded(first, { rttMs: 0.5 }, CREATED_MS + 42);
  assert.deepEqual(news(tested), ["blue/two does not answer blue/one", "blue/two answers blue/one again"]);
  tested.pingEnded(across, "lost", CREATED_MS + 43);
  const table = formatNetwork(tested).join("\n");
  assert.match(table, /blue\/one +a +10\.1\.0\.2 +→ 10\.1\.0\.3 on b +0\.50 ms +2 of 4 +cor-10\.1\.0\.2/);
  assert.match(table, /between the networks {2}0 of 1 pings answered, as it should be/);
  tested.pingEnded(across, { rttMs: 1 }, CREATED_MS + 44);
  assert.match(formatNetwork(tested).join("\n"), /1 of 2 pings answered, ISOLATION IS BROKEN/);
  assert.equal(news(tested).length, 1);
});

test("what an earlier run created is not timed, and what is wrong with an attachment is shown", () => {
  const tested = new NetworkModel(["a"], CREATED_MS + 5000);
  subnet(tested, "blue");
  attachment(tested, { name: "one", status: ready("10.1.0.2") });
  attachment(tested, { name: "two", status: ready("10.1.0.3") });
  attachment(tested, { name: "full", status: { errors: { ipam: ["subnet blue has run out of IPs"] } } });
  actions(tested);
  const [plan] = tested.planPings();
  assert.ok(plan);
  tested.pingEnded(plan, { rttMs: 0.25 }, CREATED_MS + 9000);
  assert.deepEqual(news(tested), ["attachment blue/one  answered  0.25 ms to blue/two"]);
  assert.match(formatNetwork(tested).join("\n"), /blue\/full +a +subnet blue has run out of IPs/);
});

test("guests are capped, rows shown are capped", () => {
  const tested = model();
  subnet(tested, "blue");
  for (let index = 0; index < 100; index++) attachment(tested, { name: `n${index}`, status: ready(`10.1.0.${index}`) });
  assert.equal(actions(tested).length, 64);
  const lines = formatNetwork(tested);
  assert.equal(lines.length, 13);
  assert.match(lines.at(-1) ?? "", /… and 88 more attachments/);
});
