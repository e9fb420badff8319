// What to do next for one attachment, as a pure function of what is known about it.
import { lockNameOf } from "../address/lock-name.ts";
import { rangeHas, type SubnetRange } from "../address/subnet-range.ts";
import type { AttachmentView, LockView, SubnetView } from "../table/views.ts";
import { type AddressError, claimsAddress, saysAssigned, saysError } from "./attachment-status.ts";
import type { InFlightRecord } from "./in-flight.ts";

/** What the task has read from the server itself, because a watch may be behind. */
export interface LiveReads {
  /** The lock whose address is in the status. */
  readonly lock?: LockView | "gone";
  /** The subnet that no watch has shown. */
  readonly subnet?: "present" | "gone";
  /** Locks of owners that turned out to live, though no watch has shown them; by UID. */
  readonly spared: ReadonlySet<string>;
}

/** What is known about one key. */
export interface Situation {
  readonly attachment: AttachmentView | undefined;
  readonly subnet: SubnetView | undefined;
  /** Every known lock that names an attachment of this name as its owner. */
  readonly locks: readonly LockView[];
  /** Already checked to be current. */
  readonly record: InFlightRecord | undefined;
  /** UID of an attachment of this name that the watch has seen go. UIDs never come back. */
  readonly goneUid: string | undefined;
  readonly hasContention: boolean;
  readonly live: LiveReads;
}

/** The next step. `release` are locks to delete after the status is written, never before: see the decision record. */
export type Decision =
  /** Nothing, until something happens. */
  | { readonly kind: "rest"; readonly anticipation: 0 | 1 | 2 }
  /** Find out whether the owners of these locks are gone. */
  | { readonly kind: "check-owners"; readonly locks: readonly LockView[] }
  /** Delete locks whose owner is gone for ever. */
  | { readonly kind: "bury"; readonly locks: readonly LockView[] }
  /** Read the lock named by the status. */
  | { readonly kind: "read-lock"; readonly name: string }
  /** Ask whether the subnet is really not there, before an address is taken away. */
  | { readonly kind: "read-subnet" }
  /** Write this lock's address into the status; `adopt` when the lock is not there yet. */
  | {
      readonly kind: "assign";
      readonly lock: LockView;
      readonly adopt: boolean;
      readonly subnet: SubnetView;
      readonly release: readonly LockView[];
    }
  /** Choose an address, lock it, write it. */
  | {
      readonly kind: "pick";
      readonly subnet: SubnetView;
      readonly range: SubnetRange;
      readonly release: readonly LockView[];
    }
  /** Write that there is no address. */
  | { readonly kind: "report"; readonly error: AddressError };

const REST: Decision = { kind: "rest", anticipation: 0 };

/** Decides. Called again after each live read and each burial, until the answer is something else. */
export function decide(situation: Situation): Decision {
  const { attachment, locks, goneUid, live } = situation;
  const strangers = locks.filter((lock) => lock.ownerUid !== attachment?.uid && !live.spared.has(lock.uid));
  const dead = strangers.filter((lock) => lock.ownerUid === goneUid);
  if (dead.length > 0) return { kind: "bury", locks: dead };
  if (strangers.length > 0) return { kind: "check-owners", locks: strangers };
  if (attachment === undefined) return REST;
  return decideAddress(attachment, situation);
}

function decideAddress(attachment: AttachmentView, situation: Situation): Decision {
  const { subnet, hasContention, live } = situation;
  if (subnet === undefined) {
    const error = notFound(attachment);
    if (saysError(attachment, error, hasContention)) return REST;
    // The watch of subnets may be behind the one of attachments: an address is not taken away on its word alone.
    if (claimsAddress(attachment) && live.subnet === undefined) return { kind: "read-subnet" };
    return live.subnet === "present" ? REST : { kind: "report", error };
  }
  const isExamined = subnet.isValidated || subnet.errors.length > 0;
  if (!isExamined && subnet.range.ok) return REST;
  const error = subnetError(subnet);
  if (error !== undefined) {
    return saysError(attachment, error, hasContention) ? REST : { kind: "report", error };
  }
  return subnet.range.ok ? decideLock(attachment, subnet, subnet.range.value, situation) : REST;
}

function decideLock(
  attachment: AttachmentView,
  subnet: SubnetView,
  range: SubnetRange,
  situation: Situation,
): Decision {
  const { record, live } = situation;
  const isRight = (lock: { readonly vni: number; readonly address: number | undefined }): boolean =>
    lock.vni === subnet.vni && lock.address !== undefined && rangeHas(range.all, lock.address);
  const owned = withLive(situation.locks, live.lock).filter((lock) => lock.ownerUid === attachment.uid);
  const isInStatus = (lock: LockView): boolean =>
    lock.uid === attachment.lockUid && lock.address === attachment.address && lock.vni === attachment.vni;
  const others = (kept: LockView): LockView[] => owned.filter((lock) => lock !== kept);
  if (record !== undefined) {
    const isSeen = situation.locks.some((lock) => lock.uid === record.lock.uid);
    return { kind: "rest", anticipation: isSeen ? 1 : 2 };
  }
  const current = owned.find((lock) => isRight(lock) && isInStatus(lock));
  if (current !== undefined) {
    const release = others(current);
    if (release.length === 0 && saysAssigned(attachment, subnet)) return REST;
    return { kind: "assign", lock: current, adopt: false, subnet, release };
  }
  const { address, vni } = attachment;
  if (address !== undefined && attachment.lockUid !== "" && isRight({ vni, address }) && live.lock === undefined) {
    return { kind: "read-lock", name: lockNameOf({ vni, address }) };
  }
  const best = bestOf(owned.filter(isRight));
  if (best !== undefined) return { kind: "assign", lock: best, adopt: true, subnet, release: others(best) };
  return { kind: "pick", subnet, range, release: owned };
}

/** The oldest, ties by the greater UID: whoever chooses chooses the same. */
function bestOf(locks: readonly LockView[]): LockView | undefined {
  let best: LockView | undefined;
  for (const lock of locks) {
    const isBetter =
      best === undefined ||
      lock.createdSeconds < best.createdSeconds ||
      (lock.createdSeconds === best.createdSeconds && lock.uid > best.uid);
    if (isBetter) best = lock;
  }
  return best;
}

function withLive(locks: readonly LockView[], live: LockView | "gone" | undefined): readonly LockView[] {
  if (live === undefined || live === "gone" || locks.some((lock) => lock.uid === live.uid)) return locks;
  return [...locks, live];
}

function notFound({ namespace, subnet }: AttachmentView): AddressError {
  return { reason: "SubnetNotFound", message: `subnet ${namespace}/${subnet} does not exist` };
}

function subnetError(subnet: SubnetView): AddressError | undefined {
  const name = `subnet ${subnet.namespace}/${subnet.name}`;
  if (!subnet.range.ok) {
    return { reason: "SubnetRangeInvalid", message: `${name} has no usable range: ${subnet.range.error.message}` };
  }
  if (subnet.isValidated) return undefined;
  return { reason: "SubnetNotValid", message: `${name} failed validation: ${subnet.errors.join("; ")}` };
}
