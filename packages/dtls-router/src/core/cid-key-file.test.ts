// The file of connection ID keys: what is accepted, what is refused in which words, and that the words show no key.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCidKeyFile, replacementProblem } from "./cid-key-file.ts";
import type { QuicLbKeys } from "./quic-lb-layout.ts";

const KEY = "8f95f09245765f80256934e50c66207f";
const OTHER = "00112233445566778899aabbccddeeff";
const file = (active: unknown, configurations: unknown): string => JSON.stringify({ active, configurations });

function keys(text: string): QuicLbKeys {
  const parsed = parseCidKeyFile(text);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.error.message);
  return parsed.value;
}

describe("a file of connection ID keys", () => {
  it("has configurations by their number, and one that makes new IDs", () => {
    const { active, configurations } = keys(
      file(6, [
        { id: 0, key: KEY },
        { id: 6, key: OTHER.toUpperCase() },
      ]),
    );
    assert.equal(active, 6);
    assert.deepEqual(
      configurations.map(({ id, key }) => [id, Buffer.from(key ?? []).toString("hex")]),
      [
        [0, KEY],
        [6, OTHER],
      ],
    );
  });

  const eight = Array.from({ length: 8 }, (_, id) => ({ id, key: `${id}`.repeat(32) }));
  const refused: readonly (readonly [text: string, reason: RegExp])[] = [
    ["", /not a JSON object/],
    ["[]", /not a JSON object/],
    [`{"active": 1, "configurations": [{"id": 1, "key": "${KEY}"`, /not a JSON object/],
    [`{"active": 1, "configurations": [{"id": 1, "key": "${KEY}"}], "note": 1}`, /means nothing: note/],
    [`{"active": 1, "configurations": [{"id": 1, "key": "${KEY}"}], "${OTHER}": 1}`, /means nothing: its name/],
    [file(1, undefined), /no list of configurations/],
    [file(1, []), /no list of configurations/],
    [file(1, eight), /8 configurations, 7 are possible/],
    [file(1, [7]), /configuration 1 of the list is not an object/],
    [file(1, [{ id: 7, key: KEY }]), /id of configuration 1 of the list is not a whole number from 0 to 6/],
    [file(1, [{ id: -1, key: KEY }]), /not a whole number/],
    [file(1, [{ id: 1.5, key: KEY }]), /not a whole number/],
    [file(1, [{ id: "1", key: KEY }]), /not a whole number/],
    [file(1, [{ id: 1 }]), /key of configuration 1 is not 32 hexadecimal digits/],
    [file(1, [{ id: 1, key: KEY.slice(2) }]), /key of configuration 1 is not 32/],
    [file(1, [{ id: 1, key: `${KEY}00` }]), /key of configuration 1 is not 32/],
    [file(1, [{ id: 1, key: `${KEY.slice(1)}g` }]), /key of configuration 1 is not 32/],
    [file(1, [{ id: 1, key: KEY, nonce: 4 }]), /configuration 1 of the list has a field that means nothing: nonce/],
    [
      file(1, [
        { id: 1, key: KEY },
        { id: 1, key: OTHER },
      ]),
      /configuration 1 is there twice/,
    ],
    [
      file(1, [
        { id: 1, key: KEY },
        { id: 2, key: KEY },
      ]),
      /configurations 1 and 2 have the same key/,
    ],
    [file(2, [{ id: 1, key: KEY }]), /active is 2, and there is no such configuration/],
    [file(undefined, [{ id: 1, key: KEY }]), /active is not the number/],
  ];
  for (const [text, reason] of refused) {
    it(`is refused as ${reason.source}: ${text.slice(0, 40)}`, () => {
      const parsed = parseCidKeyFile(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.error.message, reason);
      for (const key of [KEY, OTHER]) {
        assert.ok(!parsed.error.message.toLowerCase().includes(key.slice(0, 6)), parsed.error.message);
      }
    });
  }

  it("must not give a number another key; it may leave it out and use it again later", () => {
    const one = keys(file(1, [{ id: 1, key: KEY }]));
    const two = keys(file(2, [{ id: 2, key: OTHER }]));
    const again = keys(file(1, [{ id: 1, key: OTHER }]));
    assert.equal(replacementProblem(one, one), undefined);
    assert.equal(replacementProblem(one, two), undefined);
    assert.equal(replacementProblem(two, again), undefined);
    assert.match(replacementProblem(one, again)?.message ?? "", /configuration 1 has another key than before/);
  });
});
