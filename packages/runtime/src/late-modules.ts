// Modules of the runtime that take milliseconds to load and that no process needs before it serves: loaded when first used.
import type * as Http2 from "node:http2";
import process from "node:process";
import type * as Zlib from "node:zlib";

/** `node:http2`. The first call blocks for about 5 ms, later ones look it up. */
export function http2Module(): typeof Http2 {
  return process.getBuiltinModule("node:http2");
}

/** `node:zlib`. The first call blocks for about 2 ms, later ones look it up. */
export function zlibModule(): typeof Zlib {
  return process.getBuiltinModule("node:zlib");
}
