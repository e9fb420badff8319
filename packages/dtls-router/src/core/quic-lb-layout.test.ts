// Connection IDs in QUIC-LB layouts as a node reads them: its own and others', by several configurations, at the cost of one decryption.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { NODE_IDS, nodeId, UNKNOWN_CID_CONFIG } from "@coracle/cluster";
import type { CryptoProvider } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { CidRouteCache, NOT_KEPT } from "./cid-route-cache.ts";
import { type QuicLbKeys, QuicLbLayout, type QuicLbLayoutOptions, quicLbPrefix } from "./quic-lb-layout.ts";

const keyOf = (seed: number): Uint8Array => new Uint8Array(16).fill(seed);
const encrypted = (active: number, ...ids: number[]): QuicLbKeys => ({
  active,
  configurations: ids.map((id) => ({ id, key: keyOf(id) })),
});
const PLAIN: QuicLbKeys = { active: 3, configurations: [{ id: 3, key: undefined }] };

function layout(node: number, options: Partial<QuicLbLayoutOptions> = {}): QuicLbLayout {
  return new QuicLbLayout({
    serverIdSizeBytes: 1,
    nonceSizeBytes: 4,
    crypto: systemCrypto,
    worker: 0,
    workers: 1,
    keys: encrypted(1, 1),
    hashSeed: 5,
    ...options,
    nodeId: nodeId(node),
  });
}

/** Counts blocks that are encrypted: reading an ID costs four. */
function counting(): { readonly crypto: CryptoProvider; blocks: number } {
  const counted = {
    blocks: 0,
    crypto: {
      ...systemCrypto,
      aesBlock: (key: Uint8Array) => {
        const aes = systemCrypto.aesBlock(key);
        return {
          encrypt: (blocks: Uint8Array) => {
            counted.blocks++;
            return aes.encrypt(blocks);
          },
          decrypt: (blocks: Uint8Array) => aes.decrypt(blocks),
        };
      },
    },
  };
  return counted;
}

describe("a QUIC-LB layout", () => {
  const sizes = [
    { serverIdSizeBytes: 1, nonceSizeBytes: 4 },
    { serverIdSizeBytes: 2, nonceSizeBytes: 5 },
    { serverIdSizeBytes: 4, nonceSizeBytes: 12 },
    { serverIdSizeBytes: 1, nonceSizeBytes: 18 },
  ];
  for (const keys of [PLAIN, encrypted(1, 1)]) {
    for (const size of sizes) {
      const form = keys === PLAIN ? "in the clear" : "encrypted";
      it(`tells node and worker in IDs of ${size.serverIdSizeBytes} + ${size.nonceSizeBytes} bytes, ${form}`, () => {
        const random = new SeededRandom(1);
        for (const node of [0, 1, 200, 255]) {
          for (const worker of [0, 1, 4]) {
            const maker = layout(node, { ...size, keys, worker, workers: 5 });
            const cid = Uint8Array.from([9, 9, ...maker.generator.generate(random), 9]);
            assert.equal(cid.length, 3 + maker.sizeBytes);
            for (const reader of [0, 1, 200, 255]) {
              const other = layout(reader, { ...size, keys, worker: 2, workers: 5 });
              // Twice: the second time it is remembered.
              for (let again = 0; again < 2; again++) {
                assert.equal(other.ownerAt(cid, 2), node);
                assert.equal(other.workerAt(cid, 2), reader === node ? worker : -1);
              }
            }
          }
        }
      });
    }
  }

  it("decrypts an ID once, however many records have it, and makes it without trace of the node", () => {
    const counted = counting();
    const maker = layout(7, { crypto: counted.crypto, workers: 3, worker: 1 });
    const random = new SeededRandom(2);
    const ids = Array.from({ length: 500 }, () => maker.generator.generate(random));
    counted.blocks = 0;
    for (let round = 0; round < 20; round++) {
      for (const id of ids) assert.deepEqual([maker.ownerAt(id, 0), maker.workerAt(id, 0)], [7, 1]);
    }
    assert.equal(counted.blocks, 4 * 500);
    for (let at = 1; at < 6; at++) {
      const values = new Set(ids.map((id) => id[at]));
      assert.ok(values.size > 190, `byte ${at} has only ${values.size} values`);
    }
    assert.deepEqual(new Set(ids.map(([first]) => first)), new Set([(1 << 5) | 5]));
  });

  it("reads IDs of all configurations and makes them by the active one, while keys come and go", () => {
    const random = new SeededRandom(3);
    const [maker, reader] = [layout(9, { keys: encrypted(1, 1) }), layout(4, { keys: encrypted(1, 1) })];
    const owners = (ids: readonly Uint8Array[]): number[] => ids.map((id) => reader.ownerAt(id, 0));
    const first = maker.generator.generate(random);
    assert.deepEqual(owners([first]), [9]);
    // Everyone learns the new key before anyone uses it.
    for (const each of [maker, reader]) each.replace(encrypted(1, 1, 2));
    const second = maker.generator.generate(random);
    for (const each of [maker, reader]) each.replace(encrypted(2, 2, 1));
    const third = maker.generator.generate(random);
    assert.deepEqual(
      [first, second, third].map(([octet = 0]) => octet >>> 5),
      [1, 1, 2],
    );
    assert.deepEqual(owners([first, second, third]), [9, 9, 9]);
    reader.replace(encrypted(2, 2));
    assert.deepEqual(owners([first, second, third]), [UNKNOWN_CID_CONFIG, UNKNOWN_CID_CONFIG, 9]);
    // The number comes back with another key: what was made by the old one is no node's, or anyone's.
    reader.replace({ active: 2, configurations: [...encrypted(2, 2).configurations, { id: 1, key: keyOf(77) }] });
    assert.notDeepEqual(owners([first, second]), [9, 9]);
    assert.deepEqual(owners([third]), [9]);
  });

  it("never repeats an ID, also where the configuration goes back to an old one", () => {
    const random = new SeededRandom(4);
    const maker = layout(9, { keys: encrypted(1, 1, 2) });
    const made: string[] = [];
    for (let round = 0; round < 40; round++) {
      maker.replace(encrypted(1 + (round % 2), 1, 2));
      for (let count = 0; count < 20; count++) made.push(maker.generator.generate(new SeededRandom(1)).join());
    }
    assert.equal(new Set(made).size, made.length);
    assert.ok(maker.ownerAt(maker.generator.generate(random), 0) === 9);
  });

  it("takes no ID for a node's that has another size, rotation or a server id beyond the nodes", () => {
    const maker = layout(9, { serverIdSizeBytes: 2 });
    const reader = layout(9, { serverIdSizeBytes: 2 });
    const cid = maker.generator.generate(new SeededRandom(5));
    for (const first of Array.from({ length: 256 }, (_, octet) => octet)) {
      const changed = cid.slice();
      changed[0] = first;
      assert.equal(reader.ownerAt(changed, 0), first === cid[0] ? 9 : UNKNOWN_CID_CONFIG);
    }
    const plain = layout(9, { serverIdSizeBytes: 2, keys: PLAIN });
    const prefix = quicLbPrefix({ serverIdSizeBytes: 2, nonceSizeBytes: 4 }, 3, 9);
    assert.deepEqual([...plain.generator.generate(new SeededRandom(6)).subarray(0, 3)], prefix);
    assert.equal(plain.ownerAt(Uint8Array.from([...prefix, 1, 2, 3, 4]), 0), 9);
    assert.equal(plain.ownerAt(Uint8Array.from([prefix[0] ?? 0, 1, 9, 1, 2, 3, 4]), 0), NODE_IDS);
  });

  it("reads anything without throwing, and inventions seldom as a node's where server ids are long", () => {
    const random = new SeededRandom(7);
    for (const [serverIdSizeBytes, mostFound] of [
      [1, 3000],
      [3, 2],
    ] as const) {
      const reader = layout(9, { serverIdSizeBytes, keys: encrypted(1, 0, 1, 2, 3, 4, 5, 6), workers: 5 });
      let found = 0;
      for (let count = 0; count < 3000; count++) {
        const bytes = random.bytes(Math.floor(random.next() * 24));
        bytes[0] = ((bytes[0] ?? 0) & 0xe0) | (reader.sizeBytes - 1);
        const at = Math.floor(random.next() * 3);
        const owner = reader.ownerAt(bytes, at);
        assert.ok(Number.isInteger(owner) && owner >= -1 && owner <= NODE_IDS);
        const worker = reader.workerAt(bytes, at);
        assert.ok(owner === 9 ? worker >= 0 && worker < 5 : worker === -1);
        if (owner >= 0 && owner < NODE_IDS) found++;
      }
      assert.ok(found <= mostFound, `${found} of 3000 inventions were some node's`);
    }
  });

  it("refuses an active configuration that there is none of", () => {
    assert.throws(() => layout(1, { keys: encrypted(2, 1) }), /configuration 2: there is none/);
    const node = layout(1);
    assert.throws(() => node.replace(encrypted(5, 1)), /configuration 5: there is none/);
  });
});

describe("the cache of routes", () => {
  const random = new SeededRandom(8);
  const idsOf = (count: number): Uint8Array[] => Array.from({ length: count }, () => random.bytes(7));

  /** Keeps each under its number; how many are there in the end, none under another number. */
  function keptOf(cache: CidRouteCache, ids: readonly Uint8Array[]): number {
    for (const [route, id] of ids.entries()) cache.keep(id, 0, route);
    let kept = 0;
    for (const [route, id] of ids.entries()) {
      const found = cache.find(id, 0);
      assert.ok(found === NOT_KEPT || found === route);
      if (found === route) kept++;
    }
    return kept;
  }

  it("keeps nearly all of half as many as there is room for, and never more than that", () => {
    const cache = new CidRouteCache({ sizeBytes: 7, routesMax: 4000, seed: 99 });
    assert.equal(cache.routesMax, 4096);
    const half = keptOf(cache, idsOf(2048));
    assert.ok(half > 0.94 * 2048, `${half} of 2048 are kept`);
    const many = idsOf(20_000);
    const kept = keptOf(cache, many);
    assert.ok(kept > 0.95 * 4096 && kept <= 4096, `${kept} are kept`);
    cache.clear();
    assert.ok(many.every((id) => cache.find(id, 0) === NOT_KEPT));
  });

  it("knows nothing of what it was not told, and refuses IDs that no layout has", () => {
    const cache = new CidRouteCache({ sizeBytes: 20, routesMax: 1, seed: 0 });
    assert.equal(cache.find(new Uint8Array(20), 0), NOT_KEPT);
    for (const route of [0, 5, 300, 40_000]) {
      const id = random.bytes(20);
      cache.keep(id, 0, route);
      assert.equal(cache.find(Uint8Array.from([1, ...id]), 1), route);
    }
    for (const sizeBytes of [0, 21]) {
      assert.throws(() => new CidRouteCache({ sizeBytes, routesMax: 4, seed: 1 }), /IDs of/);
    }
  });
});
