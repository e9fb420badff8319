// The work on one attachment: decides, asks the API server, decides again, until there is nothing more to do.
import { unreachable } from "@coracle/base";
import { type ApiAnswer, type ApiCall, failureOf } from "../api-call.ts";
import type { Task, TaskEnd } from "../queue/task-runner.ts";
import { type AttachmentView, keyOf, type LockView, type ObjectKey, splitKey } from "../table/views.ts";
import type { AddressState } from "./address-state.ts";
import { type AddressError, errorStatus, saysError } from "./attachment-status.ts";
import { decide, type Decision, type Situation } from "./decision.ts";
import { assign, deleteLock, pick } from "./write-address.ts";

type Work<T> = Generator<ApiCall, T, ApiAnswer>;

/** Live reads and burials before the task gives up and comes back later: more than any single attachment needs. */
const STEPS_MAX = 16;

interface MutableReads {
  lock?: LockView | "gone";
  subnet?: "present" | "gone";
  readonly spared: Set<string>;
}

/** Works on one key. Between two calls anything may have happened; every write carries the version it was decided on. */
export function* serveAttachment(state: AddressState, key: ObjectKey): Task<ApiCall, ApiAnswer> {
  state.waiting.leave(key);
  const live: MutableReads = { spared: new Set() };
  for (let step = 0; step < STEPS_MAX; step++) {
    const situation = state.situation(key, live);
    const end = yield* carryOut(state, { key, live }, situation, decide(situation));
    if (end !== "again") return end;
  }
  return "retry";
}

function* carryOut(
  state: AddressState,
  { key, live }: { readonly key: ObjectKey; readonly live: MutableReads },
  situation: Situation,
  decision: Decision,
): Work<TaskEnd | "again"> {
  const { attachment } = situation;
  switch (decision.kind) {
    case "rest":
      state.observer.anticipated?.(decision.anticipation);
      if (attachment === undefined) state.forget(key);
      else state.gone.delete(key);
      return "done";
    case "check-owners":
      return yield* checkOwners(state, key, { locks: decision.locks, live });
    case "bury":
      return yield* bury(state, key, decision.locks);
    case "read-lock":
      return yield* readLock(state, key, { name: decision.name, live });
    case "read-subnet":
      return yield* readSubnet(attachment, live);
    case "report":
      return attachment === undefined ? "done" : yield* report(state, situation, decision.error);
    case "assign":
      return yield* assign(state, situation, decision);
    case "pick": {
      const picked = yield* pick(state, situation, decision);
      if (picked === "done" || picked === "retry") return picked;
      return yield* refuse(state, situation, picked);
    }
    default:
      return unreachable(decision);
  }
}

/** Whether owners that no watch shows are gone, or only not seen yet: a lock of a living attachment is never touched here. */
function* checkOwners(
  state: AddressState,
  key: ObjectKey,
  { locks, live }: { readonly locks: readonly LockView[]; readonly live: MutableReads },
): Work<TaskEnd | "again"> {
  const answer = yield { kind: "read-attachment", ...splitKey(key) };
  if (answer.kind !== "attachment" && failureOf(answer) !== "not-found") return "retry";
  const liveUid = answer.kind === "attachment" ? answer.attachment.uid : "";
  // A lock is made after its owner, and UIDs never come back: an owner that is not the present one is gone for ever.
  const dead = locks.filter((lock) => lock.ownerUid !== liveUid);
  for (const lock of locks) if (!dead.includes(lock)) live.spared.add(lock.uid);
  return yield* bury(state, key, dead);
}

function* bury(state: AddressState, key: ObjectKey, locks: readonly LockView[]): Work<TaskEnd | "again"> {
  for (const lock of locks) {
    // The owner is gone for ever, so the lock goes whatever its version.
    const isGone = yield* deleteLock(state, key, { ...lock, resourceVersion: "" });
    if (!isGone) return "retry";
  }
  return "done";
}

function* readLock(
  state: AddressState,
  key: ObjectKey,
  { name, live }: { readonly name: string; readonly live: MutableReads },
): Work<TaskEnd | "again"> {
  const { namespace, name: owner } = splitKey(key);
  const answer = yield { kind: "read-lock", namespace, name };
  if (answer.kind !== "lock" && failureOf(answer) !== "not-found") return "retry";
  const isOwned = answer.kind === "lock" && answer.lock.owner === owner;
  live.lock = isOwned ? answer.lock : "gone";
  state.observer.statusUsed?.(isOwned);
  return "again";
}

function* readSubnet(attachment: AttachmentView | undefined, live: MutableReads): Work<TaskEnd | "again"> {
  if (attachment === undefined) return "done";
  const { namespace, subnet } = attachment;
  const answer = yield { kind: "read-subnet", namespace, name: subnet };
  if (answer.kind !== "subnet" && failureOf(answer) !== "not-found") return "retry";
  live.subnet = answer.kind === "subnet" ? "present" : "gone";
  return "again";
}

/** No address could be taken: says why. A full subnet is waited for. */
function* refuse(state: AddressState, situation: Situation, error: AddressError): Work<TaskEnd> {
  const { attachment, subnet } = situation;
  if (attachment === undefined || subnet === undefined || !subnet.range.ok) return "done";
  const key = keyOf(attachment);
  if (error.reason !== "SubnetFull") return yield* report(state, situation, error);
  state.contended.add(key);
  state.waiting.enter(key, { subnet: keyOf(subnet), vni: subnet.vni, range: subnet.range.value.usable });
  yield* report(state, { ...situation, hasContention: true }, error);
  return "retry";
}

function* report(state: AddressState, situation: Situation, error: AddressError): Work<TaskEnd> {
  const { attachment, hasContention } = situation;
  if (attachment === undefined) return "done";
  if (saysError(attachment, error, hasContention)) return "done";
  const status = errorStatus(error, { attachment, hasContention, releasing: [], wallMs: state.clock.wallMs() });
  const answer = yield { kind: "write-attachment", attachment, status };
  if (answer.kind === "attachment") {
    state.contended.delete(keyOf(attachment));
    return "done";
  }
  return failureOf(answer) === "not-found" ? "done" : "retry";
}
