// Back ends that are not well: out after failures in a row, in again at once; their flows go elsewhere, and others stay.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { BackendHealth } from "./backend-health.ts";
import { NatTable } from "./nat-table.ts";
import { Rotation } from "./rotation.ts";

const ILL = { healthy: false, reason: "it answers 500" } as const;
const WELL = { healthy: true } as const;

describe("the judgement on back ends", () => {
  it("needs some failures in a row, and one good answer", () => {
    const health = new BackendHealth({ count: 2, failuresMax: 3 });
    const changes = [ILL, ILL, WELL, ILL, ILL, ILL, ILL, WELL].map((outcome) => health.report(1, outcome));
    assert.deepEqual(changes, [false, false, false, false, false, true, false, true]);
    assert.deepEqual(health.state(1), { healthy: true, reason: undefined });
    assert.deepEqual(health.state(0), { healthy: true, reason: undefined });
  });

  it("tells why while it is out", () => {
    const health = new BackendHealth({ count: 1, failuresMax: 1 });
    health.report(0, ILL);
    assert.deepEqual(health.state(0), { healthy: false, reason: "it answers 500" });
  });
});

describe("the rotation", () => {
  it("chooses among those that are in, and among all when none is", () => {
    const rotation = new Rotation(3, new SeededRandom(1));
    rotation.set(1, false);
    const chosen = (): number[] =>
      [...new Set(Array.from({ length: 100 }, () => rotation.any()))].toSorted((a, b) => a - b);
    assert.deepEqual(chosen(), [0, 2]);
    rotation.set(0, false);
    assert.deepEqual(chosen(), [2]);
    rotation.set(2, false);
    assert.deepEqual(chosen(), [0, 1, 2]);
    rotation.set(1, true);
    assert.deepEqual(chosen(), [1]);
  });

  it("moves the flows of a back end that goes, and nobody when it comes back", () => {
    const options = { natTimeoutMs: 30_000, balancerTimeoutMs: 15_000, lingerMs: 0, flowsMax: 1000, share: 1 };
    const schedules = { rebindEveryMs: undefined, reshuffleEveryMs: undefined };
    const nat = new NatTable({ ...options, ...schedules, backendCount: 3 }, new SeededRandom(2));
    const send = (): void => {
      for (let key = 0; key < 300; key++)
        nat.fromClient(key, () => ({ address: Uint8Array.of(10, 0, 0, 1), port: key }), millis(0));
    };
    send();
    const [first = 0, second = 0, third = 0] = nat.perBackend();
    assert.equal(nat.setInRotation(1, false), second);
    assert.equal(nat.counts.failovers, second);
    send();
    const [one = 0, two = 0, three = 0] = nat.perBackend();
    assert.deepEqual([two, one + three, one >= first, three >= third], [0, 300, true, true]);
    nat.reshuffle(1);
    assert.equal(nat.perBackend()[1], 0);
    assert.equal(nat.setInRotation(1, true), 0);
    assert.equal(nat.perBackend()[1], 0);
    nat.reshuffle(1);
    assert.ok((nat.perBackend()[1] ?? 0) > 50);
  });
});
