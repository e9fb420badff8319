// The desired table driven by hand: caps, offenders found by halving, retries, lost batches, ports that come and go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import type { FabricEvent } from "../fabric.ts";
import type { LocalInterface, RemoteInterface } from "../interface.ts";
import { DesiredTable } from "./desired-table.ts";
import type { DesiredLimits } from "./desired-types.ts";
import type { FlowBatch } from "./flow-batch.ts";

const PORTS = { tunnelPort: 1, round: 1 };

function remote(index: number, host: number = 1): RemoteInterface {
  return { kind: "remote", owner: `n/r${index}`, vni: 1, ipv4: 0x0a00_0002 + index, hostIp: 0xc0a8_0000 + host };
}

function local(index: number): LocalInterface {
  return { kind: "local", owner: `n/l${index}`, uid: "u", vni: 2, ipv4: 0x0a00_0002 + index };
}

function setUp(limits: Partial<DesiredLimits> = {}): {
  table: DesiredTable;
  events: FabricEvent[];
  clock: ManualClock;
} {
  const clock = new ManualClock();
  const events: FabricEvent[] = [];
  const table = new DesiredTable({ clock, tell: (event) => events.push(event), limits });
  table.letGo();
  return { table, events, clock };
}

function ownersOf(batch: FlowBatch | undefined): string[] {
  return (batch?.ops ?? []).map(({ entry }) => entry.owner);
}

/** Takes and commits everything that is ready; answers how many owners each bundle had. */
function commitAll(table: DesiredTable): number[] {
  const sizes: number[] = [];
  for (let batch = table.takeBundle(PORTS); batch !== undefined; batch = table.takeBundle(PORTS)) {
    sizes.push(batch.ops.length);
    table.bundleDone(batch, { kind: "done" });
  }
  return sizes;
}

test("a lone change goes at once; what comes meanwhile goes together", () => {
  const { table } = setUp();
  table.desire(remote(0));
  const first = table.takeBundle(PORTS);
  assert.deepEqual(ownersOf(first), ["n/r0"]);
  assert.equal(first?.count, 3, "two flows, and the host's");
  for (let index = 1; index < 50; index++) table.desire(remote(index));
  assert.equal(table.takeBundle(PORTS), undefined, "one bundle at a time");
  assert.ok(first !== undefined);
  table.bundleDone(first, { kind: "done" });
  const second = table.takeBundle(PORTS);
  assert.equal(second?.ops.length, 49);
  assert.equal(second?.count, 98);
});

test("a full bundle of new flows goes while another does; its hosts are there whatever becomes of that one", () => {
  const { table } = setUp({ bundleOwnersMax: 3 });
  for (let index = 0; index < 8; index++) table.desire(remote(index));
  const [first, second] = [table.takeBundle(PORTS), table.takeBundle(PORTS)];
  assert.deepEqual([first, second].map(ownersOf), [
    ["n/r0", "n/r1", "n/r2"],
    ["n/r3", "n/r4", "n/r5"],
  ]);
  assert.deepEqual([first?.count, second?.count], [7, 7], "both add the host's flow");
  assert.equal(table.takeBundle(PORTS), undefined, "two are the most");
  assert.ok(first !== undefined && second !== undefined);
  table.bundleDone(first, { kind: "lost" });
  assert.deepEqual(ownersOf(table.takeBundle(PORTS)), ["n/r6", "n/r7", "n/r0"]);
  table.bundleDone(second, { kind: "done" });
  assert.equal(table.takeBundle(PORTS), undefined, "less than a full one waits");
  assert.equal(table.counts.flows, 7);
  table.hold();
  table.letGo();
  assert.deepEqual(commitAll(table), [3, 2]);
  assert.equal(table.counts.flows, 2 * 8 + 1);

  for (let index = 0; index < 6; index++) table.release(`n/r${index}`);
  const removal = table.takeBundle(PORTS);
  assert.equal(removal?.ops.length, 3);
  assert.equal(table.takeBundle(PORTS), undefined, "what takes flows away goes alone");
});

test("bundles stop at their caps of owners and messages, transactions at theirs of ports, the table at its own", () => {
  const byOwners = setUp({ bundleOwnersMax: 10 });
  for (let index = 0; index < 25; index++) byOwners.table.desire(remote(index));
  assert.deepEqual(commitAll(byOwners.table), [10, 10, 5]);

  const byMessages = setUp({ bundleMessagesMax: 16 });
  for (let index = 0; index < 20; index++) byMessages.table.desire(remote(index));
  assert.deepEqual(commitAll(byMessages.table), [8, 8, 4]);

  const byPorts = setUp({ portsMax: 4 });
  for (let index = 0; index < 6; index++) byPorts.table.desire(local(index));
  assert.equal(byPorts.table.takePorts().length, 4);
  assert.equal(byPorts.table.takePorts().length, 2);

  const byTable = setUp({ ownersMax: 2 });
  for (let index = 0; index < 3; index++) byTable.table.desire(remote(index));
  const [refused] = byTable.events;
  assert.ok(refused?.kind === "failed" && refused.code === "LIMIT" && !refused.willRetry);
  byTable.table.release("n/r2");
  byTable.table.release("n/r1");
  commitAll(byTable.table);
  byTable.table.desire(remote(2));
  commitAll(byTable.table);
  assert.equal(byTable.table.counts.remote, 2);
});

test("a bundle refused without a name is halved until the offender is alone; all others are installed", () => {
  const { table, events } = setUp();
  for (let index = 0; index < 64; index++) table.desire(remote(index));
  const sizes: number[] = [];
  for (let batch = table.takeBundle(PORTS); batch !== undefined; batch = table.takeBundle(PORTS)) {
    sizes.push(batch.ops.length);
    const isBad = ownersOf(batch).includes("n/r41");
    const refused = { kind: "refused", message: "bad flow", offenders: new Set<never>() } as const;
    table.bundleDone(batch, isBad ? refused : { kind: "done" });
    assert.ok(sizes.length < 40, sizes.join());
  }
  assert.deepEqual(
    events.filter((event) => event.kind === "failed").map((event) => [event.interface.owner, event.code]),
    [["n/r41", "FLOWS_REFUSED"]],
  );
  assert.equal(table.counts.remote, 63);
  assert.equal(table.isSettled, true);
});

test("an offender that is named fails alone, is tried again later and later, and may be served", () => {
  const { table, events, clock } = setUp();
  for (let index = 0; index < 8; index++) table.desire(remote(index));
  let attempts = 0;
  const waits: number[] = [];
  for (let isServed = false; !isServed;) {
    const batch = table.takeBundle(PORTS);
    if (batch === undefined) {
      const at = table.nextTimeout();
      assert.ok(at !== undefined);
      waits.push(at - clock.now());
      clock.advance(at - clock.now());
      table.retry();
      continue;
    }
    const offender = batch.ops.find(({ entry }) => entry.owner === "n/r3");
    if (offender !== undefined && ++attempts <= 8) {
      table.bundleDone(batch, { kind: "refused", message: "bad flow", offenders: new Set([offender]) });
    } else {
      table.bundleDone(batch, { kind: "done" });
      isServed = offender !== undefined;
    }
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.equal(events.filter((event) => event.kind === "failed").length, 8);
  assert.equal(table.counts.remote, 8);
  assert.equal(table.counts.failing, 0);
});

test("what failed and waits is tried at once on a new switch, and waits longer if it fails there too", () => {
  const { table, clock } = setUp();
  table.desire(local(0));
  const failure = { code: "DEVICE_FAILED", message: "did not act" } as const;
  for (let attempt = 0; attempt < 6; attempt++) {
    clock.advance((table.nextTimeout() ?? 0) - clock.now());
    table.retry();
    table.portsDone(table.takePorts(), [{ kind: "failed", failure }]);
  }
  assert.equal(table.nextTimeout(), clock.now() + 16_000);
  assert.equal(table.takePorts().length, 0);
  table.hold();
  table.setPorts(new Map([["cor-vtep", 1]]));
  table.retry("all");
  table.assume();
  table.letGo();
  assert.equal(table.nextTimeout(), undefined);
  const again = table.takePorts();
  assert.equal(again.length, 1);
  table.portsDone(again, [{ kind: "failed", failure }]);
  assert.equal(table.nextTimeout(), clock.now() + 30_000);
});

test("a lost bundle is sent again; a late answer to it means nothing", () => {
  const { table, events } = setUp();
  table.desire(remote(0));
  const lost = table.takeBundle(PORTS);
  assert.ok(lost !== undefined);
  table.hold();
  assert.equal(table.takeBundle(PORTS), undefined);
  table.bundleDone(lost, { kind: "done" });
  assert.equal(table.counts.remote, 0);
  table.assume();
  table.letGo();
  assert.equal(table.counts.remote, 1);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["implemented"],
  );
});

test("a host's flow comes with its first interface and goes with its last", () => {
  const { table } = setUp();
  const count = (): number => {
    const batch = table.takeBundle(PORTS);
    assert.ok(batch !== undefined);
    table.bundleDone(batch, { kind: "done" });
    return batch.count;
  };
  table.desire(remote(0, 1));
  assert.equal(count(), 3);
  table.desire(remote(1, 1));
  assert.equal(count(), 2);
  table.desire(remote(1, 2));
  assert.equal(count(), 3, "a moved interface is replaced in place");
  table.release("n/r0");
  assert.equal(count(), 3);
  assert.deepEqual([...table.hosts()], [{ vni: 1, hostIp: 0xc0a8_0002 }]);
  table.release("n/r1");
  count();
  assert.deepEqual([...table.hosts()], []);
  assert.deepEqual(table.counts, { local: 0, remote: 0, pending: 0, failing: 0, flows: 0 });
});

test("a port that is lost loses its flows before it is made again", () => {
  const { table } = setUp();
  table.desire(local(0));
  const ops = table.takePorts();
  table.portsDone(ops, [{ kind: "done", ofport: 5 }]);
  assert.deepEqual(commitAll(table), [1]);
  assert.equal(table.counts.local, 1);
  table.portChanged("cor060000020002", 0);
  assert.deepEqual(table.takePorts(), []);
  assert.deepEqual(commitAll(table), [1]);
  assert.equal(table.counts.local, 0);
  const again = table.takePorts();
  assert.deepEqual(
    again.map(({ kind }) => kind),
    ["make"],
  );
  table.portsDone(again, [{ kind: "done", ofport: 6 }]);
  commitAll(table);
  table.portChanged("cor060000020002", 9);
  assert.deepEqual(commitAll(table), [1], "another number: flows are replaced");
});

test("released while its port is being made: the port is deleted, and nobody hears of it", () => {
  const { table, events } = setUp();
  table.desire(local(0));
  const made = table.takePorts();
  table.release("n/l0");
  assert.deepEqual(table.takePorts(), []);
  table.portsDone(made, [{ kind: "done", ofport: 5 }]);
  const deleted = table.takePorts();
  assert.deepEqual(
    deleted.map(({ kind }) => kind),
    ["delete"],
  );
  table.portsDone(deleted, [{ kind: "done", ofport: 0 }]);
  assert.deepEqual(events, []);
  assert.equal([...table.entries()].length, 0);
});

test("ports refused without a name are halved until the offender is alone", () => {
  const { table, events } = setUp();
  for (let index = 0; index < 16; index++) table.desire(local(index));
  let rounds = 0;
  for (let ops = table.takePorts(); ops.length > 0; ops = table.takePorts()) {
    assert.ok(++rounds < 30);
    if (ops.some(({ entry }) => entry.owner === "n/l9")) table.portsRefused(ops, "constraint violation");
    else
      table.portsDone(
        ops,
        ops.map((_, index) => ({ kind: "done", ofport: 100 * rounds + index })),
      );
  }
  commitAll(table);
  assert.equal(table.counts.local, 15);
  const [failed] = events.filter((event) => event.kind === "failed");
  assert.ok(failed?.kind === "failed" && failed.code === "PORT_REFUSED" && failed.interface.owner === "n/l9");
});
