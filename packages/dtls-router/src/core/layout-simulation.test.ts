// Three routers whose connection IDs hide or show their nodes as QUIC-LB does: addresses change, keys rotate, no session is lost.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ManagementMode } from "@coracle/cluster";
import { nodeId } from "@coracle/cluster";
import { RandomCids } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { endpointOf, SimulatedService } from "../testing/simulated-service.ts";
import {
  assertForwarded,
  connectDevices,
  dropsOf,
  exchange,
  exchangeOverLoss,
  formWithDevices,
  nextRequest,
} from "../testing/simulated-traffic.ts";
import { type QuicLbKeys, QuicLbLayout } from "./quic-lb-layout.ts";

const DEVICES = 12;

const keys = (active: number, ...ids: number[]): QuicLbKeys => ({
  active,
  configurations: ids.map((id) => ({ id, key: new Uint8Array(16).fill(0x40 + id) })),
});
const PLAIN: QuicLbKeys = { active: 0, configurations: [{ id: 0, key: undefined }] };

interface LayoutOptions {
  readonly keys: QuicLbKeys;
  readonly serverIdSizeBytes?: number;
  readonly nonceSizeBytes?: number;
}

function makeLayout(id: number, options: LayoutOptions): QuicLbLayout {
  const { serverIdSizeBytes = 1, nonceSizeBytes = 4 } = options;
  return new QuicLbLayout({
    serverIdSizeBytes,
    nonceSizeBytes,
    crypto: systemCrypto,
    nodeId: nodeId(id),
    worker: 0,
    workers: 1,
    keys: options.keys,
    hashSeed: id,
  });
}

/** A formed cluster with connected devices. */
function connected(
  options: LayoutOptions & { readonly seed: number; readonly mode: ManagementMode; readonly lossRate?: number },
): SimulatedService {
  const service = new SimulatedService({ ...options, routers: 3, layout: (id) => makeLayout(id, options) });
  return formWithDevices(service, DEVICES);
}

/** Sessions by the configuration of their IDs. */
function byConfiguration(service: SimulatedService): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { node } of service.routers) {
    for (const id of node.server.sessionIds()) {
      const [first = 0xff] = node.server.describe(id)?.ownCid ?? [];
      counts[first >>> 5] = (counts[first >>> 5] ?? 0) + 1;
    }
  }
  return counts;
}

function replaceEverywhere(service: SimulatedService, next: QuicLbKeys): void {
  for (const { layout } of service.routers) layout?.replace(next);
}

const layouts = [
  ["in the clear", { keys: PLAIN }],
  ["encrypted", { keys: keys(1, 1) }],
  ["encrypted, one block", { keys: keys(1, 1), serverIdSizeBytes: 4, nonceSizeBytes: 12 }],
] as const;

for (const [name, options] of layouts) {
  for (const mode of ["plain", "dtls", "dtls-mac"] as const) {
    describe(`three routers with QUIC-LB connection IDs ${name}, in mode ${mode}`, () => {
      it("answer every record exactly once while addresses and backends change", () => {
        const service = connected({ seed: 11, mode, ...options });
        exchange(service, 30);
        assert.deepEqual(dropsOf(service), {});
        assert.equal(service.strayAnswers, 0);
        assertForwarded(service);
      });
    });
  }
}

describe("keys of encrypted connection IDs", () => {
  for (const seed of [1, 2, 3]) {
    it(`rotate while sessions live, none of which is lost, seed ${seed}`, () => {
      const service = connected({ seed, mode: "dtls-mac", keys: keys(1, 1) });
      exchange(service, 6);
      // One node after the other, with requests in between: first all learn the key, then all use it.
      for (const next of [keys(1, 1, 2), keys(2, 1, 2)]) {
        for (const { layout } of service.routers) {
          layout?.replace(next);
          exchange(service, 3);
        }
      }
      connectDevices(service, DEVICES);
      exchange(service, 6);
      assert.deepEqual(byConfiguration(service), { 1: DEVICES, 2: DEVICES });
      assert.deepEqual(dropsOf(service), {});
      assert.ok(service.devices.every(({ failed }) => !failed));
    });

    it(`rotate over a lossy network, seed ${seed}`, () => {
      const service = connected({ seed, mode: "plain", keys: keys(1, 1), lossRate: 0.05 });
      const rotations = [keys(1, 1, 2), keys(2, 1, 2), keys(2, 2, 1, 5), keys(5, 2, 1, 5)];
      exchangeOverLoss(service, 25, (round) => {
        const rotation = round % 5 === 2 ? rotations.shift() : undefined;
        if (rotation !== undefined) replaceEverywhere(service, rotation);
      });
      assert.deepEqual(dropsOf(service), {});
      assert.ok(service.devices.every(({ failed }) => !failed));
    });
  }

  it("lead to nobody once they are gone, which is counted; sessions of the others go on", () => {
    const service = connected({ seed: 4, mode: "plain", keys: keys(1, 1, 2) });
    const before = [...service.devices];
    replaceEverywhere(service, keys(2, 1, 2));
    const after = connectDevices(service, 3);
    replaceEverywhere(service, keys(2, 2));
    for (const device of before) service.request(device, nextRequest());
    service.run(100);
    assert.deepEqual(dropsOf(service), { "unknown-cid-config": DEVICES });
    for (const device of after) {
      service.rebind(device);
      const number = nextRequest();
      service.request(device, number);
      service.run(50);
      assert.equal(device.answers.get(number), 1);
    }
  });
});

describe("nodes that do not agree about connection IDs", () => {
  it("tell once a minute who forwards what is not theirs", () => {
    const service = new SimulatedService({ seed: 6, mode: "plain", routers: 2 });
    assert.ok(service.runUntil(() => service.routers.every(({ node }) => node.isReady), 20_000));
    const [first] = service.routers;
    const bytes = new Uint8Array(8 + 39);
    bytes.set([63, 1, 1, 4, 198, 51, 100, 7, 25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 7, 1, 2, 3, 4, 5, 0, 20]);
    const source = endpointOf("10.0.0.2:5884");
    const toldAfter = (times: number): number => {
      let told = 0;
      for (let time = 0; time < times; time++) {
        first?.node.handle({ kind: "cluster", datagram: { bytes, start: 0, end: bytes.length }, source }, service.now);
        for (let output = first?.node.poll(); output !== undefined; output = first?.node.poll()) {
          if (output.kind !== "misrouted") continue;
          assert.deepEqual(output.from, source);
          told++;
        }
      }
      return told;
    };
    assert.deepEqual([toldAfter(50), toldAfter(50)], [1, 0]);
    service.run(59_000);
    assert.equal(toldAfter(5), 0);
    service.run(1000);
    assert.equal(toldAfter(5), 1);
    assert.equal(first?.node.router.drops.get("misrouted"), 110);
  });

  const disagreements = [
    [
      "have other keys",
      { keys: keys(1, 1) },
      { keys: { active: 1, configurations: [{ id: 1, key: new Uint8Array(16) }] } },
    ],
    ["have other configurations", { keys: keys(1, 1) }, { keys: keys(2, 2) }],
    ["encrypt or not", { keys: keys(1, 1) }, { keys: { active: 1, configurations: [{ id: 1, key: undefined }] } }],
    ["have other sizes", { keys: keys(1, 1) }, { keys: keys(1, 1), nonceSizeBytes: 6 }],
  ] as const;
  for (const [name, some, others] of disagreements) {
    it(`serve what comes to the right one, and count what they drop, where they ${name}`, () => {
      const service = new SimulatedService({
        seed: 5,
        mode: "plain",
        routers: 3,
        layout: (id) => makeLayout(id, id === 1 ? some : others),
      });
      assert.ok(service.runUntil(() => service.routers.every(({ node }) => node.isReady), 20_000));
      const devices = Array.from({ length: DEVICES }, () => {
        const device = service.connect({ cids: new RandomCids(0) });
        service.pin(device, 1);
        return device;
      });
      assert.ok(service.runUntil(() => devices.every(({ established }) => established), 1000));
      for (const device of devices) {
        const number = nextRequest();
        service.request(device, number);
        service.run(20);
        assert.equal(device.answers.get(number), 1);
      }
      const sum = (): number => Object.values(dropsOf(service)).reduce((total, count) => total + count, 0);
      assert.equal(sum(), 0);
      for (const device of devices) {
        service.pin(device, 2);
        const number = nextRequest();
        service.request(device, number);
        service.run(20);
        assert.equal(device.answers.get(number), undefined);
      }
      assert.equal(sum(), DEVICES, JSON.stringify(dropsOf(service)));
    });
  }
});
