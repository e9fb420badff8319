// Foreign functions of either runtime behind one interface: C functions of a shared library, and where memory lies.
import { runtimeName } from "../process.ts";
import { bunForeign } from "./foreign-bun.ts";
import { denoForeign } from "./foreign-deno.ts";

declare const pointer: unique symbol;

/** An address. What it is at run time is whatever the runtime passes fastest: only {@link Foreign} makes and reads it. */
export interface ForeignPointer {
  readonly [pointer]: never;
}

/**
 * The shape of a C function: its arguments, a colon, its result. `i` is a C int, `p` a pointer, `l` an unsigned 64-bit
 * number passed as a JavaScript number (slow on Deno), `v` no result. A result can be `i`, `p` or `v`.
 */
export type ForeignShape = `${string}:${"i" | "p" | "v"}`;

/** What a runtime offers. */
export interface Foreign {
  /**
   * The functions of a shared library by symbol; throws what the loader says if the library or a symbol is missing. The
   * caller vouches that `Functions` is what `shapes` says: pointers as {@link ForeignPointer}, numbers as numbers.
   */
  open<Functions extends object>(
    library: string,
    shapes: Readonly<Record<keyof Functions & string, ForeignShape>>,
  ): Functions;
  /**
   * Where `memory[offset]` lies. `memory` must be a view on an ArrayBuffer that was made first and that stays reachable
   * while the pointer is in use: asking a view of Bun for its buffer may move it, and the collector does not see addresses.
   */
  pointerTo(memory: Uint8Array<ArrayBuffer>, offset: number): ForeignPointer;
  /** The null pointer. */
  readonly none: ForeignPointer;
  isNone(pointer: ForeignPointer): boolean;
}

/** The foreign functions of this runtime, or why there are none to be used. Nothing is asked of the user. */
export function openForeign(): Foreign | { readonly refusedAs: string } {
  switch (runtimeName()) {
    case "bun":
      return bunForeign();
    case "deno":
      return denoForeign();
    case "node":
      return { refusedAs: "Node has no foreign functions" };
  }
}
