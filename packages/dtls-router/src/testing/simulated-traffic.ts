// What devices of a simulated service do and what has to come of it: connect, ask while ways change, be answered exactly once.
import assert from "node:assert/strict";
import { RandomCids } from "@coracle/dtls";
import type { SimulatedDevice, SimulatedService } from "./simulated-service.ts";

const FORMED_WITHIN_MS = 20_000;
const CONNECTED_WITHIN_MS = 120_000;
/** The share of devices that appear at another address in a round. */
const REBOUND = 0.3;
const LOSSY_ROUNDS = 60;

let requests = 0;

/** A number that no request had before. */
export function nextRequest(): number {
  return ++requests;
}

/** Waits until the routers are a cluster, then for `count` devices. */
export function formWithDevices(service: SimulatedService, count: number): SimulatedService {
  assert.ok(
    service.runUntil(() => service.routers.every(({ node }) => node.isReady), FORMED_WITHIN_MS),
    "the cluster did not form",
  );
  connectDevices(service, count);
  return service;
}

/** Connects devices, of which each second one wants an ID itself. */
export function connectDevices(service: SimulatedService, count: number): SimulatedDevice[] {
  const devices = Array.from({ length: count }, (_, index) =>
    service.connect({ cids: new RandomCids(index % 2 === 0 ? 0 : 4) }),
  );
  assert.ok(
    service.runUntil(() => devices.every(({ established }) => established), CONNECTED_WITHIN_MS),
    "not every device connected",
  );
  return devices;
}

/** Every device asks once a round from addresses that change, by balancers that forget; each answer comes exactly once. */
export function exchange(service: SimulatedService, rounds: number): void {
  const expected = new Map(service.devices.map((device) => [device, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    if (round % 3 === 1) service.reshuffle();
    for (const device of service.devices) {
      if (service.random.next() < REBOUND) service.rebind(device);
      const number = nextRequest();
      expected.get(device)?.push(number);
      service.request(device, number);
    }
    service.run(50);
  }
  for (const [device, numbers] of expected) {
    assert.deepEqual(
      numbers.map((each) => device.answers.get(each)),
      numbers.map(() => 1),
    );
  }
}

/** Over a network that loses: every device asks once in each of the first `asking` rounds, again and again until it is answered. */
export function exchangeOverLoss(
  service: SimulatedService,
  asking: number,
  before: (round: number) => void = () => undefined,
): void {
  const open = new Map<number, SimulatedDevice>();
  for (let round = 0; round < LOSSY_ROUNDS; round++) {
    before(round);
    if (round < asking) {
      if (round % 4 === 1) service.reshuffle();
      for (const device of service.devices) {
        if (service.random.next() < REBOUND) service.rebind(device);
        open.set(nextRequest(), device);
      }
    }
    for (const [request, device] of open) {
      if (device.answers.has(request)) open.delete(request);
      else service.request(device, request);
    }
    service.run(200);
  }
  assert.equal(open.size, 0, `${open.size} requests were never answered`);
}

/** What the routers dropped, by cause, without causes that did not occur. */
export function dropsOf(service: SimulatedService): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { node } of service.routers) {
    for (const [cause, count] of node.router.drops.snapshot()) if (count > 0) sums[cause] = (sums[cause] ?? 0) + count;
    // Plaintext records of a repeated last flight count as of an unknown peer: the Finished behind them is what is answered.
    const { dropUnknownCid, dropBadMac, dropUnexpected } = node.server.counters;
    for (const [name, count] of Object.entries({ dropUnknownCid, dropBadMac, dropUnexpected })) {
      if (count > 0) sums[name] = (sums[name] ?? 0) + count;
    }
  }
  return sums;
}

/** Fails unless many records were forwarded and each was answered the same way back. */
export function assertForwarded(service: SimulatedService): void {
  const forwarded = service.total(({ node }) => node.router.counters.get("forwarded"));
  assert.ok(forwarded > 100, `only ${forwarded} were forwarded: the test shows nothing`);
  assert.equal(
    service.total(({ node }) => node.router.counters.get("backwarded")),
    forwarded,
  );
}
