// Tests of the address set: against a plain set of numbers, at the ends of the address space, uniform choice, size.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import { array, assert as check, constant, constantFrom, integer, nat, oneof, property, record } from "fast-check";
import { AddressSet } from "./address-set.ts";

function runsOf(model: ReadonlySet<number>): (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const address of [...model].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] + 1 === address) last[1] = address;
    else runs.push([address, address]);
  }
  return runs;
}

test("address set: random adds, removes and picks equal a plain set", () => {
  const offset = integer({ min: 0, max: 40 });
  const step = oneof(
    record({ do: constant("add" as const), at: offset }),
    record({ do: constant("remove" as const), at: offset }),
    record({ do: constant("pick" as const), at: offset, to: offset }),
  );
  const base = constantFrom(0, 0x0a000000, 0xffffffff - 40);
  check(
    property(base, nat(), array(step, { maxLength: 120 }), (first, seed, steps) => {
      const set = new AddressSet();
      const model = new Set<number>();
      const random = new SeededRandom(seed);
      for (const each of steps) {
        const address = first + each.at;
        if (each.do === "add") assert.equal(set.add(address), model.has(address) ? false : (model.add(address), true));
        else if (each.do === "remove") assert.equal(set.remove(address), model.delete(address));
        else {
          const range = { min: Math.min(address, first + each.to), max: Math.max(address, first + each.to) };
          const free: number[] = [];
          for (let at = range.min; at <= range.max; at++) if (!model.has(at)) free.push(at);
          assert.equal(set.freeIn(range), free.length);
          const picked = set.pick(range, random);
          assert.equal(picked === undefined, free.length === 0);
          if (picked !== undefined) {
            assert.ok(free.includes(picked));
            model.add(picked);
          }
        }
        assert.deepEqual([...set], runsOf(model));
        assert.equal(set.size, model.size);
        assert.equal(set.has(address), model.has(address));
      }
      assert.equal(set.runs, runsOf(model).length);
    }),
  );
});

test("address set: every free address is chosen about equally often", () => {
  const seen = new Map<number, number>();
  const random = new SeededRandom(7);
  const range = { min: 0, max: 19 };
  for (let round = 0; round < 4000; round++) {
    const set = new AddressSet();
    // Free: 1, 3 and 10 to 19. By gaps first, 1 and 3 would have a third each.
    for (const used of [0, 2, 4, 5, 6, 7, 8, 9]) set.add(used);
    const picked = set.pick(range, random) ?? -1;
    seen.set(picked, (seen.get(picked) ?? 0) + 1);
  }
  assert.deepEqual(
    [...seen.keys()].sort((a, b) => a - b),
    [1, 3, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  );
  for (const [address, count] of seen) assert.ok(count > 230 && count < 440, `${address} was chosen ${count} times`);
});

test("address set: a full range gives nothing, and a /16 filled at random stays one run", () => {
  const set = new AddressSet();
  const random = new SeededRandom(1);
  const range = { min: 0x0a010002, max: 0x0a01fffe };
  const total = range.max - range.min + 1;
  for (let count = 0; count < total; count++) assert.notEqual(set.pick(range, random), undefined);
  assert.equal(set.pick(range, random), undefined);
  assert.deepEqual([...set], [[range.min, range.max]]);
  for (let address = range.min; address <= range.max; address += 2) set.remove(address);
  assert.equal(set.runs, Math.floor(total / 2));
  set.clear();
  assert.equal(set.size, 0);
  assert.equal(set.add(5), true);
  assert.deepEqual([...set], [[5, 5]]);
});
