// Outcomes as values: errors that arrive from outside are returned, not thrown.

/** A success with its value. */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

/** A failure with its error. */
export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

/** Either a value or an error; test `ok` first. */
export type Result<T, E> = Ok<T> | Err<E>;

/** Wraps a success. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** Wraps a failure. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}
