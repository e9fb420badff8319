// Installing flows in a real Open vSwitch from attachment objects, beside its own tool and beside bytes encoded before.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OvsFabric } from "@coracle/ovs-agent/fabric";
import { type Flow, parseFlow } from "@coracle/openflow";
import type { PrivateOvs } from "@coracle/ovsdb/testing";
import { type Bench, type BenchContext, interleave } from "./bench.ts";
import { BRIDGE, emptyBridge, guestIpv4, startSwitch, withFabric } from "./flows/bench-switch.ts";
import { encodeConversation, pipeRaw } from "./flows/raw-pipe.ts";
import { type BenchRow, median, toRow } from "./row.ts";

/** The benchmark. */
export const bench: Bench = {
  name: "flows",
  summary: "flows a second into Open vSwitch, and one attachment at a time",
  run,
};

const VNI = 1001;
const HOSTS = 100;
const FIRST_HOST_IP = 0xc612_0001; // 198.18.0.1
const LONE_MS_MAX = 0.3;
const FLOWS_AN_ATTACHMENT = 2;

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const attachments = context.smoke ? 500 : 50_000;
  const rounds = context.smoke ? 1 : 5;
  // The two differ by less than a round does from the next.
  const rawRounds = rounds * 3;
  const ovs = await startSwitch(context);
  context.progress(`${attachments * FLOWS_AN_ATTACHMENT} flows as text and as bytes`);
  const texts = await flowTexts(ovs, attachments);
  const folder = mkdtempSync(join(tmpdir(), "coracle-bench-flows-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "flows.txt");
  writeFileSync(file, `${texts.join("\n")}\n`);
  const conversation = encodeConversation(texts.map(flowOf));
  const ours = (): Promise<number> => rate(ovs, texts.length, () => installOurs(ovs, attachments));
  const tool = (): Promise<number> => rate(ovs, texts.length, () => installByTool(ovs, file));
  const raw = (): Promise<number> =>
    rate(ovs, texts.length, () => timed(() => pipeRaw(ovs.managementSocket(BRIDGE), conversation)));
  const base = {
    bench: "flows",
    row: `${texts.length.toLocaleString("en")} flows`,
    unit: "flows/s",
    better: "higher",
  } as const;
  context.progress(`${rounds} rounds beside ovs-ofctl --bundle`);
  const besideTool = await interleave(rounds, ours, tool);
  context.progress(`${rawRounds} rounds beside a raw pipe`);
  const besideRaw = await interleave(rawRounds, ours, raw);
  return [
    toRow({ ...base, against: "ovs-ofctl --bundle add-flows", gate: 1.5, rounds: besideTool }),
    toRow({ ...base, against: "bytes encoded before", gate: 0.85, rounds: besideRaw }),
    ...(await loneRows(context, ovs)),
  ];
}

/** One attachment after the other, each commit awaited. */
async function loneRows(context: BenchContext, ovs: PrivateOvs): Promise<BenchRow[]> {
  const count = context.smoke ? 20 : 2000;
  const processes = context.smoke ? 2 : 30;
  context.progress("one attachment at a time");
  await emptyBridge(ovs);
  const oursMs = await withFabric(ovs, async (fabric) => {
    const times: number[] = [];
    for (let index = 0; index < count; index++) times.push(await timed(() => desireRemotes(fabric, index, 1)));
    return median(times);
  });
  const [first = "", second = ""] = (await flowTexts(ovs, 1)).slice(-FLOWS_AN_ATTACHMENT);
  const byProcess: number[] = [];
  for (let index = 0; index < processes; index++) {
    byProcess.push(await timed(async () => addByTool(ovs, ["-"], `${first}\n${second}\n`)));
  }
  const base = { bench: "flows", row: "one attachment, commit awaited", unit: "ms", better: "lower" } as const;
  return [
    toRow({ ...base, against: "limit", gate: 1, rounds: [[oursMs, LONE_MS_MAX]] }),
    toRow({ ...base, against: "a process each", gate: 100, rounds: [[oursMs, median(byProcess)]] }),
  ];
}

/** The flows that the fabric makes of `attachments` remote ones, in the tool's text form. */
async function flowTexts(ovs: PrivateOvs, attachments: number): Promise<string[]> {
  return withFabric(ovs, async (fabric) => {
    const before = new Set(fabric.flows());
    await desireRemotes(fabric, 0, attachments);
    return [...fabric.flows()].filter((text) => !before.has(text));
  });
}

function flowOf(text: string): Flow {
  const parsed = parseFlow(text);
  if (!parsed.ok) throw new Error(`Cannot read flow "${text}": ${parsed.error.message}`);
  return parsed.value;
}

/** Flows a second of one installation on a bridge without any; checks that all are there. */
async function rate(ovs: PrivateOvs, flows: number, install: () => Promise<number>): Promise<number> {
  await emptyBridge(ovs);
  Bun.gc(true);
  const tookMs = await install();
  const counted = ovs.ofctl(["-O", "OpenFlow14", "dump-aggregate", `unix:${ovs.managementSocket(BRIDGE)}`]).stdout;
  const installed = Number(/flow_count=(\d+)/.exec(counted)?.[1]);
  if (!(installed >= flows)) throw new Error(`Cannot compare: ${installed} of ${flows} flows are installed`);
  return flows / (tookMs / 1000);
}

async function installOurs(ovs: PrivateOvs, attachments: number): Promise<number> {
  return withFabric(ovs, (fabric) => timed(() => desireRemotes(fabric, 0, attachments)));
}

function installByTool(ovs: PrivateOvs, file: string): Promise<number> {
  return timed(async () => addByTool(ovs, [file]));
}

function addByTool(ovs: PrivateOvs, source: readonly string[], stdin?: string): void {
  const target = `unix:${ovs.managementSocket(BRIDGE)}`;
  const result = ovs.ofctl(["-O", "OpenFlow14", "--bundle", "add-flows", target, ...source], stdin);
  if (result.status !== 0) throw new Error(`Cannot add flows by ovs-ofctl: ${result.stderr.slice(0, 400)}`);
}

async function desireRemotes(fabric: OvsFabric, first: number, count: number): Promise<void> {
  for (let index = first; index < first + count; index++) {
    const hostIp = FIRST_HOST_IP + (index % HOSTS);
    fabric.desire({ kind: "remote", owner: `bench/na-${index}`, vni: VNI, ipv4: guestIpv4(index), hostIp });
  }
  await fabric.settled();
  const { failing, reason } = fabric.state();
  if (failing > 0) throw new Error(`Cannot install flows: ${failing} owners fail, ${reason ?? "no reason given"}`);
}

async function timed(action: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await action();
  return performance.now() - startedMs;
}
