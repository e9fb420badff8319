// Three routers behind a balancer that reshuffles: every record is served, whichever node it lands on, in every mode.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ManagementMode } from "@coracle/cluster";
import { RandomCids } from "@coracle/dtls";
import { SimulatedService } from "../testing/simulated-service.ts";
import { assertForwarded, dropsOf, exchange, exchangeOverLoss, formWithDevices } from "../testing/simulated-traffic.ts";

const MODES: readonly ManagementMode[] = ["plain", "dtls", "dtls-mac", "static"];
const DEVICES = 12;

/** A formed cluster with connected devices. */
function connected(options: {
  seed: number;
  mode: ManagementMode;
  lossRate?: number;
  delayMsMax?: number;
}): SimulatedService {
  return formWithDevices(new SimulatedService({ routers: 3, ...options }), DEVICES);
}

for (const mode of MODES) {
  describe(`three routers in mode ${mode}`, () => {
    it("answer every record exactly once while addresses and backends change", () => {
      const service = connected({ seed: 7, mode });
      exchange(service, 40);
      assert.deepEqual(dropsOf(service), {});
      assert.equal(service.strayAnswers, 0);
      assertForwarded(service);
    });

    for (const seed of [1, 2, 3]) {
      it(`serve every request over a lossy network, seed ${seed}`, () => {
        const service = connected({ seed, mode, lossRate: 0.05, delayMsMax: 20 });
        exchangeOverLoss(service, 20);
        assert.deepEqual(dropsOf(service), {});
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
