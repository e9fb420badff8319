// From API objects, possibly projected, to views. Tolerant: what a field should not hold reads as absent.
import { ipv4ToNumber, parseIp, parseTimestampMs } from "@coracle/base";
import type { KubeObject } from "@coracle/kube";
import { readLockName } from "../address/lock-name.ts";
import { parseSubnetRange } from "../address/subnet-range.ts";
import {
  type AttachmentView,
  type ConditionState,
  hashErrors,
  type LockView,
  type ReadyBy,
  type SubnetView,
} from "./views.ts";

/** Fields of each kind that the readers look at; followers build nothing else. */
export const SUBNET_PATHS: readonly string[] = [
  "metadata.creationTimestamp",
  "spec",
  "status",
  "extendedMetadata.writes",
];
export const ATTACHMENT_PATHS: readonly string[] = [
  "spec.subnet",
  "status.errors.ipam",
  "status.subnetCreationTime",
  "status.addressContention",
  "status.lockUID",
  "status.addressVNI",
  "status.ipv4",
  "status.conditions[].type",
  "status.conditions[].status",
  "status.conditions[].reason",
  "status.conditions[].lastTransitionTime",
  "extendedMetadata.writes",
];
export const LOCK_PATHS: readonly string[] = ["metadata.creationTimestamp", "metadata.ownerReferences"];

/** Types of the conditions that the controllers write. */
export const ADDRESS_CONDITION = "AddressAssigned";
export const VALIDATED_CONDITION = "Validated";
/** Also written by a node's agent, which has another reason for an address that was withdrawn. */
export const READY_CONDITION = "Ready";
/** The reason by which a controller of addresses tells its own Ready condition from that of an agent. */
export const NO_ADDRESS = "NoAddress";

/** Reads a Subnet. A range that is none is kept as its error. */
export function readSubnet(object: KubeObject): SubnetView {
  const spec = membersOf(object["spec"]);
  const status = membersOf(object["status"]);
  const cidr = textOf(spec["ipv4"]);
  return {
    ...identityOf(object),
    vni: numberOf(spec["vni"]),
    cidr,
    range: parseSubnetRange(cidr),
    isValidated: status["validated"] === true,
    errors: textsOf(status["errors"]),
    condition: conditionOf(status["conditions"], VALIDATED_CONDITION),
    writtenUs: sectionTimeUs(object, "spec"),
    createdMs: parseTimestampMs(object.metadata.creationTimestamp ?? "") ?? 0,
  };
}

/** Reads a NetworkAttachment. */
export function readAttachment(object: KubeObject): AttachmentView {
  const status = membersOf(object["status"]);
  const address = parseIp(textOf(status["ipv4"]));
  return {
    ...identityOf(object),
    subnet: textOf(membersOf(object["spec"])["subnet"]),
    lockUid: textOf(status["lockUID"]),
    vni: numberOf(status["addressVNI"]),
    address: address.ok && address.value.family === 4 ? ipv4ToNumber(address.value) : undefined,
    hasContention: status["addressContention"] === true,
    errorHash: hashErrors(textsOf(membersOf(status["errors"])["ipam"])),
    subnetWrittenUs: parseMicros(textOf(status["subnetCreationTime"])),
    condition: conditionOf(status["conditions"], ADDRESS_CONDITION),
    readyBy: readyByOf(status["conditions"]),
    writtenUs: sectionTimeUs(object, "spec"),
  };
}

/** Reads an IPLock; `undefined` when its name is not that of a lock, which is then ignored everywhere. */
export function readLock(object: KubeObject): LockView | undefined {
  const locked = readLockName(object.metadata.name ?? "");
  if (locked === undefined) return undefined;
  const owner = (object.metadata.ownerReferences ?? []).find(
    (reference) => reference.kind === "NetworkAttachment" && reference.controller === true,
  );
  const { namespace, uid, resourceVersion } = identityOf(object);
  return {
    namespace,
    uid,
    resourceVersion,
    ...locked,
    owner: owner?.name ?? "",
    ownerUid: owner?.uid ?? "",
    createdSeconds: Math.floor((parseTimestampMs(object.metadata.creationTimestamp ?? "") ?? 0) / 1000),
  };
}

/** Server time of the last write of a section, microseconds since 1970; 0 if the object does not say. */
export function sectionTimeUs(object: KubeObject, section: string): number {
  const writes = membersOf(object["extendedMetadata"])["writes"];
  if (!Array.isArray(writes)) return 0;
  for (const write of writes as readonly unknown[]) {
    const members = membersOf(write);
    if (members["section"] === section) return parseMicros(textOf(members["serverTime"]));
  }
  return 0;
}

/** Microseconds since 1970 of an RFC 3339 time; 0 for a text that is none. */
export function parseMicros(text: string): number {
  const timeMs = parseTimestampMs(text);
  if (timeMs === undefined) return 0;
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  return Math.floor(timeMs / 1000) * 1e6 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

function identityOf(object: KubeObject): {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
} {
  const { namespace = "", name = "", uid = "", resourceVersion = "" } = object.metadata;
  return { namespace, name, uid, resourceVersion };
}

function conditionOf(conditions: unknown, type: string): ConditionState | undefined {
  if (!Array.isArray(conditions)) return undefined;
  for (const condition of conditions as readonly unknown[]) {
    const { type: found, status, lastTransitionTime } = membersOf(condition);
    if (found !== type || (status !== "True" && status !== "False" && status !== "Unknown")) continue;
    return { status, sinceSeconds: Math.floor((parseTimestampMs(textOf(lastTransitionTime)) ?? 0) / 1000) };
  }
  return undefined;
}

function readyByOf(conditions: unknown): ReadyBy {
  if (!Array.isArray(conditions)) return "nobody";
  const ready = conditions.map(membersOf).find(({ type }) => type === READY_CONDITION);
  if (ready === undefined) return "nobody";
  return ready["reason"] === NO_ADDRESS ? "ipam" : "agent";
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as readonly unknown[]).filter((each) => typeof each === "string") : [];
}
