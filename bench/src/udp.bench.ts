// The packet path: forwarding by our packet thread beside a C program, and the main thread's timers under a flood.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type BenchContext, interleave } from "./bench.ts";
import { compileC, temporaryFolder } from "./c-program.ts";
import { type BenchRow, toRow } from "./row.ts";
import { type Forwarder, ForwardingStage, type RoundTrip, type RunningForwarder } from "./udp/forwarding.ts";
import { timerLateness } from "./udp/timer-lateness.ts";

/** The benchmark. */
export const bench: Bench = { name: "udp", summary: "forwarding datagrams, and timers under a flood", run };

const SIZES = [64, 200] as const;
const AGAINST = "C, recvmmsg + sendmmsg";
/** Who takes what is forwarded: other programs, or nodes, which take joined datagrams as one (UDP_GRO). */
type Receivers = "programs" | "nodes";
/** The program itself: the one in `.bin` starts it as a child, whose CPU time and end would not be its own. */
const DENO = join(import.meta.dirname, "../../node_modules/deno/deno");
const TIMER_LATENESS_MS_MAX = 20;

interface Variant {
  readonly name: string;
  readonly forwarder: Extract<Forwarder, { kind: "ours" }>;
  readonly receivers: Receivers;
  /** Absent: shown only. */
  readonly gate?: number;
}

const BUN = { name: "Bun", command: [process.execPath] };
const DENO_RUN = { name: "Deno", command: [DENO, "run", "--allow-all", "--quiet"] };

const VARIANTS: readonly Variant[] = [
  variant(BUN, "programs", { isSegmented: false, gate: 0.9 }),
  variant(DENO_RUN, "programs", { isSegmented: false, gate: 0.8 }),
  // What a program gains whose sockets do not take joined datagrams: the kernel cuts them for it, at the sender's cost.
  variant(BUN, "programs", { isSegmented: true }),
  variant(BUN, "nodes", { isSegmented: true, gate: 1.25 }),
  variant(DENO_RUN, "nodes", { isSegmented: true, gate: 1.25 }),
];

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const reference = compileC(join(import.meta.dirname, "udp/reference.c"), await temporaryFolder(context));
  const rows: BenchRow[] = [];
  for (const sizeBytes of SIZES)
    for (const receivers of ["programs", "nodes"] as const)
      rows.push(...(await forwardingRows(context, reference, { sizeBytes, receivers })));
  rows.push(...(await roundTripRows(context, reference)));
  rows.push(await latenessRow(context, reference));
  return rows;
}

async function forwardingRows(
  context: BenchContext,
  reference: string,
  { sizeBytes, receivers }: { readonly sizeBytes: number; readonly receivers: Receivers },
): Promise<BenchRow[]> {
  const count = context.smoke ? 2000 : 60_000;
  const rounds = context.smoke ? 1 : 11;
  const generator = receivers === "nodes" ? "generate-to-nodes" : "generate";
  const stage = await ForwardingStage.start(reference, generator, sizeBytes);
  const rows: BenchRow[] = [];
  try {
    const c = await stage.addForwarder({ kind: "c" });
    await stage.cpuNs(c, count);
    for (const { name, forwarder, gate } of VARIANTS.filter((each) => each.receivers === receivers)) {
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
      const gated = gate === undefined ? {} : { gate };
      rows.push(toRow({ bench: "udp", row, unit: "ns", better: "lower", against: AGAINST, ...gated, rounds: pairs }));
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

function variant(
  { name, command }: { readonly name: string; readonly command: readonly string[] },
  receivers: Receivers,
  { isSegmented, gate }: { readonly isSegmented: boolean; readonly gate?: number },
): Variant {
  const suffix = isSegmented ? `, segments to ${receivers}` : "";
  const forwarder = { kind: "ours", runtime: command, isSegmented } as const;
  return { name: name + suffix, receivers, forwarder, ...(gate === undefined ? {} : { gate }) };
}
