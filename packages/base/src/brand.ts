// Nominal types over plain values: a `Millis` is not any number, a `ResourceVersion` not any string.

declare const brand: unique symbol;

/** `T` that only code which checked it can make. The brand exists at type level only. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Milliseconds on a monotonic clock whose zero has no meaning; subtract two of them, never print one. */
export type Millis = Brand<number, "Millis">;

/** Takes a number as monotonic milliseconds. */
export function millis(value: number): Millis {
  return value as Millis;
}
