// Hello extensions at their bounds.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ByteReader, ByteWriter } from "@coracle/base";
import { encodeExtensions, type Extension, parseExtensions } from "./extension.ts";

const EXTENSIONS_MAX = 64;

function reparsed(extensions: readonly Extension[]): readonly Extension[] | undefined {
  const writer = new ByteWriter();
  encodeExtensions(writer, extensions);
  return parseExtensions(new ByteReader(writer.finish()));
}

const some = (count: number): Extension[] =>
  Array.from({ length: count }, (_, type) => ({ type, data: Uint8Array.of(type) }));

describe("the extensions of a hello", () => {
  it("are as many as there may be, and no more", () => {
    for (const count of [0, 1, EXTENSIONS_MAX]) assert.deepEqual(reparsed(some(count)), some(count));
    assert.equal(reparsed(some(EXTENSIONS_MAX + 1)), undefined);
  });

  it("name each type once (RFC 5246 §7.4.1.4)", () => {
    assert.equal(reparsed([...some(3), { type: 1, data: new Uint8Array(0) }]), undefined);
  });
});
