// Our bridge and its tunnel port: made if they are missing, corrected if they are not as they should be.
import {
  ovsSet,
  type RowChange,
  rowIs,
  type RowValues,
  stringMap,
  Transaction,
  uuid,
  type Value,
} from "@coracle/ovsdb";
import type { OvsdbClient } from "@coracle/ovsdb/io";
import { FabricError } from "./fabric-error.ts";
import { type BridgePort, type BridgeRow, findBridge, OVS_TABLE, portsOf } from "./ovs-database.ts";
import { guestMtu, guestMtuRequest, OVS_VERSION_MIN, type OvsSettings, PROTOCOLS } from "./ovs-options.ts";
import { transactAndWait } from "./configuration.ts";

/** Throws `OVS_TOO_OLD` if the database says so; one that does not know its version passes. */
export function checkVersion(database: OvsdbClient): void {
  for (const { ovs_version: version } of database.rows(OVS_TABLE.root).values()) {
    const match = /^(\d+)\.(\d+)/.exec(version ?? "");
    if (match === null) continue;
    const [major, minor] = [Number(match[1]), Number(match[2])];
    const [majorMin, minorMin] = OVS_VERSION_MIN;
    if (major > majorMin || (major === majorMin && minor >= minorMin)) continue;
    const needed = `OpenFlow 1.4 bundles need ${majorMin}.${minorMin}`;
    throw new FabricError("OVS_TOO_OLD", `Cannot use Open vSwitch as it is too old: version is ${version}, ${needed}`);
  }
}

/** Tells changes of our bridge and tunnel from the many others, which leave them as they were. */
export class BridgeWatch {
  readonly #database: OvsdbClient;
  readonly #settings: OvsSettings;
  #devices: ReadonlySet<string> = new Set();

  constructor(database: OvsdbClient, settings: OvsSettings) {
    this.#database = database;
    this.#settings = settings;
  }

  /** True if bridge or tunnel may not be as they were. */
  isTouched(changes: readonly RowChange[]): boolean {
    const isTouched = changes.some(({ table, uuid: row }) => {
      if (table === OVS_TABLE.bridge.name) return true;
      return table === OVS_TABLE.interface.name && (this.#devices.size < 2 || this.#devices.has(row));
    });
    if (isTouched) {
      const ports = ownPorts(this.#database, this.#settings).values();
      this.#devices = new Set(Array.from(ports, ({ device }) => device._uuid));
    }
    return isTouched;
  }
}

/** The tunnel's port and the bridge's own by name, as far as our bridge has them. */
function ownPorts(database: OvsdbClient, settings: OvsSettings): ReadonlyMap<string, BridgePort> {
  const bridge = findBridge(database, settings.bridge);
  return portsOf(database, bridge, (name) => name === settings.tunnel || name === settings.bridge);
}

/** True if bridge and tunnel are in the database as they should be, and nobody has to choose a datapath for them. */
export function isSetUp(database: OvsdbClient, settings: OvsSettings): boolean {
  const bridge = findBridge(database, settings.bridge);
  if (bridge === undefined || lacksDatapath(bridge) || Object.keys(bridgeFixes(bridge, settings)).length > 0)
    return false;
  const ports = ownPorts(database, settings);
  const tunnel = ports.get(settings.tunnel)?.device;
  if (ports.get(settings.bridge)?.device.mtu_request !== bridgeMtu(settings)) return false;
  return tunnel !== undefined && tunnel.type === "vxlan" && sameMap(tunnel.options, tunnelOptions(settings));
}

/**
 * Makes bridge and tunnel port what they should be, in one transaction that ovs-vswitchd has acted upon. The bridge is
 * secure from its first moment: it never forwards by itself. Throws {@link FabricError}; rejects with `OvsdbRequestError`.
 */
export async function setUpBridge(database: OvsdbClient, settings: OvsSettings): Promise<void> {
  checkVersion(database);
  if (isSetUp(database, settings)) return;
  const transaction = new Transaction().comment(`coracle: set up ${settings.bridge}`);
  // A database that nobody has used yet has no root row.
  if (database.rows(OVS_TABLE.root).size === 0) transaction.insert("Open_vSwitch", {});
  const bridge = findBridge(database, settings.bridge);
  const ports = ownPorts(database, settings);
  const tunnel = ports.get(settings.tunnel);
  const own = ports.get(settings.bridge);
  const options = { type: "vxlan", options: stringMap(tunnelOptions(settings)) };
  if (bridge !== undefined) {
    const fixes = bridgeFixes(bridge, settings);
    if (Object.keys(fixes).length > 0) transaction.update("Bridge", rowIs(uuid(bridge._uuid)), fixes);
  }
  if (own !== undefined && own.device.mtu_request !== bridgeMtu(settings))
    transaction.update("Interface", rowIs(uuid(own.device._uuid)), { mtu_request: bridgeMtu(settings) ?? ovsSet([]) });
  if (tunnel !== undefined) transaction.update("Interface", rowIs(uuid(tunnel.device._uuid)), options);
  else {
    refuseTaken(database, settings.tunnel);
    const added = insertPort(transaction, { name: settings.tunnel, ofport_request: 1, ...options });
    if (bridge === undefined) insertBridge(transaction, settings, added);
    else transaction.mutate("Bridge", rowIs(uuid(bridge._uuid)), [["ports", "insert", ovsSet([added])]]);
  }
  const acted = await transactAndWait(database, transaction, settings.configureTimeoutMs);
  if (acted.isConfigured) return useUserspace(database, settings);
  const waited = `waited ${settings.configureTimeoutMs} ms`;
  throw new FabricError("NOT_CONFIGURED", `Cannot set up the bridge as ovs-vswitchd does not act: ${waited}`);
}

/** Where the kernel has no datapath of Open vSwitch, nobody has chosen one, and ovs-vswitchd has one of its own. */
async function useUserspace(database: OvsdbClient, settings: OvsSettings): Promise<void> {
  const bridge = findBridge(database, settings.bridge);
  if (bridge === undefined || !lacksDatapath(bridge)) return;
  settings.onLog?.("no kernel datapath: using the userspace datapath", { bridge: settings.bridge });
  const transaction = new Transaction().update("Bridge", rowIs(uuid(bridge._uuid)), { datapath_type: "netdev" });
  await transactAndWait(database, transaction, settings.configureTimeoutMs);
}

/**
 * Nobody has chosen a datapath and ovs-vswitchd tells of none. Right after it has acted on the bridge that means that the kernel has
 * none. Before, nothing: it may be about to make one, or whoever made the bridge may have ended before it could choose.
 */
function lacksDatapath({ datapath_id: id, datapath_type: type }: BridgeRow): boolean {
  return id === undefined && type === "";
}

/** Adds the rows of a port and its device; answers what to put into `Bridge.ports`. */
export function insertPort(
  transaction: Transaction,
  device: RowValues & { readonly name: string },
): ReturnType<Transaction["insert"]> {
  const interfaces = transaction.insert("Interface", device);
  return transaction.insert("Port", { name: device.name, interfaces });
}

function insertBridge(
  transaction: Transaction,
  settings: OvsSettings,
  tunnel: ReturnType<Transaction["insert"]>,
): void {
  const mtu = bridgeMtu(settings);
  const device = { name: settings.bridge, type: "internal", ...(mtu === undefined ? {} : { mtu_request: mtu }) };
  const own = insertPort(transaction, device);
  const row = transaction.insert("Bridge", {
    name: settings.bridge,
    ports: ovsSet([own, tunnel]),
    fail_mode: "secure",
    protocols: ovsSet(PROTOCOLS),
    ...(settings.datapathType === undefined ? {} : { datapath_type: settings.datapathType }),
  });
  transaction.mutate("Open_vSwitch", [], [["bridges", "insert", ovsSet([row])]]);
}

/**
 * The MTU to ask for the bridge's own device. Open vSwitch gives each internal device that asks for none the least MTU of
 * the bridge's other ports (ovs-vswitchd.conf.db(5), `mtu_request`), so one request does for all. A request each would make
 * it look at all ports of the bridge for each. It never raises a new device's MTU: larger ones are asked for one by one.
 */
function bridgeMtu(settings: OvsSettings): number | undefined {
  return guestMtuRequest(settings) === undefined ? guestMtu(settings) : undefined;
}

function bridgeFixes(bridge: BridgeRow, settings: OvsSettings): RowValues {
  const fixes: Record<string, Value> = {};
  if (bridge.fail_mode !== "secure") fixes["fail_mode"] = "secure";
  if (PROTOCOLS.some((name) => !bridge.protocols.includes(name))) fixes["protocols"] = ovsSet(PROTOCOLS);
  if (settings.datapathType !== undefined && bridge.datapath_type !== settings.datapathType)
    fixes["datapath_type"] = settings.datapathType;
  return fixes;
}

function tunnelOptions(settings: OvsSettings): Readonly<Record<string, string>> {
  const options = { key: "flow", remote_ip: "flow", local_ip: settings.hostIp };
  return settings.vxlanPort === 4789 ? options : { ...options, dst_port: String(settings.vxlanPort) };
}

function refuseTaken(database: OvsdbClient, name: string): void {
  for (const port of database.rows(OVS_TABLE.port).values()) {
    if (port.name !== name) continue;
    throw new FabricError(
      "NAME_TAKEN",
      `Cannot make the tunnel port as another bridge has a port of that name: ${name}`,
    );
  }
}

function sameMap(map: ReadonlyMap<string, string>, wanted: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(wanted);
  return map.size === entries.length && entries.every(([key, value]) => map.get(key) === value);
}
