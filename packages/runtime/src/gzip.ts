// gzip (RFC 1952) as streams: decoding gives out what a flush made decodable at once, without waiting for more.
import { promisify } from "node:util";
import type { Gunzip } from "node:zlib";
import { zlibModule } from "./late-modules.ts";

/** Compresses all of `data`; on a worker thread. */
export async function gzip(data: Uint8Array | string): Promise<Uint8Array> {
  return await promisify(zlibModule().gzip)(data);
}

/** Decompresses all of `data`; on a worker thread. More than `sizeBytesMax` (default 64 MiB) throws. */
export async function gunzip(data: Uint8Array, sizeBytesMax: number = 64 * 1024 * 1024): Promise<Uint8Array> {
  return await promisify((bytes: Uint8Array, done: (error: Error | null, result: Uint8Array) => void) =>
    zlibModule().gunzip(bytes, { maxOutputLength: sizeBytesMax }, done),
  )(data);
}

/** Decompresses a stream as it comes. Pull-based: not reading stops the source within about 64 KiB. */
export async function* gunzipStream(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const decoder = zlibModule().createGunzip();
  const feeding = feed(source, decoder);
  // A source that fails while the reader is elsewhere is told to the reader when it comes back, not to the process.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of decoder as AsyncIterable<Uint8Array>) yield chunk;
    await feeding;
  } finally {
    // A reader that leaves early does not wait for a source that may never speak again.
    decoder.destroy();
  }
}

async function feed(source: AsyncIterable<Uint8Array>, decoder: Gunzip): Promise<void> {
  try {
    for await (const chunk of source) {
      if (decoder.destroyed) return;
      if (!decoder.write(chunk)) await drained(decoder);
    }
    decoder.end();
  } catch (thrown) {
    decoder.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    throw thrown;
  }
}

function drained(decoder: Gunzip): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      decoder.off("drain", done);
      decoder.off("close", done);
      resolve();
    };
    decoder.on("drain", done);
    decoder.on("close", done);
  });
}
