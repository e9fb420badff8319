// Timing a decoder of watch events: the same loop for ours and for the reference.
import { Bench } from "tinybench";

/** Chunks as an HTTP/2 connection with frames of 16 KiB, read in bursts, hands them on. */
export const CHUNK_BYTES: number = 32 * 1024;

/** Events a second, the median of at least `runs` runs of `decode` over a recording of `events` events, after warming up. */
export async function eventsPerSecond(events: number, runs: number, decode: () => Promise<number>): Promise<number> {
  const seen = await decode();
  if (seen !== events) throw new Error(`Cannot time a decoder that finds ${seen} of ${events} events`);
  const bench = new Bench({ iterations: runs, time: 0, warmupIterations: 3, warmupTime: 0, throws: true });
  bench.add("decode", async () => {
    await decode();
  });
  const [task] = await bench.run();
  const result = task?.result;
  if (result === undefined || !("latency" in result)) throw new Error("Cannot time a decoder: it was not run");
  return (events * 1000) / result.latency.p50;
}

/** The recording in chunks. */
export function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  return chunks;
}
