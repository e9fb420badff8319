// Foreign functions of Bun (bun:ffi). Pointers are numbers: user space ends below 2^48.
import process from "node:process";
import type * as BunFfi from "bun:ffi";
import type { Foreign, ForeignPointer } from "./foreign.ts";

/** Loaded when first used, as most processes call nothing foreign. */
export function bunForeign(): Foreign {
  const ffi: typeof BunFfi = process.getBuiltinModule("bun:ffi" as "process") as unknown as typeof BunFfi;
  const { dlopen, FFIType, ptr } = ffi;
  const types: Readonly<Record<string, BunFfi.FFIType>> = {
    i: FFIType.i32,
    l: FFIType.u64,
    // As an integer: the pointer type looks at what it is given first.
    p: FFIType.u64,
    v: FFIType.void,
  };
  const asPointer = (value: number): ForeignPointer => value as unknown as ForeignPointer;
  return {
    open: (library, shapes) => {
      const functions = Object.fromEntries(
        Object.entries<string>(shapes).map(([symbol, shape]) => {
          const [parameters = "", result = ""] = shape.split(":");
          const args = parameters.split("").map((letter) => types[letter] ?? FFIType.void);
          // A null pointer would come back as null, and an integer of 64 bits as a bigint.
          return [symbol, { args, returns: result === "p" ? FFIType.u64_fast : (types[result] ?? FFIType.void) }];
        }),
      );
      return dlopen(library, functions).symbols as never;
    },
    pointerTo: (memory, offset) => asPointer(ptr(memory) + offset),
    none: asPointer(0),
    isNone: (pointer) => (pointer as unknown as number) === 0,
  };
}
