// The pure parts of a load run by their properties: sizes, addresses, slots, programs, schedules.
import { cidrsOverlap, parseCidr, SeededRandom } from "@coracle/base";
import * as fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstVniOf, networkHolds, planAddresses, SLOTS_MAX, suffixBitsFor, vniAt } from "./address-plan.ts";
import { heldCount, operationAt, operationCount } from "./lane-program.ts";
import { dealEntries, GAP_MEANS_MAX, operationTimesMs } from "./schedule.ts";
import { networkSizes, summarizeSizes } from "./size-law.ts";
import { deal, shuffle, slotsOf, splitEvenly } from "./slots.ts";

const law = fc.record({
  networkCount: fc.integer({ min: 1, max: 60 }),
  topSize: fc.integer({ min: 1, max: 300 }),
  exponent: fc.double({ min: 0, max: 3, noNaN: true }),
  bias: fc.double({ min: 0, max: 10, noNaN: true }),
});
const sizesOf = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });

test("the default law gives the sizes of its formula", () => {
  const sizes = networkSizes({ networkCount: 10, topSize: 100, exponent: 1, bias: 0 });
  assert.deepEqual(sizes, [100, 50, 34, 25, 20, 17, 15, 13, 12, 10]);
  const { slotCount, averagePeers, breakPoint } = summarizeSizes(sizes);
  assert.equal(slotCount, 296);
  assert.equal(averagePeers.toFixed(3), "52.730");
  assert.equal(breakPoint, undefined);
  assert.equal(summarizeSizes([3, 1, 1]).breakPoint, 2);
  assert.deepEqual(networkSizes({ networkCount: 3, topSize: 7, exponent: 0, bias: 0 }), [7, 7, 7]);
});

test("sizes fall, are never below 1, and their mean by attachment is between the smallest and the largest", () => {
  fc.assert(
    fc.property(law, (parameters) => {
      const sizes = networkSizes(parameters);
      assert.equal(sizes.length, parameters.networkCount);
      for (const [index, size] of sizes.entries()) {
        assert.ok(size >= 1 && (index === 0 || size <= (sizes[index - 1] ?? 0)));
      }
      const { slotCount, averagePeers } = summarizeSizes(sizes);
      assert.equal(slotCount, slotsOf(sizes).length);
      assert.ok(averagePeers <= Math.max(...sizes) + 1e-9 && averagePeers >= Math.min(...sizes) - 1e-9);
    }),
  );
});

test("subnets are disjoint, private, and large enough for the slots that take from them", () => {
  fc.assert(
    fc.property(sizesOf, fc.boolean(), fc.integer({ min: 0, max: 31 }), (sizes, isSingleSubnet, choice) => {
      const plan = planAddresses({
        sizes,
        baseAddress: "172.24.0.0",
        firstVni: firstVniOf(choice),
        isSingleSubnet,
        subnetSizeFactor: 1,
      });
      assert.ok(plan.ok);
      const subnets = plan.value.flatMap((network) => network.subnets);
      for (const [index, { first, last }] of subnets.entries()) {
        assert.ok(index === 0 || first > (subnets[index - 1]?.last ?? 0));
        assert.equal(first % (last - first + 1), 0);
      }
      for (const { size, subnets: own } of plan.value) {
        assert.equal(own.length, size === 1 || isSingleSubnet ? 1 : 2);
        // Controllers leave out two addresses at the beginning and one at the end.
        for (const { first, last } of own)
          assert.ok(last - first - 2 >= Math.ceil(size / own.length) || last - first < 4);
      }
    }),
  );
});

test("subnets of one network do not overlap as CIDRs, and addresses are found in their network alone", () => {
  const plan = planAddresses({
    sizes: [9, 4],
    baseAddress: "10.0.0.7",
    firstVni: 3,
    isSingleSubnet: false,
    subnetSizeFactor: 1,
  });
  assert.ok(plan.ok);
  const [one, other] = plan.value;
  assert.ok(one !== undefined && other !== undefined);
  const [a, b] = one.subnets.map(({ cidr }) => parseCidr(cidr));
  assert.ok(a?.ok === true && b?.ok === true && !cidrsOverlap(a.value, b.value));
  assert.ok(networkHolds(one, one.subnets[1]?.last ?? 0) && !networkHolds(other, one.subnets[1]?.last ?? 0));
});

test("networks that leave the private range are refused with the flag's name", () => {
  const options = { firstVni: 1, isSingleSubnet: true, subnetSizeFactor: 1 };
  const over = planAddresses({
    ...options,
    sizes: [400_000, 300_000, 300_000],
    baseAddress: "172.24.0.0",
  });
  assert.ok(!over.ok && over.error.startsWith("--base-address: the networks do not fit"));
  const many = planAddresses({ ...options, sizes: [SLOTS_MAX, 1], baseAddress: "10.0.0.0" });
  assert.ok(!many.ok && many.error.endsWith("1000001 slots are more than 1000000"));
  assert.ok(planAddresses({ ...options, sizes: [SLOTS_MAX], baseAddress: "10.0.0.0" }).ok);
  const foreign = planAddresses({ ...options, sizes: [4], baseAddress: "8.8.8.0" });
  assert.ok(!foreign.ok);
  const wrong = planAddresses({ ...options, sizes: [4], baseAddress: "fe80::1" });
  assert.ok(!wrong.ok && /is not an IPv4 address/.test(wrong.error));
});

test("suffix bits are the rule ceil(log2(n + 3)), and VNIs start over behind the largest", () => {
  assert.deepEqual([1, 2, 5, 6, 13, 50, 253].map(suffixBitsFor), [2, 3, 3, 4, 4, 6, 8]);
  assert.equal(vniAt(2_097_151, 1), 1);
  assert.equal(firstVniOf(31), 1 + 31 * 65_536);
  assert.equal(firstVniOf(32), 1);
});

test("shuffling keeps every slot, dealing splits evenly", () => {
  fc.assert(
    fc.property(sizesOf, fc.integer({ min: 1, max: 16 }), fc.integer(), (sizes, lanes, seed) => {
      const slots = slotsOf(sizes);
      const shuffled = shuffle(slots, new SeededRandom(seed));
      const hands = deal(shuffled, lanes);
      const text = (list: readonly object[]): string[] => list.map((item) => JSON.stringify(item)).toSorted();
      assert.deepEqual(text(hands.flat()), text(slots));
      const counts = hands.map((hand) => hand.length);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
      assert.equal(
        splitEvenly(slots.length, lanes).reduce((sum, count) => sum + count, 0),
        slots.length,
      );
    }),
  );
});

test("a lane's program creates each attachment once, deletes it once, and never has two in a slot", () => {
  const amounts = fc.record({
    slotCount: fc.integer({ min: 1, max: 12 }),
    createCount: fc.integer({ min: 0, max: 60 }),
    coolsDown: fc.boolean(),
  });
  fc.assert(
    fc.property(amounts, (program) => {
      const slots = new Map<number, number>();
      const counts = { create: 0, delete: 0 };
      const born: number[] = [];
      for (let index = 0; index < operationCount(program); index++) {
        const { kind, slot, generation } = operationAt(program, index);
        counts[kind] += 1;
        assert.ok(slot < program.slotCount);
        if (kind === "create") {
          assert.ok(!slots.has(slot));
          slots.set(slot, generation);
          born.push(index);
        } else {
          assert.equal(slots.get(slot), generation);
          slots.delete(slot);
          // The oldest goes first, so none is deleted before as many operations as there are slots.
          assert.ok(index - (born.shift() ?? 0) >= heldCount(program));
        }
      }
      assert.equal(counts.create, program.createCount);
      assert.equal(slots.size, program.coolsDown ? 0 : heldCount(program));
    }),
  );
});

test("every schedule entry belongs to one operation; with equal counts operation k of lane t has entry k · lanes + t", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 9 }), (counts) => {
      const entries = dealEntries(counts);
      const all = entries.flatMap((own) => [...own]).toSorted((a, b) => a - b);
      assert.deepEqual(
        all,
        all.map((_, index) => index),
      );
      for (const own of entries)
        assert.deepEqual(
          [...own],
          [...own].toSorted((a, b) => a - b),
        );
    }),
  );
  assert.deepEqual(
    dealEntries([3, 3]).map((own) => [...own]),
    [
      [0, 2, 4],
      [1, 3, 5],
    ],
  );
});

test("steady times are equally far apart; poisson times rise, keep the rate, and have no gap beyond the cap", () => {
  const steady = operationTimesMs({ count: 5, ratePerSecond: 4, distribution: "steady", random: new SeededRandom(1) });
  assert.deepEqual([...steady], [0, 250, 500, 750, 1000]);
  const random = new SeededRandom(11);
  const times = operationTimesMs({ count: 20_000, ratePerSecond: 100, distribution: "poisson", random });
  for (const [index, at] of times.entries()) {
    const gap = index === 0 ? 0 : at - (times[index - 1] ?? 0);
    assert.ok(gap >= 0 && gap <= GAP_MEANS_MAX * 10);
  }
  assert.ok(Math.abs((times.at(-1) ?? 0) / 200_000 - 1) < 0.05);
  const extreme = {
    next: () => 1 - 2 ** -53,
    seed: 1,
    uint32: () => 0,
    bytes: () => new Uint8Array(),
  };
  const cut = operationTimesMs({ count: 2, ratePerSecond: 1000, distribution: "poisson", random: extreme });
  assert.ok((cut[1] ?? 0) <= GAP_MEANS_MAX);
});
