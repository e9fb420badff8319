// The error that every promise of the client rejects with.
import type { OvsdbError } from "../mod.ts";

/** A request that did not happen, or whose outcome is unknown; see `OvsdbError` for the codes. */
export class OvsdbRequestError extends Error {
  override readonly name = "OvsdbRequestError";
  readonly code: OvsdbError["code"];
  /** What the session said, with every operation's error. */
  override readonly cause: OvsdbError;

  constructor(error: OvsdbError) {
    super(error.message);
    this.code = error.code;
    this.cause = error;
  }
}
