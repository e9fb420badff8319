// The part of the table of `coracle up` that shows the DTLS cluster: each router's work, and how the devices fare.
import type { ClusterView, RouterRow } from "./cluster-model.ts";

/** A line for each router, and one for the devices. */
export function formatCluster(view: ClusterView): string[] {
  const cells = view.routers.map(cellsOf);
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2)).join("")}`.trimEnd(),
  );
  return [...lines, devicesLine(view)];
}

/** All of it in one line, for a small terminal. */
export function formatClusterBriefly(view: ClusterView): string[] {
  return [devicesLine(view)];
}

function cellsOf({
  router,
  liveness,
  served,
  forwarded,
  backwarded,
  handshakes,
  sessions,
  isTelling,
}: RouterRow): readonly string[] {
  return [
    `router ${router}`,
    liveness,
    `served ${numberText(served)}`,
    `forwarded ${numberText(forwarded)}`,
    `backwarded ${numberText(backwarded)}`,
    `handshakes ${numberText(handshakes)}`,
    `sessions ${numberText(sessions)}`,
    // Counters that stand still would look like a router that loses nothing. Before it lives it has none.
    ...(isTelling || liveness === "unknown" ? [] : ["tells no numbers"]),
  ];
}

function devicesLine(view: ClusterView): string {
  const { connected, devices, requestsPerSecond, latencyMs, answered, sinceAddressChangeMs } = view;
  const parts = [
    `devices  ${connected} of ${devices} up`,
    `${requestsPerSecond.toFixed(0)} requests/s`,
    ...(latencyMs === undefined ? [] : [`${latencyMs.toFixed(1)} ms`]),
    `${numberText(answered)} answered`,
    lostText(view),
    `${detourPercent(view)} % took a detour`,
    ...(sinceAddressChangeMs === undefined ? [] : [`new addresses ${Math.round(sinceAddressChangeMs / 1000)} s ago`]),
  ];
  return `  ${parts.join("  ")}`;
}

/** `lost 0`, or what it is made of. */
function lostText({ lost, requestsLost, recordsDropped }: ClusterView): string {
  if (lost === 0) return "lost 0";
  const causes = Object.entries(recordsDropped).map(([cause, count]) => `${count} ${cause}`);
  return `lost ${lost} (${[...(requestsLost > 0 ? [`${requestsLost} requests`] : []), ...causes].join(", ")})`;
}

/** Records that came to another router than the one with the session, of those served. */
function detourPercent({ routers }: ClusterView): number {
  const sum = (pick: (row: RouterRow) => number): number => routers.reduce((total, row) => total + pick(row), 0);
  const served = sum((row) => row.served);
  return served === 0 ? 0 : Math.min(100, Math.round((100 * sum((row) => row.forwarded)) / served));
}

/** `12,345`. */
function numberText(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}
