// Why something asked of a session did not happen.
import type { OpenflowError } from "../wire/error-message.ts";

/** Which message of several was refused, and why. */
export interface MessageFailure {
  /** Position of the message in what was handed over. */
  readonly index: number;
  readonly error: OpenflowError;
}

/**
 * `REFUSED`: the switch said no, and nothing of a bundle is installed unless `isPartial`. `TIMEOUT` of a bundle: unknown whether it took
 * effect; the session closes itself. `DISCONNECTED`: likewise unknown. `BUSY`: too much in flight, nothing was sent.
 */
export interface SessionError {
  readonly code: "REFUSED" | "TIMEOUT" | "DISCONNECTED" | "PROTOCOL" | "VERSION" | "BUSY" | "TOO_LARGE";
  readonly message: string;
  /** The switch's refusal, for `REFUSED`. */
  readonly error?: OpenflowError;
  /** For `REFUSED` of several messages: those at fault, in order of arrival, at most 1,000. */
  readonly failures?: readonly MessageFailure[];
  /** For `REFUSED` of a bundle that was to be committed at once: all but those at fault is installed. */
  readonly isPartial?: boolean;
}

/** Makes a session error. */
export function sessionError(
  code: SessionError["code"],
  message: string,
  more: Pick<SessionError, "error" | "failures" | "isPartial"> = {},
): SessionError {
  return { code, message, ...more };
}
