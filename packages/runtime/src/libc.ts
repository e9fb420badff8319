// The system calls that neither runtime offers: raw sockets and network namespaces, from the C library by foreign functions.
import { runtimeName } from "./process.ts";

/** C functions as they are (man pages section 2 and 3); texts are bytes ending in zero. Negative results mean failure. */
export interface Libc {
  open(path: Uint8Array, flags: number): number;
  close(descriptor: number): number;
  setns(descriptor: number, type: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(descriptor: number, address: Uint8Array, sizeBytes: number): number;
  connect(descriptor: number, address: Uint8Array, sizeBytes: number): number;
  send(descriptor: number, data: Uint8Array, sizeBytes: bigint, flags: number): number;
  recv(descriptor: number, buffer: Uint8Array, sizeBytes: bigint, flags: number): number;
  poll(descriptors: Uint8Array, count: bigint, timeoutMs: number): number;
  if_nametoindex(name: Uint8Array): number;
  /** Number of the last failure. */
  errno(): number;
}

const NAMES = ["libc.so.6", "libc.so"];
/** Argument kinds: d a 32-bit number, b bytes, l a 64-bit number. Every result is a 32-bit number: no call moves 2 GiB. */
const SIGNATURES: Readonly<Record<Exclude<keyof Libc, "errno">, string>> = {
  open: "bd",
  close: "d",
  setns: "dd",
  socket: "ddd",
  bind: "dbd",
  connect: "dbd",
  send: "dbld",
  recv: "dbld",
  poll: "bld",
  if_nametoindex: "b",
};

type Functions = Omit<Libc, "errno">;
type Foreign = Readonly<Record<string, (...values: never[]) => unknown>>;

let loaded: Promise<Libc> | undefined;

/** The C library; rejects where there is none to load, such as on another system. */
export function openLibc(): Promise<Libc> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Libc> {
  let failure: unknown;
  for (const name of NAMES) {
    try {
      return runtimeName() === "deno" ? loadByDeno(name) : await loadByBun(name);
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw failure;
}

async function loadByBun(name: string): Promise<Libc> {
  const { dlopen, read } = await import("bun:ffi");
  const kinds = { d: "i32", b: "ptr", l: "u64" } as const;
  const kindOf = (letter: string): "i32" | "ptr" | "u64" =>
    letter === "d" ? kinds.d : letter === "b" ? kinds.b : kinds.l;
  const wanted = Object.entries(SIGNATURES).map(
    ([symbol, letters]) => [symbol, { args: letters.split("").map(kindOf), returns: "i32" }] as const,
  );
  const { symbols } = dlopen(name, {
    ...Object.fromEntries(wanted),
    __errno_location: { args: [], returns: "ptr" },
  });
  const functions: Foreign = symbols;
  const location = symbols.__errno_location();
  return withErrno(functions, () => (location === null ? 0 : read.i32(location, 0)));
}

interface DenoForeign {
  dlopen(name: string, symbols: Readonly<Record<string, unknown>>): { readonly symbols: Foreign };
  readonly UnsafePointerView: new (pointer: unknown) => { getInt32(): number };
}

function loadByDeno(name: string): Libc {
  const deno = Reflect.get(globalThis, "Deno") as DenoForeign;
  const kinds: Readonly<Record<string, string>> = { d: "i32", b: "buffer", l: "u64" };
  const wanted = Object.entries(SIGNATURES).map(
    ([symbol, letters]) =>
      [symbol, { parameters: letters.split("").map((letter) => kinds[letter]), result: "i32" }] as const,
  );
  const { symbols } = deno.dlopen(name, {
    ...Object.fromEntries(wanted),
    __errno_location: { parameters: [], result: "pointer" },
  });
  const pointer = symbols["__errno_location"]?.();
  return withErrno(symbols, () => new deno.UnsafePointerView(pointer).getInt32());
}

function withErrno(functions: Foreign, errno: () => number): Libc {
  return { ...(functions as unknown as Functions), errno };
}
