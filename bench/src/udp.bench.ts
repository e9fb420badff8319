// The packet path: forwarding by our packet thread beside a C program, and the main thread's timers under a flood.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type BenchContext, CannotRun, interleave } from "./bench.ts";
import { type BenchRow, toRow } from "./row.ts";
import { type Forwarder, ForwardingStage, type RoundTrip, type RunningForwarder } from "./udp/forwarding.ts";
import { needSchedulerAccount } from "./udp/line-process.ts";
import { timerLateness } from "./udp/timer-lateness.ts";

/** The benchmark. */
export const bench: Bench = { name: "udp", summary: "forwarding datagrams, and timers under a flood", run };

const SIZES = [64, 200] as const;
const AGAINST = "C, recvmmsg + sendmmsg";
/** The program itself: the one in `.bin` starts it as a child, whose CPU time and end would not be its own. */
const DENO = join(import.meta.dirname, "../../node_modules/deno/deno");
const TIMER_LATENESS_MS_MAX = 20;

interface Variant {
  readonly name: string;
  readonly forwarder: Extract<Forwarder, { kind: "ours" }>;
  readonly gate: number;
}

const VARIANTS: readonly Variant[] = [
  variant("Bun", [process.execPath], { isSegmented: false, gate: 0.9 }),
  variant("Bun, segments", [process.execPath], { isSegmented: true, gate: 1.25 }),
  variant("Deno", [DENO, "run", "--allow-all", "--quiet"], { isSegmented: false, gate: 0.8 }),
  variant("Deno, segments", [DENO, "run", "--allow-all", "--quiet"], { isSegmented: true, gate: 0.8 }),
];

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  needSchedulerAccount();
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-udp-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const reference = compileReference(folder);
  const rows: BenchRow[] = [];
  for (const sizeBytes of SIZES) rows.push(...(await forwardingRows(context, reference, sizeBytes)));
  rows.push(...(await roundTripRows(context, reference)));
  rows.push(await latenessRow(context, reference));
  return rows;
}

async function forwardingRows(context: BenchContext, reference: string, sizeBytes: number): Promise<BenchRow[]> {
  const count = context.smoke ? 2000 : 60_000;
  const rounds = context.smoke ? 1 : 11;
  const stage = await ForwardingStage.start(reference, "generate", sizeBytes);
  const rows: BenchRow[] = [];
  try {
    const c = await stage.addForwarder({ kind: "c" });
    await stage.cpuNs(c, count);
    for (const { name, forwarder, gate } of VARIANTS) {
      if (forwarder.runtime[0] === DENO && !existsSync(DENO)) {
        context.progress(`${name}: not measured, as ${DENO} is not there; run "deno --version" of the workspace once`);
        continue;
      }
      const ours = await stage.addForwarder(forwarder);
      context.progress(`${sizeBytes} bytes, ${name}: ${ours.path}`);
      // Until the compiler of the runtime has done its work.
      await stage.cpuNs(ours, count * 4);
      const pairs = await interleave(
        rounds,
        () => stage.cpuNs(ours, count),
        () => stage.cpuNs(c, count),
      );
      const row = `CPU per datagram of ${sizeBytes} bytes, ${name}`;
      rows.push(toRow({ bench: "udp", row, unit: "ns", better: "lower", against: AGAINST, gate, rounds: pairs }));
    }
    return rows;
  } finally {
    await stage.stop();
  }
}

async function roundTripRows(context: BenchContext, reference: string): Promise<BenchRow[]> {
  const count = context.smoke ? 200 : 5000;
  const rounds = context.smoke ? 1 : 5;
  context.progress(`${count} round trips of 64 bytes, one at a time`);
  const stage = await ForwardingStage.start(reference, "ping", 64);
  try {
    const c = await stage.addForwarder({ kind: "c" });
    const ours = await stage.addForwarder({ kind: "ours", runtime: [process.execPath], isSegmented: false });
    await stage.roundTrip(ours, count);
    const taken: { readonly ours: RoundTrip; readonly c: RoundTrip }[] = [];
    for (let round = 0; round < rounds; round++) {
      const direct = await stage.roundTrip(undefined, count);
      const added = async (forwarder: RunningForwarder): Promise<RoundTrip> => {
        const through = await stage.roundTrip(forwarder, count);
        return { p50: through.p50 - direct.p50, p99: through.p99 - direct.p99 };
      };
      taken.push({ ours: await added(ours), c: await added(c) });
    }
    return (["p50", "p99"] as const).map((percentile) =>
      toRow({
        bench: "udp",
        row: `time added to a round trip, ${percentile}`,
        unit: "µs",
        better: "lower",
        against: AGAINST,
        rounds: taken.map((figures) => [figures.ours[percentile], figures.c[percentile]] as const),
      }),
    );
  } finally {
    await stage.stop();
  }
}

async function latenessRow(context: BenchContext, reference: string): Promise<BenchRow> {
  const seconds = context.smoke ? 0.3 : 3;
  context.progress(`main thread's timers under a flood of ${seconds} s`);
  const { p99Ms, timers, datagrams } = await timerLateness(reference, seconds);
  context.progress(`${timers} timers of 10 ms while ${datagrams} datagrams were received`);
  return toRow({
    bench: "udp",
    row: "lateness of the main thread's timers under a flood, p99",
    unit: "ms",
    better: "lower",
    against: "limit",
    gate: 1,
    rounds: [[p99Ms, TIMER_LATENESS_MS_MAX]],
  });
}

function variant(name: string, runtime: readonly string[], rest: { isSegmented: boolean; gate: number }): Variant {
  const { isSegmented, gate } = rest;
  return { name, gate, forwarder: { kind: "ours", runtime, isSegmented } };
}

function compileReference(folder: string): string {
  const program = join(folder, "reference");
  const source = join(import.meta.dirname, "udp/reference.c");
  const run = spawnSync("gcc", ["-O2", "-o", program, source], { encoding: "utf8" });
  if (run.error !== undefined) throw new CannotRun("its reference is written in C", "Install gcc.");
  if (run.status !== 0) throw new Error(`Cannot compile the reference: ${run.stderr}`);
  return program;
}
