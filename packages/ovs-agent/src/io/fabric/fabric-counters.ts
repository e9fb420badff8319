// The totals of a fabric that has just begun.
import type { FabricCounters } from "../../core/fabric.ts";

/** Totals to count up from. */
export function noCounters(): { -readonly [Name in keyof FabricCounters]: number } {
  return {
    bundles: 0,
    bundlesFailed: 0,
    flowMods: 0,
    transactions: 0,
    replays: 0,
    foreignFlowsRemoved: 0,
    failures: 0,
  };
}
