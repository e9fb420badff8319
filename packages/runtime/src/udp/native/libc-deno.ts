// The C library through Deno's foreign functions (Deno.dlopen; needs --allow-ffi).
import { type ForeignLibrary, LIBC_SYMBOLS } from "./libc-symbols.ts";

/** The part of Deno's API that is used here; the workspace is checked with Bun's types. */
interface DenoForeign {
  dlopen(
    name: string,
    symbols: Record<string, { parameters: string[]; result: string }>,
  ): { symbols: Record<string, (...values: unknown[]) => unknown> };
  readonly UnsafePointer: { of(memory: Uint8Array): unknown; value(pointer: unknown): bigint | number };
  readonly UnsafePointerView: new (pointer: unknown) => { getInt32(offset: number): number };
}

const TYPES: Readonly<Record<string, string>> = { i: "i32", p: "u64", l: "i64", b: "buffer" };

/** Opens the library called `name`; throws what the loader says, or that foreign functions are not allowed. */
export function openDenoLibc(name: string): ForeignLibrary {
  const deno = Reflect.get(globalThis, "Deno") as DenoForeign;
  const functions = Object.fromEntries(
    Object.entries(LIBC_SYMBOLS).map(([symbol, shape]) => {
      const [parameters = "", result = ""] = shape.split(":");
      return [
        symbol,
        { parameters: parameters.split("").map((letter) => TYPES[letter] ?? "i32"), result: TYPES[result] ?? "i32" },
      ];
    }),
  );
  const { symbols } = deno.dlopen(name, { ...functions, __errno_location: { parameters: [], result: "pointer" } });
  const errnoView = new deno.UnsafePointerView(symbols["__errno_location"]?.());
  return {
    call: (symbol) => {
      const foreign = symbols[symbol] as (...values: unknown[]) => unknown;
      // 64-bit results are bigints; these are byte counts.
      return LIBC_SYMBOLS[symbol].endsWith(":l")
        ? (...values) => Number(foreign(...values))
        : (foreign as (...values: unknown[]) => number);
    },
    errno: () => errnoView.getInt32(0),
    addressOf: (memory) => Number(deno.UnsafePointer.value(deno.UnsafePointer.of(memory))),
  };
}
