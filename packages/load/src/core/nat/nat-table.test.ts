// The simulated NAT and balancer on a virtual clock: ways stay, are forgotten, are moved; losses and caps.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Millis, millis, SeededRandom } from "@coracle/base";
import { NatTable } from "./nat-table.ts";
import type { NatAddress, NatOptions, NatOutput } from "./nat-types.ts";

const OPTIONS: NatOptions = {
  backendCount: 3,
  natTimeoutMs: 30_000,
  balancerTimeoutMs: 15_000,
  lingerMs: 0,
  flowsMax: 1000,
  share: 1,
  rebindEveryMs: undefined,
  reshuffleEveryMs: undefined,
};

function table(options: Partial<NatOptions> = {}, seed = 1): NatTable {
  return new NatTable({ ...OPTIONS, ...options }, new SeededRandom(seed));
}

function client(key: number): () => NatAddress {
  return () => ({ address: Uint8Array.of(10, 0, key >>> 8, key & 0xff), port: 5000 });
}

function drain(nat: NatTable): NatOutput[] {
  const outputs: NatOutput[] = [];
  for (let output = nat.poll(); output !== undefined; output = nat.poll()) outputs.push(output);
  return outputs;
}

/** Lets time pass until `to` as a driver would. */
function pass(nat: NatTable, to: Millis): void {
  for (let next = nat.nextTimeout(); next !== undefined && next <= to; next = nat.nextTimeout()) nat.timeout(next);
}

describe("a client's way", () => {
  it("stays the same while it speaks, and answers come back", () => {
    const nat = table();
    const first = { ...nat.fromClient(1, client(1), millis(0)) };
    for (let at = 1000; at < 60_000; at += 10_000) {
      const route = nat.fromClient(1, client(1), millis(at));
      assert.deepEqual([route?.port, route?.backend], [first.port, first.backend]);
    }
    assert.deepEqual(nat.fromBackend(first.port ?? 0), client(1)());
    assert.equal(nat.fromBackend(77), undefined);
    assert.equal(nat.counts.noFlow, 1);
  });

  it("is spread over all back ends by chance", () => {
    const nat = table();
    for (let key = 0; key < 900; key++) nat.fromClient(key, client(key), millis(0));
    for (const count of nat.perBackend()) assert.ok(count > 250 && count < 350, `${count}`);
  });

  it("keeps its port and loses its back end when the balancer forgets; loses both when the NAT forgets", () => {
    const nat = table({ backendCount: 200 });
    const first = { ...nat.fromClient(1, client(1), millis(0)) };
    const second = { ...nat.fromClient(1, client(1), millis(20_000)) };
    assert.equal(second.port, first.port);
    assert.notEqual(second.backend, first.backend);
    const third = nat.fromClient(1, client(1), millis(60_000));
    assert.notEqual(third?.port, first.port);
    assert.deepEqual([nat.counts.balancerTimeouts, nat.counts.natTimeouts, nat.counts.flows], [1, 1, 1]);
  });

  it("is forgotten by itself after the NAT's time, and its port is closed", () => {
    const nat = table();
    nat.start(millis(0));
    nat.fromClient(1, client(1), millis(0));
    assert.deepEqual(drain(nat), []);
    pass(nat, millis(29_000));
    assert.equal(nat.size, 1);
    pass(nat, millis(31_000));
    assert.equal(nat.size, 0);
    assert.deepEqual(drain(nat), [{ kind: "close", port: 1 }]);
  });
});

describe("moving", () => {
  it("gives new ports on command; old ones deliver as long as they linger", () => {
    const nat = table({ lingerMs: 500 });
    nat.start(millis(0));
    for (let key = 0; key < 10; key++) nat.fromClient(key, client(key), millis(0));
    assert.equal(nat.rebind(1, millis(100)), 10);
    assert.equal(nat.lingering, 10);
    assert.deepEqual(nat.fromBackend(1), client(0)());
    assert.deepEqual(nat.fromBackend(11), client(0)());
    pass(nat, millis(2000));
    assert.equal(nat.lingering, 0);
    assert.equal(nat.fromBackend(1), undefined);
    assert.deepEqual(
      drain(nat).map(({ port }) => port),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
  });

  it("gives other back ends on command and keeps the ports", () => {
    const nat = table({ backendCount: 100 });
    const before = nat.fromClient(1, client(1), millis(0));
    const was = before?.backend;
    assert.equal(nat.reshuffle(1), 1);
    const after = nat.fromClient(1, client(1), millis(1));
    assert.equal(after?.port, 1);
    assert.notEqual(after?.backend, was);
  });

  it("follows its schedules and moves only its share", () => {
    const nat = table({ rebindEveryMs: 1000, reshuffleEveryMs: 250, share: 0.25, natTimeoutMs: 1e9 });
    nat.start(millis(0));
    for (let key = 0; key < 1000; key++) nat.fromClient(key, client(key), millis(0));
    pass(nat, millis(4000));
    assert.ok(nat.counts.rebinds > 850 && nat.counts.rebinds < 1150, `${nat.counts.rebinds}`);
    assert.ok(nat.counts.reshuffles > 3600 && nat.counts.reshuffles < 4400, `${nat.counts.reshuffles}`);
    assert.equal(nat.size, 1000);
  });
});

describe("limits", () => {
  it("drops clients beyond the most, and closes the oldest lingering port for a new one", () => {
    const nat = table({ flowsMax: 3, lingerMs: 1e6 });
    for (let key = 0; key < 5; key++) nat.fromClient(key, client(key), millis(0));
    assert.deepEqual([nat.size, nat.counts.flowsFull], [3, 2]);
    for (let round = 0; round < 10; round++) nat.rebind(1, millis(round));
    assert.equal(nat.lingering, 3);
    // Of 33 ports three are in use and three linger.
    assert.equal(drain(nat).length, 27);
  });

  it("loses the share it is told, in each direction", () => {
    const nat = table();
    nat.lose({ toBackends: 0.2, toClients: 0.5 });
    for (let count = 0; count < 1000; count++) {
      nat.fromClient(1, client(1), millis(count));
      nat.fromBackend(1);
    }
    const { droppedToBackends, droppedToClients, toBackends, toClients } = nat.counts;
    assert.ok(droppedToBackends > 150 && droppedToBackends < 250, `${droppedToBackends}`);
    assert.ok(droppedToClients > 430 && droppedToClients < 570, `${droppedToClients}`);
    assert.deepEqual([droppedToBackends + toBackends, droppedToClients + toClients], [1000, 1000]);
  });
});
