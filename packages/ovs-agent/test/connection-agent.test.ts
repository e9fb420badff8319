// The agent against our API server: statuses, withdrawal, restarts, conflicts, failures, relevance, metrics.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkAttachment } from "@coracle/api";
import { InstantFabric } from "../src/io/testing/instant-fabric.ts";
import { type AgentBench, until, withBench } from "./agent-bench.ts";

function ready(attachment: NetworkAttachment): { status?: string; reason?: string } {
  const condition = attachment.status?.conditions?.find(({ type }) => type === "Ready");
  return condition === undefined ? {} : { status: condition.status, reason: condition.reason };
}

function hasInterface(attachment: NetworkAttachment): boolean {
  return (attachment.status?.ifcName ?? "") !== "";
}

async function events(bench: AgentBench, reason: string): Promise<number> {
  const { items } = await bench.client.list({ group: "", version: "v1", resource: "events" });
  return items.filter((event) => event["reason"] === reason).length;
}

test("an attachment with an address gets an interface, and its status says so in one write", async () => {
  await withBench(async (bench) => {
    const { metrics } = await bench.start(new InstantFabric());
    const before = await bench.create("a");
    const after = await bench.see("a", hasInterface);
    assert.equal(after.status?.macAddress, "06:00:00:01:00:01");
    assert.equal(after.status?.ifcName, "cor060000010001");
    assert.equal(after.status?.hostIP, "192.0.2.1");
    assert.equal(after.status?.ipv4, "10.0.0.1");
    assert.deepEqual(ready(after), { status: "True", reason: "Implemented" });
    assert.equal(after.extendedMetadata?.writes[0]?.section, "status.impl");
    await until("the event is told", async () => (await events(bench, "Implemented")) === 1);
    const { text } = await metrics.expose();
    assert.match(text, /attachment_status_latency_seconds_count\{node="node-a",statusErr="ok",err="ok"\} 1\n/);
    assert.match(text, /last_client_write_to_local_ifc_latency_seconds_count\{node="node-a",last_client_wr="na"\} 1\n/);
    assert.match(text, /last_client_write_to_status_update_latency_seconds_count\{[^}]*"na"\} 1\n/);
    assert.notEqual(before.metadata.resourceVersion, after.metadata.resourceVersion);
  });
});

test("a withdrawn address clears the status and the interface; a new one brings both back", async () => {
  await withBench(async (bench) => {
    const fabric = new InstantFabric();
    await bench.start(fabric);
    await bench.create("a");
    await bench.see("a", hasInterface);
    await bench.patchStatus("a", { ipv4: "", addressVNI: 0 });
    const cleared = await bench.see("a", (attachment) => ready(attachment).reason === "AddressWithdrawn");
    assert.deepEqual([cleared.status?.macAddress, cleared.status?.ifcName, cleared.status?.hostIP], ["", "", ""]);
    assert.equal(fabric.installed.size, 0);
    await bench.patchStatus("a", { ipv4: "10.0.0.2", addressVNI: 1 });
    const again = await bench.see("a", hasInterface);
    assert.equal(again.status?.ifcName, "cor060000020001");
    assert.deepEqual(ready(again), { status: "True", reason: "Implemented" });
  });
});

test("a moved address replaces the interface", async () => {
  await withBench(async (bench) => {
    const fabric = new InstantFabric();
    await bench.start(fabric);
    await bench.create("a");
    await bench.see("a", hasInterface);
    await bench.patchStatus("a", { ipv4: "172.16.0.2", addressVNI: 65_535 });
    await bench.see("a", (attachment) => attachment.status?.ifcName === "cor02100002ffff");
    assert.deepEqual(
      [...fabric.installed.values()].map(({ vni }) => vni),
      [65_535],
    );
  });
});

test("a restart writes nothing when nothing changed, clears what was withdrawn meanwhile, and keeps the rest", async () => {
  await withBench(async (bench) => {
    const first = await bench.start(new InstantFabric());
    await bench.create("kept");
    await bench.create("withdrawn", { address: { addressVNI: 1, ipv4: "10.0.0.2" } });
    const kept = await bench.see("kept", hasInterface);
    const withdrawn = await bench.see("withdrawn", hasInterface);
    await first.stop();
    await bench.patchStatus("withdrawn", { ipv4: "", addressVNI: 0 });
    const survivors = [kept, withdrawn].map(({ metadata }, index) => ({
      kind: "local" as const,
      owner: `default/${metadata.name}`,
      uid: metadata.uid ?? "",
      vni: 1,
      ipv4: 0x0a00_0001 + index,
    }));
    const fabric = new InstantFabric(survivors);
    await bench.start(fabric);
    await bench.see("withdrawn", (attachment) => !hasInterface(attachment));
    await until("the fabric is adopted", () => fabric.state().adopted);
    assert.deepEqual([...fabric.installed.keys()], ["default/kept"]);
    assert.equal((await bench.get("kept")).metadata.resourceVersion, kept.metadata.resourceVersion);
  });
});

test("failures of the fabric are told, and go when it mends", async () => {
  await withBench(async (bench) => {
    const fabric = new InstantFabric();
    fabric.failing.set("default/a", "ADDRESS_TAKEN");
    fabric.failing.set("default/b", "PORT_REFUSED");
    await bench.start(fabric);
    await bench.create("a");
    await bench.create("b", { address: { addressVNI: 1, ipv4: "10.0.0.2" } });
    const a = await bench.see("a", (attachment) => ready(attachment).status === "False");
    assert.equal(ready(a).reason, "AddressTaken");
    assert.deepEqual(a.status?.errors?.host, ["Cannot make it: ADDRESS_TAKEN"]);
    assert.equal(hasInterface(a), false);
    const b = await bench.see("b", (attachment) => ready(attachment).status === "False");
    assert.equal(ready(b).reason, "FabricError");
    fabric.failing.clear();
    for (const wanted of fabric.desired.values()) fabric.desire(wanted);
    const mended = await bench.see("a", hasInterface);
    assert.deepEqual([ready(mended).status, mended.status?.errors?.host ?? []], ["True", []]);
  });
});

test("a fabric that is away is told to those that wait for it, and to nobody who has an interface", async () => {
  await withBench(async (bench) => {
    const fabric = new InstantFabric();
    await bench.start(fabric);
    await bench.create("early");
    const early = await bench.see("early", hasInterface);
    fabric.trouble = "Open vSwitch 2.3 is too old";
    await bench.create("late", { address: { addressVNI: 1, ipv4: "10.0.0.2" } });
    const late = await bench.see("late", (attachment) => ready(attachment).status === "False");
    const condition = late.status?.conditions?.find(({ type }) => type === "Ready");
    assert.equal(condition?.reason, "FabricNotReady");
    assert.match(condition?.message ?? "", /Open vSwitch 2\.3 is too old$/);
    assert.equal((await bench.get("early")).metadata.resourceVersion, early.metadata.resourceVersion);
    fabric.trouble = undefined;
    for (const wanted of fabric.desired.values()) fabric.desire(wanted);
    assert.equal(ready(await bench.see("late", hasInterface)).status, "True");
  });
});

test("the address controller's writes and other conditions are kept when both write at once", async () => {
  await withBench(async (bench) => {
    await bench.start(new InstantFabric());
    const names = Array.from({ length: 20 }, (_, index) => `a${index}`);
    await Promise.all(
      names.map(async (name, index) => {
        await bench.create(name, { address: { addressVNI: 1, ipv4: `10.0.0.${index + 1}` } });
        // Races with the agent's own write.
        await bench.patchStatus(name, { lockUID: `lock-${index}` });
      }),
    );
    for (const [index, name] of names.entries()) {
      const { status } = await bench.see(name, hasInterface);
      assert.equal(status?.lockUID, `lock-${index}`);
      assert.equal(status?.ipv4, `10.0.0.${index + 1}`);
    }
  });
});

test("13.10 a node gets nothing of a virtual network that it has no part in, and everything once it has", async () => {
  await withBench(async (bench) => {
    const fabric = new InstantFabric();
    const { watched, agent, metrics } = await bench.start(fabric);
    for (let index = 1; index <= 30; index++) {
      const hostIP = "192.0.2.2";
      const address = { addressVNI: 7, ipv4: `10.0.1.${index}`, hostIP };
      await bench.create(`r${index}`, { spec: { node: "node-b" }, address });
    }
    await bench.create("other", { address: { addressVNI: 8, ipv4: "10.0.0.1" } });
    await bench.see("other", hasInterface);
    await until("the watch of VNI 8 is synced", () => agent.machine.counts().watchesSynced === 2);
    assert.equal(fabric.installed.size, 1);
    assert.equal(agent.machine.counts().remotes, 0);
    const localEvents = watched.local.events;
    await bench.create("first", { address: { addressVNI: 7, ipv4: "10.0.1.100" } });
    await until("all remote interfaces are there", () => fabric.state().remoteCount === 30);
    assert.ok(watched.remote.bytes > 30 * 100);
    assert.ok(watched.local.events - localEvents < 10);
    const { text } = await metrics.expose();
    assert.match(text, /coracle_agent_remote_attachments\{node="node-a"\} 30\n/);
    assert.match(text, /to_remote_ifc_latency_seconds_count\{node="node-a",last_client_wr="1st_local_na"\} 30\n/);
    await bench.delete("first");
    await until("all remote interfaces are gone", () => fabric.state().remoteCount === 0);
    assert.deepEqual([...fabric.installed.keys()], ["default/other"]);
  });
});

test("13.10 without an attachment of its own a node reads no byte about others", async () => {
  await withBench(async (bench) => {
    const { watched, agent } = await bench.start(new InstantFabric());
    await until("the agent is synced", () => agent.machine.isAdopted);
    const before = { ...watched.local };
    const address = { addressVNI: 7, ipv4: "10.0.1.1", hostIP: "192.0.2.2" };
    for (let index = 1; index <= 20; index++) await bench.create(`r${index}`, { spec: { node: "node-b" }, address });
    assert.deepEqual(watched.remote, { bytes: 0, events: 0 });
    // What comes after them on the same stream has come: so has everything that was to come of them.
    await bench.create("mine", { address: { addressVNI: 8, ipv4: "10.0.0.1" } });
    await bench.see("mine", hasInterface);
    // The empty first state of VNI 8 is one event.
    assert.ok(watched.remote.events <= 1, `${watched.remote.events} events`);
    assert.equal(agent.machine.counts().remotes, 0);
    assert.ok(watched.local.events - before.events <= 4, `${watched.local.events - before.events} events`);
  });
});
