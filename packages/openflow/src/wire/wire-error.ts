// What can be wrong with bytes from a switch, as values.
import { err, type Err } from "@coracle/base";

/** Why bytes are not a message. `BAD_VERSION`, `BAD_LENGTH` of a header end the connection; the rest spoil one message. */
export interface WireError {
  readonly code: "BAD_VERSION" | "BAD_LENGTH" | "TRUNCATED" | "BAD_TYPE" | "BAD_VALUE" | "TOO_MANY";
  readonly message: string;
}

/** A failed parse: what was read, and what is wrong with it. */
export function wireError(code: WireError["code"], what: string, why: string): Err<WireError> {
  return err({ code, message: `Cannot read ${what}: ${why}` });
}
