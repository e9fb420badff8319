// Tests of the packed tables: against plain maps, with texts of unusual forms, and the bytes an attachment takes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomInteger, SeededRandom } from "@coracle/base";
import { AttachmentTable } from "./attachment-table.ts";
import { KeyIndex } from "./key-index.ts";
import { LockTable } from "./lock-table.ts";
import { UuidColumn, VersionColumn } from "./packed-texts.ts";
import { type AttachmentView, keyOf, type LockView } from "./views.ts";

function uuid(random: SeededRandom): string {
  const hex = [...random.bytes(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function attachment(index: number, random: SeededRandom): AttachmentView {
  const hasAddress = random.next() < 0.7;
  return {
    namespace: `ns${index % 2}`,
    name: `a${index}`,
    uid: uuid(random),
    resourceVersion: String(randomInteger(random, 1, 1e9)),
    subnet: `s${randomInteger(random, 0, 4)}`,
    lockUid: hasAddress ? uuid(random) : "",
    vni: hasAddress ? 7 : 0,
    address: hasAddress ? random.uint32() : undefined,
    hasContention: random.next() < 0.2,
    errorHash: hasAddress ? 0 : random.uint32(),
    subnetWrittenUs: hasAddress ? 1_700_000_000_123_456 : 0,
    condition: random.next() < 0.5 ? undefined : { status: "False", sinceSeconds: 1_700_000_000 },
    readyBy: (["nobody", "ipam", "agent"] as const)[index % 3] ?? "nobody",
    writtenUs: 1_700_000_000_000_001,
  };
}

test("packed texts come back as they were, whatever their form", () => {
  const uids = new UuidColumn();
  const versions = new VersionColumn();
  uids.resize(1);
  versions.resize(1);
  for (const text of ["", "00000000-0000-0000-0000-000000000000", "d9450756-3910-4a26-b4b2-c77745b62629", "x", "ABC"]) {
    uids.set(0, text);
    assert.equal(uids.get(0), text);
  }
  for (const text of ["", "0", "1", "007", "9007199254740991", "9007199254740993", "abc", "12 "]) {
    versions.set(0, text);
    assert.equal(versions.get(0), text);
  }
});

test("attachments: random changes equal a plain map, and so does the index by subnet", () => {
  const random = new SeededRandom(3);
  const keys = new KeyIndex();
  const subnets = new KeyIndex();
  const table = new AttachmentTable(keys, subnets);
  const model = new Map<string, AttachmentView>();
  for (let step = 0; step < 3000; step++) {
    const view = attachment(randomInteger(random, 0, 60), random);
    if (random.next() < 0.6) {
      table.upsert(view);
      model.set(keyOf(view), view);
    } else {
      assert.deepEqual(table.remove(keyOf(view)), model.get(keyOf(view)));
      model.delete(keyOf(view));
    }
    if (step % 50 !== 0) continue;
    assert.equal(table.size, model.size);
    for (const [key, wanted] of model) assert.deepEqual(table.get(key), wanted);
    assert.deepEqual([...table.keys()].sort(), [...model.keys()].sort());
    for (const subnet of ["ns0/s0", "ns1/s4", "ns0/none"]) {
      const wanted = [...model].filter(([, each]) => `${each.namespace}/${each.subnet}` === subnet).map(([key]) => key);
      assert.deepEqual([...table.ofSubnet(subnet)].sort(), wanted.sort());
    }
  }
  for (const key of model.keys()) table.remove(key);
  assert.deepEqual([table.size, keys.size, subnets.size], [0, 0, 0]);
});

test("locks: random changes equal a plain map, and owners find their locks", () => {
  const random = new SeededRandom(4);
  const owners = new KeyIndex();
  const table = new LockTable(owners);
  const model = new Map<string, LockView>();
  for (let step = 0; step < 3000; step++) {
    const lock: LockView = {
      namespace: `ns${randomInteger(random, 0, 1)}`,
      vni: 2_097_151 - randomInteger(random, 0, 1),
      address: 0xffffffff - randomInteger(random, 0, 20),
      uid: uuid(random),
      resourceVersion: String(step + 1),
      owner: `a${randomInteger(random, 0, 5)}`,
      ownerUid: uuid(random),
      createdSeconds: step,
    };
    const key = `${lock.namespace} ${lock.vni} ${lock.address}`;
    const before = model.get(key);
    if (random.next() < 0.6) {
      assert.deepEqual(table.upsert(lock), before);
      model.set(key, lock);
    } else {
      assert.deepEqual(table.remove(lock.namespace, lock), before);
      model.delete(key);
    }
    if (step % 50 !== 0) continue;
    assert.equal(table.size, model.size);
    assert.equal([...table.all()].length, model.size);
    for (const each of model.values()) {
      assert.deepEqual(table.find(each.namespace, each), each);
      assert.equal(table.has(each), true);
    }
    const byUid = (a: LockView, b: LockView): number => (a.uid < b.uid ? -1 : 1);
    const wanted = [...model.values()].filter((each) => each.namespace === "ns1" && each.owner === "a2");
    assert.deepEqual(table.ofOwner("ns1/a2").sort(byUid), wanted.sort(byUid));
  }
  for (const each of model.values()) table.remove(each.namespace, each);
  assert.deepEqual([table.size, owners.size], [0, 0]);
});

test("an attachment and its lock take less than 250 bytes of columns at 100,000", () => {
  const random = new SeededRandom(5);
  const keys = new KeyIndex();
  const table = new AttachmentTable(keys, new KeyIndex());
  const locks = new LockTable(keys);
  const count = 100_000;
  for (let index = 0; index < count; index++) {
    const view = attachment(index, random);
    table.upsert(view);
    locks.upsert({ ...view, address: index, vni: 7, owner: view.name, ownerUid: view.uid, createdSeconds: 1 });
  }
  assert.ok((table.sizeBytes + locks.sizeBytes) / count < 250, `${(table.sizeBytes + locks.sizeBytes) / count}`);
});
