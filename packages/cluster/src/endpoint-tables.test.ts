// The typed-array tables equal plain maps under random use, and keep to their caps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Millis, randomInteger, SeededRandom } from "@coracle/base";
import { freshSeeds } from "@coracle/sim";
import {
  emptyForwardFrame,
  type Endpoint,
  EndpointIndex,
  FlowTable,
  formatEndpoint,
  MemberTable,
  nodeId,
} from "./mod.ts";

const [freshSeed = 1] = freshSeeds();

function randomEndpoint(random: SeededRandom, hosts: number): Endpoint {
  const host = randomInteger(random, 0, hosts - 1);
  const port = randomInteger(random, 1, 3);
  const v4 = [10, 0, host >>> 8, host & 255];
  if (random.next() < 0.5) return { address: Uint8Array.from(v4), port };
  if (random.next() < 0.5) return { address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...v4), port };
  return { address: Uint8Array.of(0x20, 1, 13, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, ...v4), port };
}

function flowKey(client: Endpoint) {
  return { ...emptyForwardFrame(), addressSizeBytes: client.address.length, port: client.port };
}

function confirms(flows: FlowTable, client: Endpoint, owner: number, nowMs: number): boolean {
  return flows.confirm(client.address, flowKey(client), nodeId(owner), nowMs as Millis);
}

test("EndpointIndex equals a map, full and emptied again", () => {
  for (const seed of [1, 2, 3, freshSeed]) {
    const random = new SeededRandom(seed);
    const index = new EndpointIndex(50, random.uint32());
    const model = new Map<string, number>();
    for (let step = 0; step < 5000; step++) {
      const { address, port } = randomEndpoint(random, 40);
      const key = formatEndpoint({ address, port });
      const slot = index.find(address, 0, address.length, port);
      assert.equal(slot, model.get(key) ?? -1, `CORACLE_SIM_SEED=${seed}, step ${step}`);
      if (slot >= 0 && random.next() < 0.5) {
        index.remove(slot);
        model.delete(key);
      } else if (slot < 0) {
        const inserted = index.insert(address, 0, address.length, port);
        if (model.size === index.capacity) assert.equal(inserted, -1, "full");
        else {
          assert.ok(
            inserted >= 0 && ![...model.values()].includes(inserted),
            `CORACLE_SIM_SEED=${seed}: slot given twice`,
          );
          model.set(key, inserted);
        }
      }
      assert.equal(index.size, model.size);
    }
  }
});

test("MemberTable: a node has one address, an address one node", () => {
  const members = new MemberTable(freshSeed);
  const at = (host: number): Endpoint => ({ address: Uint8Array.of(10, 0, 0, host), port: 5884 });
  members.set(nodeId(1), at(1));
  members.set(nodeId(2), at(2));
  members.set(nodeId(1), at(3));
  assert.equal(members.memberAt(at(1)), undefined, "the old address is gone");
  assert.equal(members.memberAt(at(3))?.nodeId, 1);
  members.set(nodeId(1), at(2));
  assert.deepEqual(members.ids(), [1], "node 2's address belongs to node 1 now");
  members.remove(nodeId(1));
  assert.equal(members.size, 0);
  for (let id = 0; id < 256; id++) members.set(nodeId(id), at(id));
  assert.equal(members.size, 256);
  assert.equal(members.memberAt(at(255))?.nodeId, 255);
});

test("MemberTable: whoever was found last is found as what is now", () => {
  const members = new MemberTable(freshSeed);
  const at = (host: number, port = 5884): Endpoint => ({ address: Uint8Array.of(10, 0, 0, host), port });
  const isFound = (endpoint: Endpoint): number | undefined => members.memberAt(endpoint)?.nodeId;
  members.set(nodeId(1), at(1));
  assert.deepEqual(
    [isFound(at(1)), isFound(at(1)), isFound(at(2)), isFound(at(1, 5885))],
    [1, 1, undefined, undefined],
  );
  members.set(nodeId(2), at(1));
  assert.equal(isFound(at(1)), 2, "another node has the address");
  members.set(nodeId(2), at(2));
  assert.deepEqual([isFound(at(1)), isFound(at(2))], [undefined, 2], "the node has another address");
  members.remove(nodeId(2));
  assert.equal(isFound(at(2)), undefined, "the node has left");
  assert.equal(isFound({ address: new Uint8Array(16), port: 5884 }), undefined);
});

test("FlowTable: forged sources push out forged sources, not confirmed clients", () => {
  const flows = new FlowTable({ flowsMax: 400, flowLifetimeMs: 1000, hashSeed: freshSeed });
  const client = (host: number): Endpoint => ({ address: Uint8Array.of(10, 1, host >>> 8, host & 255), port: 9 });
  for (let host = 0; host < 300; host++) {
    flows.touch(client(host), nodeId(7), 0 as Millis);
    assert.ok(confirms(flows, client(host), 7, 0));
  }
  for (let host = 1000; host < 6000; host++) flows.touch(client(host), nodeId(7), 1 as Millis);
  assert.equal(flows.size, 400);
  assert.equal(flows.confirmed, 300);
  for (let host = 0; host < 300; host++) assert.ok(confirms(flows, client(host), 7, 2), `client ${host}`);
  assert.equal(confirms(flows, client(1000), 7, 2), false, "the oldest forged one is gone");
  assert.ok(confirms(flows, client(5999), 7, 2));
  assert.equal(flows.confirmed, 300, "at the cap the least recently used confirmed flow makes room");
  assert.equal(confirms(flows, client(0), 7, 2), false);
});

test("FlowTable: a flow ends by time, and answers come from its owner only", () => {
  const flows = new FlowTable({ flowsMax: 8, flowLifetimeMs: 1000, hashSeed: 1 });
  const client: Endpoint = { address: Uint8Array.of(192, 0, 2, 1), port: 40_000 };
  flows.touch(client, nodeId(3), 0 as Millis);
  assert.equal(confirms(flows, client, 4, 1), false);
  assert.ok(confirms(flows, client, 3, 1000));
  assert.ok(confirms(flows, client, 3, 2000), "each answer keeps it");
  assert.equal(confirms(flows, client, 3, 3001), false);
  assert.equal(flows.size, 0);
  flows.touch(client, nodeId(3), 4000 as Millis);
  flows.touch(client, nodeId(4), 4000 as Millis);
  assert.equal(confirms(flows, client, 3, 4001), false, "the owner changed");
});
