// The sizes of a run's networks for people (--estimate) and as files.
import type { NetworkPlan } from "./address-plan.ts";
import { summarizeSizes } from "./size-law.ts";

/** `network,size` for each network. */
export function sizeDistributionCsv(sizes: readonly number[]): string {
  return `network,size\n${sizes.map((size, index) => `${index + 1},${size}\n`).join("")}`;
}

/** `first,last,size` for each run of networks of one size. */
export function sizeOutlineCsv(sizes: readonly number[]): string {
  const runs = outline(sizes).map(({ first, last, size }) => `${first},${last},${size}\n`);
  return `first,last,size\n${runs.join("")}`;
}

/** What a run with these networks would make. */
export function estimateLines(networks: readonly NetworkPlan[]): readonly string[] {
  const sizes = networks.map(({ size }) => size);
  const { slotCount, averagePeers, breakPoint } = summarizeSizes(sizes);
  const runs = outline(sizes).map(({ first, last, size }) => {
    const network = networks[first - 1];
    const subnets = first === last ? (network?.subnets.map(({ cidr }) => cidr).join(" and ") ?? "") : "";
    return `  ${(first === last ? `${first}` : `${first}–${last}`).padEnd(12)}${String(size).padStart(8)}   ${subnets}`.trimEnd();
  });
  return [
    `${"  network".padEnd(14)}${"size".padStart(8)}   subnets`,
    ...runs,
    "",
    `${networks.length} networks, ${networks.reduce((sum, { subnets }) => sum + subnets.length, 0)} subnets, ${slotCount} slots`,
    `an attachment's network has ${averagePeers.toFixed(1)} attachments on average`,
    breakPoint === undefined
      ? "no network has one attachment alone"
      : `from network ${breakPoint} on each has one attachment alone`,
  ];
}

function outline(sizes: readonly number[]): { first: number; last: number; size: number }[] {
  const runs: { first: number; last: number; size: number }[] = [];
  for (const [index, size] of sizes.entries()) {
    const run = runs.at(-1);
    if (run !== undefined && run.size === size) run.last = index + 1;
    else runs.push({ first: index + 1, last: index + 1, size });
  }
  return runs;
}
