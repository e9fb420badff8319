// The error that every promise of the client rejects with.
import type { SessionError } from "../mod.ts";

/** A request that did not happen, or whose outcome is unknown; see `SessionError` for the codes. */
export class OpenflowRequestError extends Error {
  override readonly name = "OpenflowRequestError";
  readonly code: SessionError["code"];
  /** What the session said, with the switch's refusal and the messages at fault. */
  override readonly cause: SessionError;

  constructor(error: SessionError) {
    super(error.message);
    this.code = error.code;
    this.cause = error;
  }
}
