// How late timers of the main thread are while its packet thread is flooded.
import { LineProcess } from "./line-process.ts";
import { commandOf } from "./forwarding.ts";

/** Nobody listens there; datagrams to it are refused by the kernel. */
const DISCARD_PORT = "9";

/** The 99th percentile in milliseconds, and how many datagrams came in meanwhile. */
export interface Lateness {
  readonly p99Ms: number;
  readonly timers: number;
  readonly datagrams: number;
}

/** Floods our forwarder for `seconds` with datagrams of 64 bytes. */
export async function timerLateness(reference: string, seconds: number): Promise<Lateness> {
  const ours = { kind: "ours", runtime: [process.execPath], isSegmented: false } as const;
  const forwarder = new LineProcess(commandOf(reference, ours, Array<string>(4).fill(DISCARD_PORT)));
  try {
    const [port = ""] = (await forwarder.line()).split(" ");
    await forwarder.ask("start");
    const flood = new LineProcess([reference, "flood", port, "64", String(seconds)]);
    try {
      await flood.line();
    } finally {
      await flood.stop();
    }
    const { latenessMs, stats } = JSON.parse(await forwarder.ask("report")) as {
      latenessMs: number[];
      stats: { receivedDatagrams: number };
    };
    const sorted = latenessMs.sort((a, b) => a - b);
    const p99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
    return { p99Ms, timers: sorted.length, datagrams: stats.receivedDatagrams };
  } finally {
    await forwarder.stop();
  }
}
