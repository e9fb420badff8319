// Foreign functions of Deno (Deno.dlopen; needs --allow-ffi). Pointers are Deno's pointer objects: they are passed fastest.
import type { Foreign, ForeignPointer } from "./foreign.ts";

/** The part of Deno's API that is used here; the workspace is checked with Bun's types. */
interface DenoApi {
  dlopen(
    name: string,
    symbols: Readonly<Record<string, { readonly parameters: readonly string[]; readonly result: string }>>,
  ): { readonly symbols: object };
  readonly permissions: { querySync(wanted: { readonly name: "ffi" }): { readonly state: string } };
  readonly UnsafePointer: {
    of(memory: Uint8Array): ForeignPointer | null;
    offset(pointer: ForeignPointer, bytes: number): ForeignPointer;
  };
}

const TYPES: Readonly<Record<string, string>> = { i: "i32", l: "u64", p: "pointer", v: "void" };

/** Refused without the permission, which is not asked for: a service has nobody to ask. */
export function denoForeign(): Foreign | { readonly refusedAs: string } {
  const deno = Reflect.get(globalThis, "Deno") as DenoApi;
  const { state } = deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted") return { refusedAs: `Deno runs without --allow-ffi (${state})` };
  const none = null as unknown as ForeignPointer;
  return {
    open: (library, shapes) => {
      const functions = Object.fromEntries(
        Object.entries<string>(shapes).map(([symbol, shape]) => {
          const [parameters = "", result = ""] = shape.split(":");
          const types = parameters.split("").map((letter) => TYPES[letter] ?? "void");
          return [symbol, { parameters: types, result: TYPES[result] ?? "void" }];
        }),
      );
      return deno.dlopen(library, functions).symbols as never;
    },
    pointerTo: (memory, offset) => {
      const start = deno.UnsafePointer.of(memory);
      return start === null || offset === 0 ? (start ?? none) : deno.UnsafePointer.offset(start, offset);
    },
    none,
    isNone: (pointer) => (pointer as unknown) === null,
  };
}
