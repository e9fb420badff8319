// The table of remote attachments against a plain model, and its cap.
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomInteger, SeededRandom } from "@coracle/base";
import { NO_SLOT, RemoteTable } from "./remote-table.ts";

interface Row {
  readonly owner: string;
  readonly vni: number;
  readonly ipv4: number;
}

function rowsOf(table: RemoteTable, vnis: number): Row[] {
  const rows: Row[] = [];
  for (let vni = 1; vni <= vnis; vni++) {
    for (let slot = table.firstOf(vni); slot !== NO_SLOT; slot = table.nextOf(slot)) {
      assert.equal(table.vni(slot), vni);
      rows.push({ owner: table.owner(slot), vni, ipv4: table.ipv4(slot) });
    }
  }
  return sorted(rows);
}

function sorted(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.vni - b.vni || a.owner.localeCompare(b.owner));
}

test("adding, changing and removing at random leaves what a plain map has", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new SeededRandom(seed);
    const table = new RemoteTable(10_000);
    const model = new Map<string, Row>();
    for (let step = 0; step < 2000; step++) {
      const owner = `o${randomInteger(random, 0, 199)}`;
      const vni = randomInteger(random, 1, 4);
      const key = `${owner} ${vni}`;
      const slot = table.find(owner, vni);
      assert.equal(slot !== NO_SLOT, model.has(key), `seed ${seed}`);
      if (slot !== NO_SLOT && random.next() < 0.5) {
        table.remove(slot);
        model.delete(key);
        continue;
      }
      const ipv4 = random.uint32();
      const fields = { ipv4, hostIp: 1, version: step, round: 0 };
      if (slot === NO_SLOT) assert.notEqual(table.add(owner, vni, fields), NO_SLOT);
      else table.set(slot, fields);
      model.set(key, { owner, vni, ipv4 });
    }
    assert.deepEqual(rowsOf(table, 4), sorted([...model.values()]), `seed ${seed}`);
    assert.equal(table.size, model.size);
    for (const { owner } of model.values()) {
      let held = 0;
      for (let slot = table.first(owner); slot !== NO_SLOT; slot = table.next(slot)) held++;
      assert.equal(held, [...model.values()].filter((row) => row.owner === owner).length);
    }
  }
});

test("a full table refuses, and takes again once a slot is free", () => {
  const table = new RemoteTable(300);
  const fields = { ipv4: 1, hostIp: 1, version: 1, round: 0 };
  for (let index = 0; index < 300; index++) assert.notEqual(table.add(`o${index}`, 1, fields), NO_SLOT);
  assert.equal(table.add("one more", 1, fields), NO_SLOT);
  table.remove(table.find("o7", 1));
  assert.notEqual(table.add("one more", 1, fields), NO_SLOT);
  assert.equal(table.size, 300);
});

test("the newest version wins; without an order nobody does", () => {
  const table = new RemoteTable(10);
  const add = (vni: number, version: number): number => table.add("o", vni, { ipv4: 1, hostIp: 1, version, round: 0 });
  const first = add(1, 5);
  assert.equal(table.newest("o"), first);
  assert.equal(table.newest("o", 6), NO_SLOT);
  assert.equal(table.newest("o", 4), first);
  const second = add(2, 7);
  assert.equal(table.newest("o", 6), second);
  add(3, Number.NaN);
  assert.equal(table.newest("o"), "unknown");
  assert.equal(table.newest("nobody"), NO_SLOT);
});
