// What the address controller says in the status of an attachment: an address, or why there is none.
import { type Condition, ERROR_LENGTH_MAX } from "@coracle/api";
import { formatIp, formatTime, numberToIpv4 } from "@coracle/base";
import { ADDRESS_CONDITION, NO_ADDRESS, READY_CONDITION } from "../table/read-objects.ts";
import { type AttachmentView, hashErrors, type LockView, type SubnetView } from "../table/views.ts";
import { lockNameOf } from "../address/lock-name.ts";

/** Why an attachment has no address; the reason of its AddressAssigned condition. */
export type AddressError = {
  readonly reason: "SubnetNotFound" | "SubnetNotValid" | "SubnetRangeInvalid" | "SubnetFull" | "LockRefused";
  /** One sentence; also in `status.errors.ipam`. */
  readonly message: string;
};

/** The part of the status that is the address controller's. */
export interface AttachmentStatus {
  readonly lockUID?: string;
  readonly addressVNI?: number;
  readonly ipv4?: string;
  readonly subnetCreationTime?: string;
  readonly addressContention?: true;
  readonly errors?: { readonly ipam: readonly string[] };
  readonly conditions: readonly Condition[];
}

/** What every status needs besides its content. */
export interface StatusContext {
  readonly attachment: AttachmentView;
  readonly hasContention: boolean;
  /** Locks that are deleted after this write; naming them gives the object a new version even if nothing else changed. */
  readonly releasing: readonly LockView[];
  readonly wallMs: number;
}

/** The status of an attachment that has an address. */
export function assignedStatus(lock: LockView, subnet: SubnetView, context: StatusContext): AttachmentStatus {
  const ipv4 = formatIp(numberToIpv4(lock.address));
  return {
    lockUID: lock.uid,
    addressVNI: lock.vni,
    ipv4,
    ...(subnet.writtenUs === 0 ? {} : { subnetCreationTime: formatMicros(subnet.writtenUs) }),
    ...(context.hasContention ? { addressContention: true } : {}),
    conditions: [condition("True", "Assigned", `${ipv4} of subnet ${subnet.name}`, context)],
  };
}

/**
 * The status of an attachment that has none. It is not Ready, which nobody else would say: an agent does not see it. Where an agent
 * has spoken, it is the agent that takes it back; what we no longer say goes with the address.
 */
export function errorStatus(error: AddressError, context: StatusContext): AttachmentStatus {
  const unassigned = condition("False", error.reason, error.message, context);
  const message = `There is no address: ${error.message}`.slice(0, ERROR_LENGTH_MAX);
  const notReady = { ...unassigned, type: READY_CONDITION, reason: NO_ADDRESS, message };
  return {
    ...(context.hasContention ? { addressContention: true } : {}),
    errors: { ipam: [error.message.slice(0, ERROR_LENGTH_MAX)] },
    conditions: context.attachment.readyBy === "agent" ? [unassigned] : [unassigned, notReady],
  };
}

/** Whether the status that the attachment has says this already, releases aside. */
export function saysError(attachment: AttachmentView, error: AddressError, hasContention: boolean): boolean {
  return (
    !claimsAddress(attachment) &&
    attachment.hasContention === hasContention &&
    attachment.errorHash === hashErrors([error.message.slice(0, ERROR_LENGTH_MAX)]) &&
    attachment.condition?.status === "False" &&
    attachment.readyBy !== "nobody"
  );
}

/** Whether the status that the attachment has says that it has this lock's address, releases aside. */
export function saysAssigned(attachment: AttachmentView, subnet: SubnetView): boolean {
  return (
    attachment.errorHash === 0 &&
    attachment.subnetWrittenUs === subnet.writtenUs &&
    attachment.condition?.status === "True"
  );
}

/** Whether anything in the status speaks of an address. */
export function claimsAddress(attachment: AttachmentView): boolean {
  return attachment.address !== undefined || attachment.vni !== 0 || attachment.lockUid !== "";
}

function condition(status: "True" | "False", reason: string, text: string, context: StatusContext): Condition {
  const { attachment, releasing, wallMs } = context;
  const { condition: before } = attachment;
  const sinceMs = before?.status === status ? before.sinceSeconds * 1000 : wallMs;
  const released = releasing.map((lock) => `${lockNameOf(lock)} (${lock.uid})`);
  const message = released.length === 0 ? text : `${text}; releasing ${released.join(", ")}`;
  return { type: ADDRESS_CONDITION, status, reason, message, lastTransitionTime: formatTime(sinceMs) };
}

/** MicroTime of microseconds since 1970. */
function formatMicros(timeUs: number): string {
  const seconds = Math.floor(timeUs / 1e6);
  const fraction = String(timeUs - seconds * 1e6).padStart(6, "0");
  return formatTime(seconds * 1000).replace("Z", `.${fraction}Z`);
}
