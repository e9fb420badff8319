// The least that making ports takes: transactions prepared before, a hundred rows of Interface and Port each, two in flight; and
// the same batches by ovs-vsctl.
import { column, monitoredTable, ovsSet, rowIs, stringMap, Transaction, uuid } from "@coracle/ovsdb";
import { openOvsdb, type OvsdbClient } from "@coracle/ovsdb/io";
import type { PrivateOvs } from "@coracle/ovsdb/testing";
import { BRIDGE } from "../flows/bench-switch.ts";

const WAIT_MS_MAX = 60_000;
const ROOT = monitoredTable("Open_vSwitch", { cur_cfg: column.integer });
const BRIDGES = monitoredTable("Bridge", { name: column.string });

/** While ovs-vswitchd acts upon one transaction the database takes the next: each is a process that keeps a core busy. */
const IN_FLIGHT = 2;

/** Ports a second of `batches` transactions of `size` ports; each is over when ovs-vswitchd has acted upon it. */
export async function addBarePorts(ovs: PrivateOvs, batches: number, size: number): Promise<number> {
  const database = openOvsdb({ target: { path: ovs.databaseSocket }, tables: [ROOT, BRIDGES] });
  try {
    await database.whenReady();
    const transactions = Array.from({ length: batches }, (_, batch) => insertions(database, batch * size, size));
    const startedMs = performance.now();
    const lane = async (): Promise<void> => {
      for (let next = transactions.shift(); next !== undefined; next = transactions.shift()) await act(database, next);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return (batches * size) / ((performance.now() - startedMs) / 1000);
  } finally {
    await database.close();
  }
}

async function act(database: OvsdbClient, transaction: Transaction): Promise<void> {
  const results = await database.transact(transaction);
  const wanted = Number(results.at(-1)?.rows?.[0]?.get("next_cfg"));
  await database.waitFor(() => (configured(database) >= wanted ? true : undefined), WAIT_MS_MAX);
}

/** The same ports by ovs-vsctl, a process a batch, which waits for ovs-vswitchd as well. */
export function addPortsByTool(ovs: PrivateOvs, batches: number, size: number): number {
  const commands = Array.from({ length: batches }, (_, batch) => {
    const ports = Array.from({ length: size }, (_each, offset) => barePort(batch * size + offset));
    return ports.flatMap(({ name, mac, owner, uid }) => {
      const columns = ["type=internal", `mac="${mac}"`, `external_ids:owner=${owner}`, `external_ids:uid=${uid}`];
      return ["--", "add-port", BRIDGE, name, "--", "set", "interface", name, ...columns];
    });
  });
  const startedMs = performance.now();
  for (const command of commands) {
    const added = ovs.vsctl(command.slice(1));
    if (added.status !== 0) throw new Error(`Cannot add ports: ${added.stderr.slice(0, 400)}`);
  }
  return (batches * size) / ((performance.now() - startedMs) / 1000);
}

interface BarePort {
  readonly name: string;
  readonly mac: string;
  readonly owner: string;
  readonly uid: string;
}

function barePort(index: number): BarePort {
  const mac = `06:00:00:01:${octet(index >> 8)}:${octet(index)}`;
  return { name: `bare${index}`, mac, owner: `bench/na-${index}`, uid: `uid-${index}` };
}

function insertions(database: OvsdbClient, first: number, size: number): Transaction {
  const transaction = new Transaction();
  const ports = Array.from({ length: size }, (_, offset) => {
    const { name, mac, owner, uid } = barePort(first + offset);
    const marks = stringMap({ owner, uid });
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

/** Removes the ports that {@link addBarePorts} or {@link addPortsByTool} made. */
export function removeBarePorts(ovs: PrivateOvs, count: number): void {
  const args = Array.from({ length: count }, (_, index) => ["--", "del-port", BRIDGE, `bare${index}`]).flat();
  const removed = ovs.vsctl(args.slice(1));
  if (removed.status !== 0) throw new Error(`Cannot remove ports: ${removed.stderr.slice(0, 400)}`);
}
