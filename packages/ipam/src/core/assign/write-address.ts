// Writing an address into a status, and deleting locks after it.
import { type ApiAnswer, type ApiCall, failureOf } from "../api-call.ts";
import { lockNameOf } from "../address/lock-name.ts";
import type { TaskEnd } from "../queue/task-runner.ts";
import { type AttachmentView, keyOf, type LockView, type ObjectKey, type SubnetView } from "../table/views.ts";
import type { AddressState } from "./address-state.ts";
import { type AddressError, assignedStatus } from "./attachment-status.ts";
import type { Decision, Situation } from "./decision.ts";
import { addressLatency } from "./address-latency.ts";
import { takeLock } from "./take-lock.ts";

type Work<T> = Generator<ApiCall, T, ApiAnswer>;

interface Assignment {
  readonly lock: LockView;
  readonly subnet: SubnetView;
  readonly release: readonly LockView[];
}

/** Writes the address of a lock that exists. */
export function* assign(
  state: AddressState,
  situation: Situation,
  { lock, adopt, subnet, release }: Extract<Decision, { kind: "assign" }>,
): Work<TaskEnd> {
  const { attachment } = situation;
  if (attachment === undefined) return "done";
  const key = keyOf(attachment);
  const ours = adopt ? yield* touch(state, key, lock) : lock;
  return ours === undefined ? "retry" : yield* write(state, situation, { lock: ours, subnet, release });
}

/** Takes an address and writes it; or answers why there is none. */
export function* pick(
  state: AddressState,
  situation: Situation,
  { subnet, range, release }: Extract<Decision, { kind: "pick" }>,
): Work<TaskEnd | AddressError> {
  const { attachment } = situation;
  if (attachment === undefined) return "done";
  const taken = yield* takeLock(state, attachment, { subnet, range });
  switch (taken.kind) {
    case "full": {
      const message = `subnet ${keyOf(subnet)} (${subnet.cidr}) has run out of IPs`;
      return { reason: "SubnetFull", message };
    }
    case "refused":
      return { reason: "LockRefused", message: `the API server refused the lock: ${taken.message}` };
    case "lost":
      return "retry";
    case "locked": {
      const lock = taken.isNew ? taken.lock : yield* touch(state, keyOf(attachment), taken.lock);
      return lock === undefined ? "retry" : yield* write(state, situation, { lock, subnet, release });
    }
  }
}

/**
 * Makes a lock ours to name in a status although another controller may be about to delete it: that one gave the version it saw, so
 * either its deletion fails or this does.
 */
function* touch(state: AddressState, key: ObjectKey, lock: LockView): Work<LockView | undefined> {
  const mark = state.random.uint32().toString(16);
  const answer = yield { kind: "touch-lock", lock: versionOf(lock), mark };
  if (answer.kind === "lock") {
    state.held.set(key, answer.lock);
    return answer.lock;
  }
  if (failureOf(answer) === "not-found") state.buried(key, lock);
  else if (failureOf(answer) === "conflict") state.held.delete(key);
  return undefined;
}

function* write(state: AddressState, situation: Situation, { lock, subnet, release }: Assignment): Work<TaskEnd> {
  const { attachment, hasContention } = situation;
  if (attachment === undefined) return "done";
  const key = keyOf(attachment);
  const wallMs = state.clock.wallMs();
  const status = assignedStatus(lock, subnet, { attachment, hasContention, releasing: release, wallMs });
  const answer = yield { kind: "write-attachment", attachment, status };
  // Gone: its event brings the lock to an end.
  if (failureOf(answer) === "not-found") return "done";
  if (answer.kind !== "attachment") return "retry";
  state.contended.delete(key);
  // A write that said nothing new is not in flight: no event would ever end its record, and nothing more would be done here.
  if (answer.attachment.resourceVersion !== attachment.resourceVersion) {
    state.records.set(key, {
      attachmentUid: attachment.uid,
      subnetUid: subnet.uid,
      basedOnVersion: attachment.resourceVersion,
      lock,
    });
  }
  observe(state, situation, { subnet, atUs: answer.addressWrittenUs, attachment });
  for (const extra of release) {
    const isGone = yield* deleteLock(state, key, extra);
    if (!isGone) return "retry";
  }
  return "done";
}

/** Deletes a lock as it was seen; true if it is gone, by whomever. */
export function* deleteLock(state: AddressState, key: ObjectKey, lock: LockView): Work<boolean> {
  const answer = yield { kind: "delete-lock", lock: versionOf(lock) };
  if (answer.kind !== "done" && failureOf(answer) !== "not-found") return false;
  state.observer.released?.(lock);
  state.buried(key, lock);
  return true;
}

function observe(
  state: AddressState,
  { hasContention }: Situation,
  end: { readonly subnet: SubnetView; readonly atUs: number; readonly attachment: AttachmentView },
): void {
  if (end.attachment.address !== undefined) return;
  state.observer.assigned?.(addressLatency(end.attachment, end.subnet, { atUs: end.atUs, hasContention }));
}

function versionOf(lock: LockView): Extract<ApiCall, { kind: "delete-lock" }>["lock"] {
  const { namespace, uid, resourceVersion } = lock;
  return { namespace, name: lockNameOf(lock), uid, resourceVersion };
}
