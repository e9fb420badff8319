// Many ports made and deleted in one transaction, and what became of each.
import { formatIp, numberToIpv4 } from "@coracle/base";
import { type NamedUuid, ovsSet, rowIs, type RowValues, stringMap, Transaction, type Uuid, uuid } from "@coracle/ovsdb";
import { type OvsdbClient, OvsdbRequestError } from "@coracle/ovsdb/io";
import type { PortOp, PortOutcome } from "../../core/desired/desired-types.ts";
import { deviceOf } from "../../core/desired/entry.ts";
import type { LocalInterface } from "../../core/interface.ts";
import { guestMac, macText } from "../../core/mac-address.ts";
import { insertPort } from "./bridge-setup.ts";
import { transactAndWait } from "./configuration.ts";
import { type BridgePort, findBridge, OVS_TABLE, portsOf } from "./ovs-database.ts";
import { EXTERNAL_ID, guestMtuRequest, type OvsSettings } from "./ovs-options.ts";

/** Port numbers as the switch tells them, which is the only source to trust: the database keeps old ones over restarts. */
export interface SwitchPorts {
  /** The number of a port by name. */
  get(name: string): number | undefined;
  /** Resolves with the number as soon as there is one, or with `undefined` after a while. */
  wait(name: string): Promise<number | undefined>;
}

/** What became of all ports, or why the transaction was refused without a word about which is at fault. */
export type PortsResult =
  | { readonly kind: "outcomes"; readonly outcomes: readonly PortOutcome[] }
  | { readonly kind: "refused"; readonly message: string };

/** Applies port operations in one transaction and waits until ovs-vswitchd has acted. Never rejects. */
export async function changePorts(
  ops: readonly PortOp[],
  database: OvsdbClient,
  ports: SwitchPorts,
  settings: OvsSettings,
): Promise<PortsResult> {
  const bridge = findBridge(database, settings.bridge);
  if (bridge === undefined) return { kind: "outcomes", outcomes: ops.map(() => ({ kind: "lost" })) };
  const wanted = new Set(ops.map(({ local }) => deviceOf(local)));
  const isWanted = (name: string): boolean => wanted.has(name);
  const existing = portsOf(database, bridge, isWanted);
  const taken = new Set<string>();
  for (const { name } of database.rows(OVS_TABLE.port).values()) if (isWanted(name)) taken.add(name);
  const transaction = new Transaction().comment(`coracle: ${ops.length} ports`);
  const added: (Uuid | NamedUuid)[] = [];
  const removed: Uuid[] = [];
  /** Which port an operation of the transaction is for. */
  const portOfOperation: number[] = [];
  const refused = new Map<number, string>();
  for (const [index, op] of ops.entries()) {
    const name = deviceOf(op.local);
    const port = existing.get(name);
    if (op.kind === "delete") {
      if (port !== undefined) removed.push(uuid(port.portUuid));
    } else if (port !== undefined) takeOver(transaction, port, op.local, settings);
    else if (taken.has(name)) refused.set(index, `Cannot make device ${name}: another bridge has a port of that name`);
    else added.push(insertPort(transaction, { name, type: settings.deviceType, ...deviceColumns(op.local, settings) }));
    while (portOfOperation.length < transaction.operations.length) portOfOperation.push(index);
  }
  const change = [
    ...(removed.length === 0 ? [] : [["ports", "delete", ovsSet(removed)] as const]),
    ...(added.length === 0 ? [] : [["ports", "insert", ovsSet(added)] as const]),
  ];
  if (change.length > 0) transaction.mutate("Bridge", rowIs(uuid(bridge._uuid)), change);
  try {
    const { isConfigured } = await transactAndWait(database, transaction, settings.configureTimeoutMs);
    const devices = portsOf(database, findBridge(database, settings.bridge), isWanted);
    const outcomes = ops.map((op, index) =>
      outcomeOf(op, refused.get(index), { devices, ports, settings, isConfigured }),
    );
    return { kind: "outcomes", outcomes: await Promise.all(outcomes) };
  } catch (thrown) {
    return afterRefusal(thrown, ops, portOfOperation);
  }
}

function takeOver(transaction: Transaction, port: BridgePort, local: LocalInterface, settings: OvsSettings): void {
  const columns = { type: settings.deviceType, ...deviceColumns(local, settings) };
  transaction.update("Interface", rowIs(uuid(port.device._uuid)), columns);
}

function deviceColumns(local: LocalInterface, settings: OvsSettings): RowValues {
  const { vni, ipv4, owner, uid } = local;
  return {
    mac: macText(guestMac(vni, ipv4)),
    mtu_request: guestMtuRequest(settings) ?? ovsSet([]),
    external_ids: stringMap({
      [EXTERNAL_ID.owner]: owner,
      [EXTERNAL_ID.uid]: uid,
      [EXTERNAL_ID.vni]: String(vni),
      [EXTERNAL_ID.ipv4]: formatIp(numberToIpv4(ipv4)),
    }),
  };
}

async function outcomeOf(
  op: PortOp,
  refused: string | undefined,
  context: {
    readonly devices: ReadonlyMap<string, BridgePort>;
    readonly ports: SwitchPorts;
    readonly settings: OvsSettings;
    readonly isConfigured: boolean;
  },
): Promise<PortOutcome> {
  const { devices, ports, settings, isConfigured } = context;
  if (refused !== undefined) return { kind: "failed", failure: { code: "PORT_REFUSED", message: refused } };
  const name = deviceOf(op.local);
  if (op.kind === "delete") return isConfigured ? { kind: "done", ofport: 0 } : { kind: "lost" };
  const failed = (why: string): PortOutcome => {
    return { kind: "failed", failure: { code: "DEVICE_FAILED", message: `Cannot make device ${name}: ${why}` } };
  };
  if (!isConfigured) return failed(`ovs-vswitchd did not act within ${settings.configureTimeoutMs} ms`);
  const device = devices.get(name)?.device;
  if (device === undefined) return failed("its row is gone from the database");
  if (device.error !== undefined || (device.ofport !== undefined && device.ofport < 0)) {
    return failed(device.error ?? `ovs-vswitchd gave it port ${device.ofport}`);
  }
  const ofport = ports.get(name) ?? (await ports.wait(name));
  return ofport === undefined ? failed("it has no OpenFlow port") : { kind: "done", ofport };
}

function afterRefusal(thrown: unknown, ops: readonly PortOp[], portOfOperation: readonly number[]): PortsResult {
  if (!(thrown instanceof OvsdbRequestError) || thrown.code !== "TRANSACTION_FAILED") {
    return { kind: "outcomes", outcomes: ops.map(() => ({ kind: "lost" })) };
  }
  const blamed = new Map<number, string>();
  for (const { index, error, details } of thrown.cause.errors ?? []) {
    // The first operation is a comment, which no port is to blame for.
    const port = index === undefined || index === 0 ? undefined : portOfOperation[index];
    if (port !== undefined) blamed.set(port, `Cannot change a port: ${error}${details === "" ? "" : `, ${details}`}`);
  }
  if (blamed.size === 0) return { kind: "refused", message: thrown.message };
  const outcomes = ops.map((_, index): PortOutcome => {
    const message = blamed.get(index);
    return message === undefined ? { kind: "lost" } : { kind: "failed", failure: { code: "PORT_REFUSED", message } };
  });
  return { kind: "outcomes", outcomes };
}
