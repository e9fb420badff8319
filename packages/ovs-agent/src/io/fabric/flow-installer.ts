// Fills a switch with a whole desired table: by comparison where it has flows, in one atomic bundle where it has none.
import { flowChangeSource } from "@coracle/openflow";
import { type OpenflowCommands, OpenflowRequestError } from "@coracle/openflow/io";
import { collectGarbage } from "@coracle/runtime";
import { cookieShards, type CookieShard, shardCookie } from "../../core/desired/cookie-shard.ts";
import type { DesiredTable } from "../../core/desired/desired-table.ts";
import type { Entry } from "../../core/desired/entry.ts";
import { expectedFlows } from "../../core/desired/expected-flows.ts";
import { FlowBatch, type FlowMessage, type FlowOp } from "../../core/desired/flow-batch.ts";
import { compareFlows } from "../../core/desired/flow-comparison.ts";
import { bridgeFlows } from "../../core/pipeline/bridge-flows.ts";
import { hostFlow } from "../../core/pipeline/remote-flows.ts";
import type { BridgePorts } from "../../core/pipeline/interface-flows.ts";

/** What filling did. */
export interface Filling {
  readonly kind: "compared" | "replayed";
  readonly bundles: number;
  readonly bundlesFailed: number;
  readonly flowMods: number;
  readonly foreignFlowsRemoved: number;
}

/** Attempts to fill with a whole bundle, each without those that the switch refused before. */
const ATTEMPTS_MAX = 8;

/**
 * Makes the switch hold exactly the table's flows. The table is held, and let go by the caller. Owners whose flows are
 * refused have been told so. Rejects with `OpenflowRequestError` when the connection does not do it.
 */
export async function fillSwitch(
  commands: OpenflowCommands,
  table: DesiredTable,
  ports: BridgePorts,
): Promise<Filling> {
  const { flowCount } = await commands.aggregate();
  table.assume();
  if (flowCount === 0) return replay(commands, table, { ...ports, round: ports.round + 1 });
  const total = { kind: "compared" as const, bundles: 0, bundlesFailed: 0, flowMods: 0, foreignFlowsRemoved: 0 };
  for (const shard of cookieShards(Math.max(flowCount, table.counts.flows))) {
    for (let attempt = 1; !(await compareShard(commands, table, { ports, shard, total })); attempt++) {
      if (attempt >= ATTEMPTS_MAX) break;
    }
    // A part's flows are tens of megabytes, and the next part's come before the runtime would look.
    if (shard.count > 1) collectGarbage();
  }
  return total;
}

async function compareShard(
  commands: OpenflowCommands,
  table: DesiredTable,
  work: {
    readonly ports: BridgePorts;
    readonly shard: CookieShard;
    readonly total: { bundles: number; bundlesFailed: number; flowMods: number; foreignFlowsRemoved: number };
  },
): Promise<boolean> {
  const { ports, shard, total } = work;
  const installed = await commands.dumpFlows({ match: [], cookie: shardCookie(shard) });
  const { adds, stale, foreignCount } = compareFlows(installed, expectedFlows(table, ports, shard));
  const deletes = stale.map(({ table: id, priority, match }) => ({ table: id, priority, match }));
  const flowMods = deletes.length + adds.length;
  if (flowMods === 0) return true;
  try {
    await commands.bundle(flowChangeSource({ deletes, adds: adds.map(({ flow }) => flow) }));
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    if (refusal === undefined) throw thrown;
    total.bundlesFailed++;
    const blamed = refusal.indexes.flatMap((index) => adds[index - deletes.length]?.owner ?? []);
    const owners = blamed.length > 0 ? blamed : adds.flatMap(({ owner }) => owner ?? []);
    if (owners.length === 0) throw thrown;
    for (const owner of new Set<Entry>(owners)) table.assumedWrong(owner, refusal.message);
    return false;
  }
  total.bundles++;
  total.flowMods += flowMods;
  total.foreignFlowsRemoved += foreignCount;
  return true;
}

async function replay(commands: OpenflowCommands, table: DesiredTable, ports: BridgePorts): Promise<Filling> {
  for (let attempt = 1; ; attempt++) {
    const batch = wholeTable(table, ports);
    try {
      await commands.bundle(batch);
      const flowMods = batch.count;
      return { kind: "replayed", bundles: 1, bundlesFailed: attempt - 1, flowMods, foreignFlowsRemoved: 0 };
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (refusal === undefined) throw thrown;
      const blamed = refusal.indexes.flatMap((index) => batch.opAt(index) ?? []);
      // Without anyone to blame all go one by one, as bundles of changes do.
      const isHopeless = blamed.length === 0 || attempt >= ATTEMPTS_MAX;
      if (isHopeless && batch.ops.length === 0) throw thrown;
      for (const { entry } of isHopeless ? batch.ops : blamed) table.assumedWrong(entry, refusal.message);
    }
  }
}

/** Everything deleted and everything added, in one bundle: no packet sees a half-filled table. */
function wholeTable(table: DesiredTable, ports: BridgePorts): FlowBatch {
  const lead: FlowMessage[] = [{ kind: "delete", selector: { match: [] } }];
  for (const flow of bridgeFlows(ports.round)) lead.push({ kind: "add", flow });
  for (const host of table.hosts()) lead.push({ kind: "add", flow: hostFlow(host, ports.tunnelPort, ports.round) });
  const ops: FlowOp[] = [];
  for (const entry of table.entries()) {
    if (entry.flows === undefined) continue;
    ops.push({ entry, before: undefined, beforePort: 0, after: entry.flows, afterPort: entry.flowsPort });
  }
  return new FlowBatch(lead, ops, ports);
}

/** The messages that a switch refused; `undefined` if something else went wrong. */
export function refusalOf(
  thrown: unknown,
): { readonly message: string; readonly indexes: readonly number[]; readonly isPartial: boolean } | undefined {
  if (!(thrown instanceof OpenflowRequestError)) return undefined;
  if (thrown.code !== "REFUSED" && thrown.code !== "TOO_LARGE") return undefined;
  const { failures = [], isPartial = false } = thrown.cause;
  return { message: thrown.message, indexes: failures.map(({ index }) => index), isPartial };
}
