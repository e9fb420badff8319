// Connection ID layouts against the published vectors and their round trips.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { systemCrypto as crypto } from "../io/mod.ts";
import { cidKey } from "./cid-key.ts";
import { moveToShare, NonceCounter, nonceOwner } from "./nonce-counter.ts";
import { NodeCids, nodeOfCid, workerOfNodeCid } from "./node-cid.ts";
import { decryptQuicLb, encryptQuicLb } from "./quic-lb-cipher.ts";
import { QuicLbCodec } from "./quic-lb.ts";
import { QuicLbCids } from "./quic-lb-cids.ts";

const hex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, "hex"));
const asHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const key = hex("8f95f09245765f80256934e50c66207f");

describe("QUIC-LB connection IDs", () => {
  const vectors = [
    [0, "ed793a", "ee080dbf", "0720b1d07b359d3c"],
    [1, "ed793a51d49b8f5fab65", "ee080dbf48", "2fcc381bc74cb4fbad2823a3d1f8fed2"],
    [2, "ed793a51d49b8f5f", "ee080dbf48c0d1e5", "504dd2d05a7b0de9b2b9907afb5ecf8cc3"],
    // The draft writes this one with the rotation bits of configuration 0.
    [0, "ed793a51d49b8f5fab", "ee080dbf48c0d1e55d", "125779c9cc86beb3a3a4a3ca96fce4bfe0cdbc"],
  ] as const;
  for (const [rotation, serverId, nonce, cid] of vectors) {
    it(`match the published vector of ${cid.length / 2} bytes`, () => {
      const body = encryptQuicLb(crypto.aesBlock(key), hex(serverId + nonce));
      assert.equal(asHex(body), cid.slice(2));
      assert.equal(asHex(decryptQuicLb(crypto.aesBlock(key), body)), serverId + nonce);
      const [serverIdSizeBytes, nonceSizeBytes] = [serverId.length / 2, nonce.length / 2];
      const codec = new QuicLbCodec(crypto, [{ rotation, serverIdSizeBytes, nonceSizeBytes, key }]);
      const made = codec.encode(rotation, hex(serverId), hex(nonce));
      assert.equal(asHex(made), cid);
      assert.equal(asHex(codec.decode(made)?.serverId ?? new Uint8Array(0)), serverId);
      assert.equal(codec.sizeAt(made, 0), made.length);
    });
  }

  it("match the worked example of the draft", () => {
    const aes = crypto.aesBlock(hex("fdf726a9893ec05c0632d3956680baf0"));
    assert.equal(asHex(encryptQuicLb(aes, hex("31441a9c69c275"))), "67947d29be054a");
  });

  it("match the published vector in the clear", () => {
    const configuration = { rotation: 0, serverIdSizeBytes: 3, nonceSizeBytes: 4 };
    const codec = new QuicLbCodec(crypto, [configuration]);
    assert.equal(asHex(codec.encode(0, hex("c4605e"), hex("4504cc4f"))), "07c4605e4504cc4f");
    assert.deepEqual(codec.decode(hex("07c4605e4504cc4f"))?.serverId, hex("c4605e"));
  });

  it("decrypt what they encrypt at every size", () => {
    const random = new SeededRandom(4);
    for (let size = 5; size <= 19; size++) {
      const plaintext = random.bytes(size);
      const aes = crypto.aesBlock(key);
      assert.deepEqual(decryptQuicLb(aes, encryptQuicLb(aes, plaintext)), plaintext, `${size}`);
    }
  });

  it("of several configurations live side by side", () => {
    const plain = { rotation: 0, serverIdSizeBytes: 1, nonceSizeBytes: 4 };
    const hidden = { rotation: 5, serverIdSizeBytes: 2, nonceSizeBytes: 6, key };
    const codec = new QuicLbCodec(crypto, [plain, hidden]);
    const random = new SeededRandom(8);
    const first = new QuicLbCids(codec, plain, { serverId: hex("2a") }).generate(random);
    const second = new QuicLbCids(codec, hidden, { serverId: hex("0102") }).generate(random);
    assert.deepEqual([first.length, second.length], [6, 9]);
    const routes = [codec.decode(first), codec.decode(second)];
    assert.deepEqual(
      routes.map((route) => [route?.rotation, asHex(route?.serverId ?? hex("")), route?.nonce.length]),
      [
        [0, "2a", 4],
        [5, "0102", 6],
      ],
    );
    assert.equal(codec.decode(second.subarray(0, 8)), undefined, "too short");
    assert.equal(codec.decode(hex("ff010203040506")), undefined, "not routable");
    assert.equal(codec.decode(hex("062a01020304")), undefined, "another size than the configuration's");
    assert.equal(codec.sizeAt(hex("20"), 0), -1);
  });

  it("never repeat a nonce, and end rather than begin again", () => {
    const configuration = { rotation: 6, serverIdSizeBytes: 1, nonceSizeBytes: 4, key };
    const cids = new QuicLbCids(new QuicLbCodec(crypto, [configuration]), configuration, { serverId: hex("07") });
    const random = new SeededRandom(1);
    const made = new Set(Array.from({ length: 2000 }, () => asHex(cids.generate(random))));
    assert.equal(made.size, 2000);
    const counter = new NonceCounter(hex("fe"));
    const values = Array.from({ length: 256 }, () => asHex(counter.next() ?? hex("")));
    assert.deepEqual([values.slice(0, 3), new Set(values).size], [["fe", "ff", "00"], 256]);
    assert.deepEqual([counter.next(), counter.isUsedUp], [undefined, true]);
  });

  it("of one of several threads leave out those of the others, also where the numbers begin again", () => {
    const counter = new NonceCounter(hex("fffffffe"), { index: 1, count: 200 });
    assert.deepEqual(
      [counter.next(), counter.next()].map((value) => asHex(value ?? hex(""))),
      ["ffffffa1", "00000001"],
    );
    const moved = (start: string, index: number): string => {
      const nonce = hex(start);
      moveToShare(nonce, { index, count: 200 });
      return asHex(nonce);
    };
    assert.deepEqual(
      [moved("fffffffe", 1), moved("aa00000000", 1), moved("ffffffff", 150)],
      ["ffffffa1", "aa00000001", "ffffff6e"],
    );
    assert.throws(() => moveToShare(hex("00000000"), { index: 200, count: 200 }), /number 200 of 200/);
  });

  for (const secret of [key, undefined]) {
    it(`of several threads of one server tell them apart and share no nonce${secret === undefined ? ", in the clear" : ""}`, () => {
      const configuration = { rotation: 0, serverIdSizeBytes: 1, nonceSizeBytes: 4, key: secret };
      const codec = new QuicLbCodec(crypto, [configuration]);
      const made = new Set<string>();
      for (const index of [0, 1, 2]) {
        const share = { index, count: 3 };
        // The same start: what would collide does.
        const random = new SeededRandom(9);
        const cids = new QuicLbCids(codec, configuration, { serverId: hex("07"), share });
        for (let count = 0; count < 100; count++) {
          const cid = cids.generate(random);
          const { nonce } = codec.decode(cid) ?? assert.fail("not read");
          assert.equal(nonceOwner(nonce, nonce.length, 3), index);
          made.add(asHex(cid));
        }
      }
      assert.equal(made.size, 300);
    });
  }

  it("belong to the thread that their last four bytes name, for any number of threads", () => {
    const random = new SeededRandom(12);
    for (let round = 0; round < 2000; round++) {
      const value = random.uint32();
      const nonce = new Uint8Array(6);
      new DataView(nonce.buffer).setUint32(2, value);
      const count = 1 + (random.uint32() % 256);
      assert.equal(nonceOwner(nonce, 6, count), value % count);
    }
  });

  it("go on with the nonces of a configuration that is used again", () => {
    const [one, two] = [1, 2].map((rotation) => ({ rotation, serverIdSizeBytes: 1, nonceSizeBytes: 4, key }));
    assert.ok(one !== undefined && two !== undefined);
    const cids = new QuicLbCids(new QuicLbCodec(crypto, [one, two]), one, { serverId: hex("07") });
    const random = new SeededRandom(3);
    const made = [cids.generate(random)];
    for (const configuration of [two, one, two, one]) {
      cids.rotateTo(configuration);
      // The same start again would give the same nonce again.
      made.push(cids.generate(new SeededRandom(3)));
    }
    assert.equal(new Set(made.map(asHex)).size, made.length);
  });

  it("in the clear do not count", () => {
    const configuration = { rotation: 0, serverIdSizeBytes: 1, nonceSizeBytes: 4 };
    const cids = new QuicLbCids(new QuicLbCodec(crypto, [configuration]), configuration, { serverId: hex("07") });
    const random = new SeededRandom(1);
    const heads = new Set(Array.from({ length: 50 }, () => asHex(cids.generate(random)).slice(4, 8)));
    assert.ok(heads.size > 40);
  });

  it("change their configuration while a server runs, and the old ones lead on until it is given up", () => {
    const old = { rotation: 1, serverIdSizeBytes: 1, nonceSizeBytes: 4, key };
    const fresh = {
      rotation: 2,
      serverIdSizeBytes: 2,
      nonceSizeBytes: 5,
      key: hex("000102030405060708090a0b0c0d0e0f"),
    };
    const codec = new QuicLbCodec(crypto, [old]);
    const cids = new QuicLbCids(codec, old, { serverId: hex("07") });
    const random = new SeededRandom(1);
    const before = cids.generate(random);
    codec.add(fresh);
    cids.rotateTo(fresh, { serverId: hex("0107") });
    const after = cids.generate(random);
    assert.deepEqual(codec.decode(before)?.serverId, hex("07"));
    assert.deepEqual([codec.decode(after)?.serverId, codec.sizeAt(after, 0)], [hex("0107"), 8]);
    codec.remove(old.rotation);
    assert.deepEqual([codec.decode(before), codec.sizeAt(before, 0)], [undefined, -1]);
    assert.throws(() => codec.add(fresh), /twice/);
    assert.throws(() => cids.rotateTo(fresh), /in use/);
  });

  it("refuse configurations that the layout cannot hold", () => {
    for (const wrong of [
      { rotation: 7, serverIdSizeBytes: 1, nonceSizeBytes: 4 },
      { rotation: 0, serverIdSizeBytes: 0, nonceSizeBytes: 4 },
      { rotation: 0, serverIdSizeBytes: 1, nonceSizeBytes: 3 },
      { rotation: 0, serverIdSizeBytes: 15, nonceSizeBytes: 5 },
      { rotation: 0, serverIdSizeBytes: 1, nonceSizeBytes: 4, key: hex("00") },
    ]) {
      assert.throws(() => new QuicLbCodec(crypto, [wrong]), /Cannot use/);
    }
  });
});

describe("node connection IDs", () => {
  it("start with the node, then the worker if there is one", () => {
    const random = new SeededRandom(2);
    const plain = new NodeCids({ nodeId: 42 });
    const cid = plain.generate(random);
    assert.deepEqual([cid.length, nodeOfCid(cid), plain.sizeAt(cid, 0)], [6, 42, 6]);
    const steered = new NodeCids({ nodeId: 7, worker: 3, sizeBytes: 8 }).generate(random);
    assert.deepEqual([steered.length, nodeOfCid(steered), workerOfNodeCid(steered)], [8, 7, 3]);
  });

  it("refuse numbers beyond a byte and sizes without room for chance", () => {
    assert.throws(() => new NodeCids({ nodeId: 256 }), /Cannot put 256/);
    assert.throws(() => new NodeCids({ nodeId: 1, sizeBytes: 4 }), /Cannot make IDs of 4 bytes/);
    assert.throws(() => new NodeCids({ nodeId: 1, worker: -1 }), /Cannot put -1/);
  });
});

describe("cidKey()", () => {
  it("differs for IDs that differ in bytes or size", () => {
    const keys = new Set<unknown>();
    const ids = ["", "00", "0000", "01", "0100", "ffffffffffff", "ffffffffffffff", "00000000000000", "fffffffffffe"];
    for (const id of ids) keys.add(cidKey(hex(id), 0, id.length / 2));
    assert.equal(keys.size, ids.length);
    assert.equal(cidKey(hex("aabbcc"), 1, 1), cidKey(hex("bb"), 0, 1));
  });
});
