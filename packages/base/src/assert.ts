// Assertions for programmer errors: they throw, the process crashes, its supervisor restarts it.

/** A broken invariant of our own code. Never thrown for bad input from outside. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
  readonly code = "ASSERTION_FAILED" as const;
}

/** Throws {@link AssertionError} unless `condition` holds; `message` says which invariant broke and the current value. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that the types rule out; throws {@link AssertionError} with the value that got there. */
export function unreachable(value: never): never {
  throw new AssertionError(`Cannot reach this branch: value is ${JSON.stringify(value)}`);
}
