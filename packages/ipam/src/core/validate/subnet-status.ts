// What the validator says in the status of a Subnet.
import { type Condition, ERROR_LENGTH_MAX, ERRORS_MAX } from "@coracle/api";
import { formatTime } from "@coracle/base";
import { VALIDATED_CONDITION } from "../table/read-objects.ts";
import type { SubnetView } from "../table/views.ts";

/** The whole status. `Ready` repeats `Validated` for tools that wait for any object that way. */
export interface SubnetStatus {
  readonly validated?: true;
  readonly errors?: readonly string[];
  readonly conditions: readonly Condition[];
}

/** What validation found: nothing wrong, a range that is none, or conflicts with other subnets. */
export interface Verdict {
  readonly reason: "NoConflict" | "RangeInvalid" | "Conflict";
  /** One sentence for each fault, sorted; empty when nothing is wrong. */
  readonly errors: readonly string[];
}

const MESSAGE_LENGTH_MAX = 4096;

/** The status that tells a verdict. */
export function subnetStatus(subnet: SubnetView, { reason, errors }: Verdict, wallMs: number): SubnetStatus {
  const status = errors.length === 0 ? "True" : "False";
  const sinceMs = subnet.condition?.status === status ? subnet.condition.sinceSeconds * 1000 : wallMs;
  const message =
    errors.length === 0
      ? `${subnet.cidr} conflicts with no other subnet of VNI ${subnet.vni}`
      : errors.join("; ").slice(0, MESSAGE_LENGTH_MAX);
  const fields = { status, reason, message, lastTransitionTime: formatTime(sinceMs) } as const;
  return {
    ...(errors.length === 0 ? { validated: true } : { errors }),
    conditions: [
      { type: VALIDATED_CONDITION, ...fields },
      { type: "Ready", ...fields },
    ],
  };
}

/** Error texts as the API takes them: sorted, no text twice, bounded. */
export function boundErrors(errors: readonly string[]): readonly string[] {
  const sorted = [...new Set(errors)].sort();
  return sorted.slice(0, ERRORS_MAX).map((error) => error.slice(0, ERROR_LENGTH_MAX));
}
