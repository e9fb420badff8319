// What a record may hold, and the end of its numbers.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemCrypto as crypto } from "../io/mod.ts";
import { NO_PADDING, type PaddingPolicy } from "../record/inner-plaintext.ts";
import { parseRecordHeader } from "../record/record-header.ts";
import { type CipherSuite, CIPHER_SUITES, cipherSuiteByName } from "../suite/cipher-suite.ts";
import { CipherPool } from "./cipher-pool.ts";
import { RecordProtection } from "./record-protection.ts";

const ccm8 = cipherSuiteByName("PSK_WITH_AES_128_CCM_8") as CipherSuite;
const LARGEST = 1 << 14;

/** Both directions have the same keys, so that it opens what it seals. */
function makeProtection(options: { suite?: CipherSuite; cidSize?: number; padding?: PaddingPolicy } = {}) {
  const { suite = ccm8, cidSize = 2, padding = NO_PADDING } = options;
  const keys = { key: new Uint8Array(suite.keySizeBytes).fill(3), iv: new Uint8Array(4).fill(4) };
  const cid = new Uint8Array(cidSize).fill(5);
  const context = { crypto, pool: new CipherPool(1), padding };
  return new RecordProtection(context, { suite, write: keys, read: keys, ownCid: cid, peerCid: cid });
}

function open(protection: RecordProtection, record: Uint8Array) {
  const header = parseRecordHeader(record, 0, () => protection.ownCid.length);
  assert.ok(header !== undefined);
  return protection.open(record, header);
}

describe("a record", () => {
  for (const cidSize of [0, 2]) {
    it(`holds 2^14 bytes and no more, with an ID of ${cidSize} bytes`, () => {
      for (const [size, isTaken] of [
        [0, true],
        [LARGEST, true],
        [LARGEST + 1, false],
        [LARGEST + 200, false],
      ] as const) {
        const protection = makeProtection({ cidSize });
        const outcome = open(protection, protection.seal(23, new Uint8Array(size).fill(7)));
        if (isTaken) assert.equal(outcome.ok && outcome.content.length, size);
        else assert.deepEqual(outcome, { ok: false, cause: "bad-record" });
      }
    });
  }

  it("comes with an ID if one was asked for, and only then (RFC 9146 §3)", () => {
    for (const [sent, wanted] of [
      [0, 2],
      [2, 0],
    ] as const) {
      const record = makeProtection({ cidSize: sent }).seal(23, new Uint8Array(40));
      const header = parseRecordHeader(record, 0, () => sent);
      assert.ok(header !== undefined);
      assert.deepEqual(makeProtection({ cidSize: wanted }).open(record, header), { ok: false, cause: "cid-missing" });
    }
  });

  it("is padded as the policy says, in every suite, and gives its content back", () => {
    for (const suite of CIPHER_SUITES) {
      for (const [padding, sizes] of [
        [{ kind: "blocks", blockSizeBytes: 16 }, [16, 16, 32]],
        [{ kind: "minimum", sizeBytes: 40 }, [40, 40, 40]],
        [NO_PADDING, [1, 16, 17]],
      ] as const) {
        const protection = makeProtection({ suite, padding });
        for (const [index, contentSize] of [0, 15, 16].entries()) {
          const record = protection.seal(23, new Uint8Array(contentSize).fill(9));
          assert.equal(record.length, protection.sealedSize(contentSize));
          assert.equal(record.length - 13 - 2 - 8 - suite.tagSizeBytes, sizes[index]);
          const outcome = open(protection, record);
          assert.ok(outcome.ok && outcome.type === 23);
          assert.deepEqual(outcome.content, new Uint8Array(contentSize).fill(9));
        }
      }
    }
  });

  it("has a nonce of its own: the last number is used once, and then none", () => {
    const protection = makeProtection();
    protection.writeSequence = 2 ** 48 - 2;
    const explicitNonceOf = (record: Uint8Array): string => Buffer.from(record.subarray(15, 23)).toString("hex");
    const nonces = [1, 2].map(() => explicitNonceOf(protection.seal(23, new Uint8Array(1))));
    assert.deepEqual(nonces, ["0001fffffffffffe", "0001ffffffffffff"]);
    assert.throws(() => protection.seal(23, new Uint8Array(1)), /every sequence number has been used/);
    assert.equal(protection.isExhausted, true);
  });
});
