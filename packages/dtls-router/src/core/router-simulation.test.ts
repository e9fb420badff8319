// Three routers behind a balancer that reshuffles: every record is served, whichever node it lands on, in every mode.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ManagementMode } from "@coracle/cluster";
import { RandomCids } from "@coracle/dtls";
import { SimulatedService } from "../testing/simulated-service.ts";

const MODES: readonly ManagementMode[] = ["plain", "dtls", "dtls-mac", "static"];
const DEVICES = 12;

/** A formed cluster with connected devices; each second device wants an ID itself. */
function connected(options: {
  seed: number;
  mode: ManagementMode;
  lossRate?: number;
  delayMsMax?: number;
}): SimulatedService {
  const service = new SimulatedService({ routers: 3, ...options });
  assert.ok(
    service.runUntil(() => service.routers.every(({ node }) => node.isReady), 20_000),
    "the cluster did not form",
  );
  for (let index = 0; index < DEVICES; index++) service.connect({ cids: new RandomCids(index % 2 === 0 ? 0 : 4) });
  assert.ok(
    service.runUntil(() => service.devices.every(({ established }) => established), 120_000),
    "not every device connected",
  );
  return service;
}

function drops(service: SimulatedService): Record<string, number> {
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

for (const mode of MODES) {
  describe(`three routers in mode ${mode}`, () => {
    it("answer every record exactly once while addresses and backends change", () => {
      const service = connected({ seed: 7, mode });
      let number = 0;
      const expected = new Map(service.devices.map((device) => [device, [] as number[]]));
      for (let round = 0; round < 40; round++) {
        if (round % 3 === 1) service.reshuffle();
        for (const device of service.devices) {
          if (service.random.next() < 0.3) service.rebind(device);
          expected.get(device)?.push(++number);
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
      assert.deepEqual(drops(service), {});
      assert.equal(service.strayAnswers, 0);
      const forwarded = service.total(({ node }) => node.router.counters.get("forwarded"));
      const backwarded = service.total(({ node }) => node.router.counters.get("backwarded"));
      assert.ok(forwarded > 100, `only ${forwarded} were forwarded: the test shows nothing`);
      assert.equal(backwarded, forwarded);
    });

    for (const seed of [1, 2, 3]) {
      it(`serve every request over a lossy network, seed ${seed}`, () => {
        const service = connected({ seed, mode, lossRate: 0.05, delayMsMax: 20 });
        const open = new Map<number, (typeof service.devices)[number]>();
        let number = 0;
        for (let round = 0; round < 60; round++) {
          if (round < 20) {
            if (round % 4 === 1) service.reshuffle();
            for (const device of service.devices) {
              if (service.random.next() < 0.3) service.rebind(device);
              open.set(++number, device);
            }
          }
          for (const [request, device] of open) {
            if (device.answers.has(request)) open.delete(request);
            else service.request(device, request);
          }
          service.run(200);
        }
        assert.equal(open.size, 0, `${open.size} of ${number} requests were never answered`);
        assert.deepEqual(drops(service), {});
        assert.ok(service.devices.every(({ failed }) => !failed));
      });
    }
  });
}

describe("a handshake whose last flight lands on another node", () => {
  for (const mode of MODES) {
    it(`is finished by its owner and answered through that node in mode ${mode}`, () => {
      const service = new SimulatedService({ seed: 5, mode, routers: 3 });
      service.runUntil(() => service.routers.every(({ node }) => node.isReady), 20_000);
      const device = service.connect({ cids: new RandomCids(0) });
      service.pin(device, 1);
      // Hello, cookie, hello, the server's flight: four milliseconds. The client's last flight is now on its way.
      service.run(4.5);
      service.pin(device, 2);
      assert.ok(service.runUntil(() => device.established, 500));
      const [first, second] = service.routers;
      assert.equal(first?.node.server.sessionCount, 1);
      assert.equal(second?.node.server.sessionCount, 0);
      assert.equal(second?.node.router.counters.get("backwarded"), 1);
      service.request(device, 1);
      service.run(20);
      assert.equal(device.answers.get(1), 1);
    });
  }
});

describe("a cluster without backward frames", () => {
  it("answers from the owner, which a balancer that knows only one backend throws away", () => {
    const service = new SimulatedService({ seed: 5, mode: "plain", routers: 3, backward: false });
    service.runUntil(() => service.routers.every(({ node }) => node.isReady), 20_000);
    const device = service.connect({ cids: new RandomCids(0) });
    service.pin(device, 1);
    assert.ok(service.runUntil(() => device.established, 500));
    service.pin(device, 2);
    service.request(device, 1);
    service.run(20);
    assert.equal(device.answers.size, 0);
    assert.equal(service.strayAnswers, 1);
  });
});
