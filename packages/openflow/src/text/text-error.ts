// Why a text is not a flow.
import { err, type Err } from "@coracle/base";

/** A text that is not a flow, and which part of it is wrong. */
export interface FlowTextError {
  readonly code: "BAD_FLOW_TEXT";
  readonly message: string;
}

/** A failed parse: the part as written (cut), and why. */
export function textError(part: string, why: string): Err<FlowTextError> {
  return err({ code: "BAD_FLOW_TEXT", message: `Cannot read "${part.slice(0, 80)}" in a flow: ${why}` });
}
