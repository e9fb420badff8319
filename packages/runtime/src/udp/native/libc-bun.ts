// The C library through Bun's foreign functions (bun:ffi).
import type { Pointer } from "bun:ffi";
import { type ForeignLibrary, LIBC_SYMBOLS } from "./libc-symbols.ts";

/** Opens the library called `name`; throws what the loader says. */
export async function openBunLibc(name: string): Promise<ForeignLibrary> {
  const { dlopen, FFIType, ptr, read } = await import("bun:ffi");
  // The long results are byte counts of single calls: they fit a C int. Addresses are passed as integers.
  const types = { i: FFIType.i32, p: FFIType.u64, l: FFIType.i64_fast, b: FFIType.ptr } as const;
  const typeOf = (letter: string): (typeof types)[keyof typeof types] => types[letter as keyof typeof types];
  const functions = Object.fromEntries(
    Object.entries(LIBC_SYMBOLS).map(([symbol, shape]) => {
      const [parameters = "", result = ""] = shape.split(":");
      return [symbol, { args: parameters.split("").map(typeOf), returns: typeOf(result) }];
    }),
  );
  const { symbols } = dlopen(name, { ...functions, __errno_location: { args: [], returns: FFIType.ptr } });
  const errnoLocation: unknown = Reflect.apply(symbols.__errno_location, undefined, []);
  return {
    call: (symbol) => (symbols as Record<string, unknown>)[symbol] as (...values: (number | Uint8Array)[]) => number,
    errno: () => read.i32(errnoLocation as Pointer, 0),
    addressOf: (memory) => ptr(memory),
  };
}
