// Why something asked of a database did not happen.
import type { OperationError } from "../transact-result.ts";

/**
 * `REFUSED`: the server does not do this. `TRANSACTION_FAILED`: see `errors`; nothing was changed. `TIMEOUT` and
 * `DISCONNECTED`: unknown whether it took effect. `BUSY`: too much in flight, nothing was sent.
 */
export interface OvsdbError {
  readonly code:
    "REFUSED" | "TRANSACTION_FAILED" | "TIMEOUT" | "DISCONNECTED" | "PROTOCOL" | "BAD_SCHEMA" | "BUSY" | "TOO_LARGE";
  readonly message: string;
  /** For `TRANSACTION_FAILED`: each operation's error and the commit's. */
  readonly errors?: readonly OperationError[];
}

/** Makes an error. */
export function ovsdbError(code: OvsdbError["code"], message: string, errors?: readonly OperationError[]): OvsdbError {
  return { code, message, ...(errors === undefined ? {} : { errors }) };
}
