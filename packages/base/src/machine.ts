// The shape of every protocol core: one mutation, then drain the outputs, then wait for the next deadline.
import type { Millis } from "./brand.ts";

/**
 * A sans-I/O protocol machine. The driver waits for an input or the deadline, calls `handle` once, calls `poll` until it
 * answers `undefined`, then arms one timer for `nextTimeout`. Inputs and outputs are unions on `kind`.
 */
export interface Machine<Input, Output> {
  /** Applies one input: bytes, a command, or the passing of time. */
  handle(input: Input, now: Millis): void;
  /** The next output, or `undefined` when drained. */
  poll(): Output | undefined;
  /** The earliest deadline at which `handle` must be called with a timeout input, if any. */
  nextTimeout(): Millis | undefined;
}
