// The tables of Open vSwitch that the fabric reads, and what it looks up in them.
import { parseIp, ipv4ToNumber } from "@coracle/base";
import {
  type Column,
  column,
  type MonitoredTable,
  monitoredTable,
  ovsSet,
  rowIs,
  stringMap,
  Transaction,
  uuid,
} from "@coracle/ovsdb";
import type { OvsdbClient } from "@coracle/ovsdb/io";
import type { LocalInterface } from "../../core/interface.ts";
import { guestOfDevice } from "../../core/mac-address.ts";
import { EXTERNAL_ID, type OvsSettings } from "./ovs-options.ts";

type Columns<T> = { readonly [Name in keyof T]: Column<T[Name]> };

/** A row of the Bridge table. */
export interface BridgeRow {
  readonly _uuid: string;
  readonly name: string;
  readonly ports: readonly string[];
  readonly fail_mode: string | undefined;
  readonly protocols: readonly string[];
  readonly datapath_type: string;
  /** Set by ovs-vswitchd once the bridge has a datapath. */
  readonly datapath_id: string | undefined;
  readonly external_ids: ReadonlyMap<string, string>;
}

/** A row of the Interface table. */
export interface InterfaceRow {
  readonly _uuid: string;
  readonly name: string;
  readonly type: string;
  readonly options: ReadonlyMap<string, string>;
  readonly external_ids: ReadonlyMap<string, string>;
  readonly mac: string | undefined;
  readonly mtu_request: number | undefined;
  /** Absent while pending, -1 if the device could not be made. */
  readonly ofport: number | undefined;
  readonly error: string | undefined;
}

interface PortRow {
  readonly name: string;
  readonly interfaces: readonly string[];
}

interface RootRow {
  readonly cur_cfg: number;
  readonly next_cfg: number;
  readonly ovs_version: string | undefined;
}

/** The tables of interest. */
export const OVS_TABLE: {
  readonly root: MonitoredTable<Columns<RootRow>>;
  readonly bridge: MonitoredTable<Columns<Omit<BridgeRow, "_uuid">>>;
  readonly port: MonitoredTable<Columns<PortRow>>;
  readonly interface: MonitoredTable<Columns<Omit<InterfaceRow, "_uuid">>>;
} = {
  root: monitoredTable("Open_vSwitch", {
    cur_cfg: column.integer,
    next_cfg: column.integer,
    ovs_version: column.optionalString,
  }),
  bridge: monitoredTable("Bridge", {
    name: column.string,
    ports: column.uuids,
    fail_mode: column.optionalString,
    protocols: column.strings,
    datapath_type: column.string,
    datapath_id: column.optionalString,
    external_ids: column.stringMap,
  }),
  port: monitoredTable("Port", { name: column.string, interfaces: column.uuids }),
  interface: monitoredTable("Interface", {
    name: column.string,
    type: column.string,
    options: column.stringMap,
    external_ids: column.stringMap,
    mac: column.optionalString,
    mtu_request: column.optionalInteger,
    ofport: column.optionalInteger,
    error: column.optionalString,
  }),
};

/** A port of our bridge with its one device. */
export interface BridgePort {
  readonly portUuid: string;
  readonly device: InterfaceRow;
}

/** Our bridge, if it is there. */
export function findBridge(database: OvsdbClient, name: string): BridgeRow | undefined {
  for (const row of database.rows(OVS_TABLE.bridge).values()) if (row.name === name) return row;
  return undefined;
}

/** The ports of a bridge by name; the bridge's own is among them. Only those that `isWanted`, if it is given. */
export function portsOf(
  database: OvsdbClient,
  bridge: BridgeRow | undefined,
  isWanted: (name: string) => boolean = () => true,
): ReadonlyMap<string, BridgePort> {
  const found = new Map<string, BridgePort>();
  const ports = database.rows(OVS_TABLE.port);
  const devices = database.rows(OVS_TABLE.interface);
  for (const portUuid of bridge?.ports ?? []) {
    const port = ports.get(portUuid);
    if (port === undefined || !isWanted(port.name)) continue;
    const device = devices.get(port.interfaces[0] ?? "");
    if (device !== undefined) found.set(port.name, { portUuid, device });
  }
  return found;
}

/** The local interface that a device of our bridge is; `undefined` for a foreign one. Without its marks it has no owner. */
export function localOfDevice(device: InterfaceRow): LocalInterface | undefined {
  const guest = guestOfDevice(device.name);
  if (guest === undefined) return undefined;
  const marks = device.external_ids;
  const ip = parseIp(marks.get(EXTERNAL_ID.ipv4) ?? "");
  const isMarked = Number(marks.get(EXTERNAL_ID.vni)) === guest.vni && ip.ok && ipv4ToNumber(ip.value) === guest.ipv4;
  const owner = isMarked ? (marks.get(EXTERNAL_ID.owner) ?? "") : "";
  return { kind: "local", owner, uid: marks.get(EXTERNAL_ID.uid) ?? "", ...guest };
}

/** Names of ports on our bridge that are neither ours nor the bridge's own. */
export function foreignPorts(database: OvsdbClient, settings: OvsSettings): readonly string[] {
  const ports = portsOf(database, findBridge(database, settings.bridge));
  return [...ports.keys()].filter(
    (name) => name !== settings.bridge && name !== settings.tunnel && guestOfDevice(name) === undefined,
  );
}

/** Keeps the number of the last whole-table installation with the bridge; nothing while there is none. */
export async function keepRound(database: OvsdbClient | undefined, name: string, round: number): Promise<void> {
  const bridge = database === undefined ? undefined : findBridge(database, name);
  if (bridge === undefined) return;
  const change = new Transaction().mutate("Bridge", rowIs(uuid(bridge._uuid)), [
    ["external_ids", "delete", ovsSet([EXTERNAL_ID.round])],
    ["external_ids", "insert", stringMap({ [EXTERNAL_ID.round]: String(round) })],
  ]);
  await database?.transact(change);
}

/** What `cur_cfg` is. */
export function currentConfiguration(database: OvsdbClient): number {
  for (const row of database.rows(OVS_TABLE.root).values()) return row.cur_cfg;
  return 0;
}
