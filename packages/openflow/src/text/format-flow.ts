// A flow on one line, as `ovs-ofctl dump-flows` prints it, and as `ovs-ofctl add-flows` reads it.
import { FLOW_FLAG, type Flow, type FlowStats, PRIORITY_DEFAULT } from "../flow/flow.ts";
import { formatActions } from "./format-action.ts";
import { formatMatch } from "./format-match.ts";
import { hex } from "./field-value.ts";

const FLAG_WORDS: readonly (readonly [bit: number, word: string])[] = [
  [FLOW_FLAG.sendFlowRemoved, "send_flow_rem"],
  [FLOW_FLAG.checkOverlap, "check_overlap"],
  [FLOW_FLAG.resetCounts, "reset_counts"],
  [FLOW_FLAG.noPacketCounts, "no_packet_counts"],
  [FLOW_FLAG.noByteCounts, "no_byte_counts"],
];

/** Flag words of ovs-ofctl with their bits. */
export const FLOW_FLAG_WORDS: ReadonlyMap<string, number> = new Map(FLAG_WORDS.map(([bit, word]) => [word, bit]));

/** Cookie, table, priority if not 32768, timeouts, match and actions; without counters. Table 0 is written too. */
export function formatFlow(flow: Flow): string {
  return [`cookie=${hex(flow.cookie)}, table=${flow.table}, `, formatRest(flow)].join("");
}

/** As `ovs-ofctl dump-flows --no-stats` prints it: no cookie 0, no table 0. */
export function formatFlowBrief(flow: Flow): string {
  const cookie = flow.cookie === 0n ? "" : `cookie=${hex(flow.cookie)}, `;
  return `${cookie}${flow.table === 0 ? "" : `table=${flow.table}, `}${formatRest(flow)}`;
}

/** With counters, as `ovs-ofctl dump-flows` prints it. */
export function formatFlowStats(flow: FlowStats): string {
  const duration = `duration=${(flow.durationMs / 1000).toFixed(3)}s`;
  const counters = `n_packets=${flow.packetCount}, n_bytes=${flow.byteCount}`;
  return `cookie=${hex(flow.cookie)}, ${duration}, table=${flow.table}, ${counters}, ${formatRest(flow)}`;
}

function formatRest(flow: Flow): string {
  let text = "";
  if (flow.idleTimeoutS !== undefined && flow.idleTimeoutS !== 0) text += `idle_timeout=${flow.idleTimeoutS}, `;
  if (flow.hardTimeoutS !== undefined && flow.hardTimeoutS !== 0) text += `hard_timeout=${flow.hardTimeoutS}, `;
  for (const [bit, word] of FLAG_WORDS) if (((flow.flags ?? 0) & bit) !== 0) text += `${word} `;
  if (flow.importance !== undefined && flow.importance !== 0) text += `importance=${flow.importance}, `;
  const parts = flow.priority === PRIORITY_DEFAULT ? [] : [`priority=${flow.priority}`];
  parts.push(...formatMatch(flow.match));
  if (parts.length > 0) text += `${parts.join(",")} `;
  return `${text}actions=${formatActions(flow.actions)}`;
}
