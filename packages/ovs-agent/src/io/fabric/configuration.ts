// A transaction that ovs-vswitchd has acted upon.
import type { OperationResult, Transaction } from "@coracle/ovsdb";
import type { OvsdbClient } from "@coracle/ovsdb/io";
import { currentConfiguration } from "./ovs-database.ts";

/** How long ovs-vswitchd may take. */
export interface Acted {
  readonly results: readonly OperationResult[];
  /** False if ovs-vswitchd did not finish in time; the database has the change all the same. */
  readonly isConfigured: boolean;
}

/** Adds 1 to `next_cfg` in the same transaction and waits until `cur_cfg` is there. Rejects with `OvsdbRequestError`. */
export async function transactAndWait(
  database: OvsdbClient,
  transaction: Transaction,
  timeoutMs: number,
): Promise<Acted> {
  transaction.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1]]);
  transaction.select("Open_vSwitch", [], ["next_cfg"]);
  const results = await database.transact(transaction);
  const wanted = Number(results.at(-1)?.rows?.[0]?.get("next_cfg") ?? 0);
  const isConfigured = await database
    .waitFor(() => (currentConfiguration(database) >= wanted ? true : undefined), timeoutMs)
    .catch(() => false);
  return { results, isConfigured };
}
