// Forbids this thread, and those it starts from here on, the batch calls: seccomp(2), as strict container profiles do.
import { runtimeName } from "../../process.ts";

const PR_SET_SECCOMP = 22;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_MODE_FILTER = 2;
const LOAD_WORD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const REFUSE_WITH_EPERM = 0x0005_0001;
/** recvmmsg and sendmmsg by architecture. */
const CALLS = process.arch === "arm64" ? [243, 269] : [299, 307];

/** The option and its four arguments. */
type Prctl = (...values: number[]) => number;

/** Installs the filter; throws if the system does not take it. */
export async function refuseBatches(): Promise<void> {
  const [receive = 0, send = 0] = CALLS;
  const code = [
    [LOAD_WORD, 0, 0, 0],
    [JUMP_IF_EQUAL, 1, 0, receive],
    [JUMP_IF_EQUAL, 0, 1, send],
    [RETURN, 0, 0, REFUSE_WITH_EPERM],
    [RETURN, 0, 0, ALLOW],
  ];
  const filter = new DataView(new ArrayBuffer(code.length * 8));
  for (const [index, [operation = 0, ifTrue = 0, ifFalse = 0, operand = 0]] of code.entries()) {
    filter.setUint16(index * 8, operation, true);
    filter.setUint8(index * 8 + 2, ifTrue);
    filter.setUint8(index * 8 + 3, ifFalse);
    filter.setUint32(index * 8 + 4, operand, true);
  }
  const program = new DataView(new ArrayBuffer(16));
  program.setUint16(0, code.length, true);
  const { prctl, addressOf } = await openPrctl();
  program.setBigUint64(8, BigInt(addressOf(new Uint8Array(filter.buffer))), true);
  const isSet =
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0 &&
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, addressOf(new Uint8Array(program.buffer)), 0, 0) === 0;
  if (!isSet) throw new Error("Cannot forbid the batch calls: the system refuses the filter");
}

async function openPrctl(): Promise<{ prctl: Prctl; addressOf: (bytes: Uint8Array) => number }> {
  if (runtimeName() === "bun") {
    const { dlopen, FFIType, ptr } = await import("bun:ffi");
    const { u64, i32 } = FFIType;
    const { symbols } = dlopen("libc.so.6", { prctl: { args: [i32, u64, u64, u64, u64], returns: i32 } });
    return { prctl: symbols.prctl as Prctl, addressOf: ptr };
  }
  const deno = Reflect.get(globalThis, "Deno") as {
    dlopen(name: string, symbols: object): { symbols: { prctl: Prctl } };
    UnsafePointer: { of(bytes: Uint8Array): unknown; value(pointer: unknown): bigint };
  };
  const prctl = { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" };
  const { symbols } = deno.dlopen("libc.so.6", { prctl });
  const addressOf = (bytes: Uint8Array): number => Number(deno.UnsafePointer.value(deno.UnsafePointer.of(bytes)));
  return { prctl: symbols.prctl, addressOf };
}
