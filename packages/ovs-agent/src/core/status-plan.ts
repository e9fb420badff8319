// What the status of a local attachment should say, and the smallest write that makes it say so.
import { type Condition, ERROR_LENGTH_MAX, type ExecReport } from "@coracle/api";
import { formatTime, unreachable } from "@coracle/base";
import type { JsonObject, JsonValue } from "@coracle/kube";
import type { ReportedStatus } from "./attachment-fields.ts";

/** How far the interface is. */
export type InterfaceOutcome =
  /** The fabric has not answered yet; `trouble` says why that takes long. */
  | { readonly kind: "pending"; readonly trouble?: string | undefined }
  | { readonly kind: "implemented"; readonly macAddress: string; readonly ifcName: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** The agent does not ask the fabric for it. */
  | { readonly kind: "refused"; readonly reason: "AddressUnusable" | "VirtualNetworkInUse"; readonly message: string }
  /** There is no address any more. */
  | { readonly kind: "withdrawn" };

/** How the command after creation went. */
export type PostCreateOutcome =
  /** There is none, or it has not ended, or it ran in an earlier life of the agent. */
  | { readonly kind: "none" }
  /** Its program is not on the allow list. */
  | { readonly kind: "not-allowed"; readonly message: string }
  /** `reason` is one word for programs, `message` a sentence for people. */
  | {
      readonly kind: "ended";
      readonly isSuccess: boolean;
      readonly reason: string;
      readonly message: string;
      readonly report: ExecReport;
    };

/** What is known here about a local attachment. */
export interface HostFacts {
  readonly hostIp: string;
  readonly outcome: InterfaceOutcome;
  readonly postCreate: PostCreateOutcome;
  /** True once an interface was made anew: a report of an older interface says nothing any more. */
  readonly isOldReportVoid: boolean;
}

/** The condition types that the agent owns. */
const READY = "Ready";
const POST_CREATE = "PostCreateExec";

const REASONS: Readonly<Record<string, string>> = { ADDRESS_TAKEN: "AddressTaken" };

/**
 * The merge patch (RFC 7386) of `status` that makes the reported status fit the facts; `undefined` when it does already. Fields and
 * conditions of others are left alone.
 */
export function planStatus(
  reported: ReportedStatus,
  facts: HostFacts,
  at: { readonly generation: number; readonly wallMs: number },
): JsonObject | undefined {
  const patch: Record<string, JsonValue> = {};
  const fields = wantedFields(reported, facts);
  if (fields.macAddress !== reported.macAddress) patch["macAddress"] = fields.macAddress;
  if (fields.ifcName !== reported.ifcName) patch["ifcName"] = fields.ifcName;
  if (fields.hostIp !== reported.hostIp) patch["hostIP"] = fields.hostIp;
  const hostErrors = wantedErrors(facts);
  if (hostErrors !== undefined && !sameTexts(hostErrors, reported.hostErrors)) {
    patch["errors"] = { host: hostErrors.length === 0 ? null : hostErrors };
  }
  const report = wantedReport(facts);
  if (report !== "keep" && (report !== null || reported.hasExecReport)) patch["postCreateExecReport"] = report;
  const conditions = wantedConditions(reported, facts, at);
  if (conditions !== undefined) patch["conditions"] = conditions;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Reason of the condition Ready for a failure of the fabric. */
export function failureReason(code: string): string {
  return REASONS[code] ?? "FabricError";
}

interface AddressFields {
  readonly macAddress: string;
  readonly ifcName: string;
  readonly hostIp: string;
}

const NO_FIELDS: AddressFields = { macAddress: "", ifcName: "", hostIp: "" };

function wantedFields(reported: ReportedStatus, { outcome, hostIp }: HostFacts): AddressFields {
  switch (outcome.kind) {
    case "implemented":
      return { macAddress: outcome.macAddress, ifcName: outcome.ifcName, hostIp };
    case "pending":
      // After a restart, what an earlier run wrote is probably still true; the fabric's answer settles it.
      return reported;
    case "failed":
    case "refused":
    case "withdrawn":
      return NO_FIELDS;
    default:
      return unreachable(outcome);
  }
}

/** `undefined` leaves the list as it is. */
function wantedErrors({ outcome, postCreate }: HostFacts): readonly string[] | undefined {
  if (outcome.kind === "pending") return undefined;
  const errors: string[] = [];
  if (outcome.kind === "failed" || outcome.kind === "refused") errors.push(outcome.message);
  if (outcome.kind === "implemented" && postCreate.kind === "not-allowed") errors.push(postCreate.message);
  return errors.map((text) => text.slice(0, ERROR_LENGTH_MAX));
}

function wantedReport({ outcome, postCreate, isOldReportVoid }: HostFacts): JsonObject | null | "keep" {
  if (postCreate.kind === "ended") return { ...postCreate.report };
  if (outcome.kind === "withdrawn" || isOldReportVoid) return null;
  return "keep";
}

type Wanted = Pick<Condition, "type" | "status" | "reason" | "message">;

function wantedConditions(
  reported: ReportedStatus,
  facts: HostFacts,
  { generation, wallMs }: { readonly generation: number; readonly wallMs: number },
): readonly JsonObject[] | undefined {
  // What an earlier run made works on while the fabric is away: only one that has nothing yet is told to be held up.
  const isHeldUp = facts.outcome.kind !== "pending" || reported.ifcName === "";
  const wanted = [isHeldUp ? ready(facts) : undefined, postCreateCondition(facts)].filter((each) => each !== undefined);
  const drops = (type: string): boolean =>
    type === POST_CREATE &&
    (facts.outcome.kind === "withdrawn" || (facts.isOldReportVoid && facts.postCreate.kind === "none"));
  const { conditions } = reported;
  let isChanged = false;
  const next: JsonObject[] = [];
  for (const condition of conditions) {
    const replacement = wanted.find(({ type }) => type === condition.type);
    if (replacement === undefined && drops(condition.type)) isChanged = true;
    else if (replacement === undefined || isSame(condition, replacement)) next.push({ ...condition });
    else {
      isChanged = true;
      const { status, lastTransitionTime } = condition;
      const since = status === replacement.status ? lastTransitionTime : formatTime(wallMs);
      next.push({ ...replacement, lastTransitionTime: since, observedGeneration: generation });
    }
  }
  for (const each of wanted) {
    if (conditions.some(({ type }) => type === each.type)) continue;
    isChanged = true;
    next.push({ ...each, lastTransitionTime: formatTime(wallMs), observedGeneration: generation });
  }
  return isChanged ? next : undefined;
}

function isSame(condition: Condition, wanted: Wanted): boolean {
  const { status, reason, message } = wanted;
  return condition.status === status && condition.reason === reason && condition.message === message;
}

function ready({ outcome, postCreate }: HostFacts): Wanted | undefined {
  switch (outcome.kind) {
    case "pending":
      if (outcome.trouble === undefined) return undefined;
      return { type: READY, status: "False", reason: "FabricNotReady", message: outcome.trouble };
    case "implemented":
      if (postCreate.kind === "not-allowed") {
        return { type: READY, status: "False", reason: "ProgramNotAllowed", message: postCreate.message };
      }
      return { type: READY, status: "True", reason: "Implemented", message: "The interface is in place." };
    case "failed":
      return { type: READY, status: "False", reason: failureReason(outcome.code), message: outcome.message };
    case "refused":
      return { type: READY, status: "False", reason: outcome.reason, message: outcome.message };
    case "withdrawn":
      return { type: READY, status: "False", reason: "AddressWithdrawn", message: "The address was withdrawn." };
    default:
      return unreachable(outcome);
  }
}

function postCreateCondition({ postCreate }: HostFacts): Wanted | undefined {
  if (postCreate.kind !== "ended") return undefined;
  const { isSuccess, reason, message } = postCreate;
  return { type: POST_CREATE, status: isSuccess ? "True" : "False", reason, message };
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
