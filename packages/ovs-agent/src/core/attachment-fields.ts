// What the agent reads of a NetworkAttachment: the parts a local one needs, and the three numbers a remote one is.
import { type Condition, textAt, valueAt, VNI_MAX } from "@coracle/api";
import { ipv4ToNumber, parseIp, parseTimestampMs } from "@coracle/base";
import { isComparableResourceVersion, type KubeObject } from "@coracle/kube";
import { isPrivateIpv4 } from "./mac-address.ts";

/** Server times of writes, in milliseconds since 1970 with a fraction; 0 where unknown. */
export interface AttachmentTimes {
  /** The attachment's spec. */
  readonly attachmentMs: number;
  /** The spec of its subnet. */
  readonly subnetMs: number;
  /** The part of the status that an agent writes. */
  readonly implMs: number;
}

/** The agent's part of a status, as the API server has it. */
export interface ReportedStatus {
  readonly macAddress: string;
  readonly ifcName: string;
  readonly hostIp: string;
  readonly hostErrors: readonly string[];
  readonly hasExecReport: boolean;
  readonly conditions: readonly Condition[];
}

/** An attachment of this node. */
export interface LocalView {
  /** `namespace/name`. */
  readonly owner: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** 0 if there is none or it is out of range. */
  readonly vni: number;
  /** Unsigned 32 bits; 0 if there is no usable address. */
  readonly ipv4: number;
  readonly ipv4Text: string;
  readonly postCreateExec: readonly string[];
  readonly postDeleteExec: readonly string[];
  readonly reported: ReportedStatus;
  readonly times: AttachmentTimes;
}

/** An attachment of another node. Addresses are unsigned 32 bits. */
export interface RemoteView {
  readonly owner: string;
  readonly vni: number;
  readonly ipv4: number;
  readonly hostIp: number;
  readonly times: AttachmentTimes;
}

/** Fields a watch of local attachments builds; outputs of commands stay out of memory. */
export const LOCAL_PATHS: readonly string[] = [
  "metadata.generation",
  "extendedMetadata.writes",
  "spec.node",
  "spec.postCreateExec",
  "spec.postDeleteExec",
  "status.addressVNI",
  "status.ipv4",
  "status.macAddress",
  "status.ifcName",
  "status.hostIP",
  "status.subnetCreationTime",
  "status.errors.host",
  "status.conditions",
  "status.postCreateExecReport.exitStatus",
];

/** Fields a watch of remote attachments builds. */
export const REMOTE_PATHS: readonly string[] = [
  "extendedMetadata.writes",
  "status.addressVNI",
  "status.ipv4",
  "status.hostIP",
  "status.subnetCreationTime",
];

/** `namespace/name` of an object. */
export function ownerOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name ?? ""}`;
}

/** Namespace and name of an owner. */
export function splitOwner(owner: string): { readonly namespace: string; readonly name: string } {
  const slash = owner.indexOf("/");
  return { namespace: owner.slice(0, slash), name: owner.slice(slash + 1) };
}

/** Reads an attachment of this node. Unusable addresses and VNIs read as 0. */
export function readLocal(object: KubeObject): LocalView {
  const { metadata } = object;
  const ipv4Text = textAt(object, "status.ipv4");
  return {
    owner: ownerOf(object),
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    generation: metadata.generation ?? 0,
    vni: readVni(object),
    ipv4: readGuestAddress(ipv4Text),
    ipv4Text,
    postCreateExec: readTexts(object, "spec.postCreateExec"),
    postDeleteExec: readTexts(object, "spec.postDeleteExec"),
    reported: readReported(object),
    times: readTimes(object),
  };
}

/** Reads an attachment of another node; `undefined` if it cannot be reached over IPv4. */
export function readRemote(object: KubeObject): RemoteView | undefined {
  const vni = readVni(object);
  const ipv4 = readGuestAddress(textAt(object, "status.ipv4"));
  const hostIp = readIpv4(textAt(object, "status.hostIP"));
  if (vni === 0 || ipv4 === 0 || hostIp === 0) return undefined;
  return { owner: ownerOf(object), vni, ipv4, hostIp, times: readTimes(object) };
}

/** The order of a version as a number: exact up to 15 digits; NaN where versions have no order. */
export function versionOrder(resourceVersion: string): number {
  if (resourceVersion.length > 15 || !isComparableResourceVersion(resourceVersion)) return Number.NaN;
  return Number(resourceVersion);
}

/** The agent's part of an object's status. */
export function readReported(object: KubeObject): ReportedStatus {
  const conditions = valueAt(object, "status.conditions");
  return {
    macAddress: textAt(object, "status.macAddress"),
    ifcName: textAt(object, "status.ifcName"),
    hostIp: textAt(object, "status.hostIP"),
    hostErrors: readTexts(object, "status.errors.host"),
    hasExecReport: valueAt(object, "status.postCreateExecReport") !== undefined,
    // The API server checks every condition against its schema.
    conditions: Array.isArray(conditions) ? (conditions as readonly Condition[]) : [],
  };
}

function readVni(object: KubeObject): number {
  const vni = valueAt(object, "status.addressVNI");
  return typeof vni === "number" && Number.isInteger(vni) && vni >= 1 && vni <= VNI_MAX ? vni : 0;
}

function readIpv4(text: string): number {
  const address = text === "" ? undefined : parseIp(text);
  return address?.ok === true && address.value.family === 4 ? ipv4ToNumber(address.value) : 0;
}

/** MAC addresses, and so interfaces, exist for addresses of RFC 1918 alone. */
function readGuestAddress(text: string): number {
  const ipv4 = readIpv4(text);
  return isPrivateIpv4(ipv4) ? ipv4 : 0;
}

function readTexts(object: KubeObject, path: string): readonly string[] {
  const value = valueAt(object, path);
  if (!Array.isArray(value)) return [];
  return value.filter((each): each is string => typeof each === "string");
}

function readTimes(object: KubeObject): AttachmentTimes {
  let attachmentMs = 0;
  let implMs = 0;
  const writes = valueAt(object, "extendedMetadata.writes");
  for (const write of Array.isArray(writes) ? (writes as readonly unknown[]) : []) {
    const section = textAt(write, "section");
    if (section === "spec") attachmentMs = readTimeMs(textAt(write, "serverTime"));
    else if (section === "status.impl") implMs = readTimeMs(textAt(write, "serverTime"));
  }
  return { attachmentMs, implMs, subnetMs: readTimeMs(textAt(object, "status.subnetCreationTime")) };
}

function readTimeMs(text: string): number {
  return text === "" ? 0 : (parseTimestampMs(text) ?? 0);
}
