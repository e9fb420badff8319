// gzip as the wire has it: decoded as it comes, flush by flush, and bounded.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { constants, createGzip } from "node:zlib";
import { gunzip, gunzipStream, gzip } from "./gzip.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

async function* chunksOf(bytes: Uint8Array, sizeBytes: number): AsyncIterable<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += sizeBytes) yield bytes.subarray(offset, offset + sizeBytes);
}

describe("gzip", () => {
  it("gives back what was compressed, whole or byte by byte", async () => {
    const plain = "greetings ".repeat(1000);
    const packed = await gzip(plain);
    assert.ok(packed.length < plain.length / 10);
    assert.equal(text(await gunzip(packed)), plain);
    let streamed = "";
    for await (const chunk of gunzipStream(chunksOf(packed, 1))) streamed += text(chunk);
    assert.equal(streamed, plain);
  });

  it("gives out an event as soon as its flush is there, while the stream stays open", async () => {
    const packer = createGzip({ flush: constants.Z_SYNC_FLUSH });
    const events = gunzipStream(packer as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    for (const event of ['{"type":"ADDED"}\n', '{"type":"BOOKMARK"}\n']) {
      packer.write(event);
      const { value } = await events.next();
      assert.equal(text(value as Uint8Array), event);
    }
    packer.end();
    assert.equal((await events.next()).done, true);
  });

  it("refuses what is not gzip, what is cut, and what unpacks to more than allowed", async () => {
    const packed = await gzip("x".repeat(100_000));
    const drain = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const chunk of gunzipStream(source)) assert.ok(chunk.length > 0);
    };
    await assert.rejects(drain(chunksOf(new TextEncoder().encode("not gzip at all"), 4)));
    await assert.rejects(drain(chunksOf(packed.subarray(0, packed.length - 10), 16)));
    await assert.rejects(gunzip(packed, 99_999));
    assert.equal((await gunzip(packed, 100_000)).length, 100_000);
  });

  it("passes on the source's failure", async () => {
    const failing = async function* (): AsyncIterable<Uint8Array> {
      yield (await gzip("x".repeat(1000))).subarray(0, 12);
      throw new RangeError("source broke");
    };
    await assert.rejects(async () => {
      for await (const chunk of gunzipStream(failing())) assert.ok(chunk.length > 0);
    }, /source broke/);
  });
});
