// The least that making ports takes: transactions prepared before, a hundred rows of Interface and Port each, one after the other.
import { column, monitoredTable, ovsSet, rowIs, stringMap, Transaction, uuid } from "@coracle/ovsdb";
import { openOvsdb, type OvsdbClient } from "@coracle/ovsdb/io";
import type { PrivateOvs } from "@coracle/ovsdb/testing";
import { BRIDGE } from "../flows/bench-switch.ts";

const WAIT_MS_MAX = 60_000;
const ROOT = monitoredTable("Open_vSwitch", { cur_cfg: column.integer });
const BRIDGES = monitoredTable("Bridge", { name: column.string });

/** Ports a second of `batches` transactions of `size` ports; each waits until ovs-vswitchd has acted upon it. */
export async function addBarePorts(ovs: PrivateOvs, batches: number, size: number): Promise<number> {
  const database = openOvsdb({ target: { path: ovs.databaseSocket }, tables: [ROOT, BRIDGES] });
  try {
    await database.whenReady();
    const transactions = Array.from({ length: batches }, (_, batch) => insertions(database, batch * size, size));
    const startedMs = performance.now();
    for (const transaction of transactions) {
      const results = await database.transact(transaction);
      const wanted = Number(results.at(-1)?.rows?.[0]?.get("next_cfg"));
      await database.waitFor(() => (configured(database) >= wanted ? true : undefined), WAIT_MS_MAX);
    }
    return (batches * size) / ((performance.now() - startedMs) / 1000);
  } finally {
    await database.close();
  }
}

function insertions(database: OvsdbClient, first: number, size: number): Transaction {
  const transaction = new Transaction();
  const ports = Array.from({ length: size }, (_, offset) => {
    const name = `bare${first + offset}`;
    const mac = `06:00:00:01:${octet((first + offset) >> 8)}:${octet(first + offset)}`;
    const marks = stringMap({ owner: `bench/na-${first + offset}`, uid: `uid-${first + offset}` });
    const interfaces = transaction.insert("Interface", { name, type: "internal", mac, external_ids: marks });
    return transaction.insert("Port", { name, interfaces });
  });
  for (const [row, { name }] of database.rows(BRIDGES)) {
    if (name === BRIDGE) transaction.mutate("Bridge", rowIs(uuid(row)), [["ports", "insert", ovsSet(ports)]]);
  }
  transaction.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1]]);
  transaction.select("Open_vSwitch", [], ["next_cfg"]);
  return transaction;
}

function configured(database: OvsdbClient): number {
  for (const row of database.rows(ROOT).values()) return row.cur_cfg;
  return 0;
}

function octet(value: number): string {
  return (value & 255).toString(16).padStart(2, "0");
}

/** Removes the ports that {@link addBarePorts} made. */
export function removeBarePorts(ovs: PrivateOvs, count: number): void {
  const args = Array.from({ length: count }, (_, index) => ["--", "del-port", BRIDGE, `bare${index}`]).flat();
  const removed = ovs.vsctl(args.slice(1));
  if (removed.status !== 0) throw new Error(`Cannot remove ports: ${removed.stderr.slice(0, 400)}`);
}
