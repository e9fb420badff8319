// Our forwarder as a process. Arguments: `segments` or `batches`, and the ports of the sinks. Prints its port and path; each line
// on its input is answered by the lateness of this thread's timers since the one before.
import { argv, describeUdpPath, openPacketThreads, startInterval, systemClock, type Timer } from "@coracle/runtime";

const TIMER_MS = 10;

const [kind = "", ...ports] = argv();
const threads = await openPacketThreads({
  worker: new URL("./forward-worker.ts", import.meta.url),
  sockets: [{ host: "127.0.0.1", port: 0, segment: kind === "segments" }],
  threads: 1,
  data: { ports: ports.map(Number) },
});
process.stdout.write(`${threads.sockets[0]?.local.port} ${describeUdpPath(threads.path)}\n`);

// The first line starts the timer: it takes CPU time that forwarding does not need.
let latenessMs: number[] = [];
let timer: Timer | undefined;
process.stdin.on("data", () => {
  process.stdout.write(`${JSON.stringify({ latenessMs, stats: threads.sockets[0]?.stats() })}\n`);
  latenessMs = [];
  let lastMs: number = systemClock.now();
  timer ??= startInterval(TIMER_MS, () => {
    const nowMs = systemClock.now();
    latenessMs.push(Math.max(0, nowMs - lastMs - TIMER_MS));
    lastMs = nowMs;
  });
});
