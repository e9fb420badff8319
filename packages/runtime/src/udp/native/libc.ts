// The system calls of the packet path: one interface over Bun's and Deno's foreign functions. 64-bit little endian Linux.
import { runtimeName } from "../../process.ts";
import { messageOf } from "../../runtime-error.ts";
import { openBunLibc } from "./libc-bun.ts";
import { openDenoLibc } from "./libc-deno.ts";
import type { ForeignLibrary } from "./libc-symbols.ts";

/**
 * C functions by their C names. Addresses are plain numbers: user space ends below 2^48. Every call answers −1 on failure;
 * `errno` is then to be read at once.
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: number, sizeBytes: number): number;
  getsockname(fd: number, address: number, sizeAddress: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  getsockopt(fd: number, level: number, name: number, memory: readonly [value: number, size: number]): number;
  close(fd: number): number;
  recvmmsg(fd: number, headers: number, count: number, flags: number): number;
  sendmmsg(fd: number, headers: number, count: number, flags: number): number;
  recvmsg(fd: number, header: number, flags: number): number;
  sendmsg(fd: number, header: number, flags: number): number;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, fd: number, event: number): number;
  epollWait(epoll: number, events: number, countMax: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  read(fd: number, address: number, sizeBytes: number): number;
  write(fd: number, address: number, sizeBytes: number): number;
  errno(): number;
  /** Where `memory` lies. It must be a view on an ArrayBuffer made first, and stay reachable while the address is used. */
  addressOf(memory: Uint8Array): number;
}

/** glibc, then musl by architecture: containers of both kinds are common. */
const LIBRARIES: readonly string[] = [
  "libc.so.6",
  process.arch === "arm64" ? "libc.musl-aarch64.so.1" : "libc.musl-x86_64.so.1",
];

/** The C library, or why there is none to be used. Opened once. */
export function openLibc(): Promise<Libc | { readonly refusedAs: string }> {
  opened ??= open();
  return opened;
}

let opened: Promise<Libc | { readonly refusedAs: string }> | undefined;

async function open(): Promise<Libc | { readonly refusedAs: string }> {
  if (process.platform !== "linux")
    return { refusedAs: `the batch calls are Linux's: platform is ${process.platform}` };
  if (process.arch !== "x64" && process.arch !== "arm64")
    return { refusedAs: `structures are laid out for x64 and arm64: architecture is ${process.arch}` };
  if (runtimeName() === "node") return { refusedAs: "Node has no foreign functions" };
  const refusals: string[] = [];
  for (const name of LIBRARIES) {
    try {
      const library = runtimeName() === "bun" ? await openBunLibc(name) : openDenoLibc(name);
      return bindLibc(library);
    } catch (error) {
      refusals.push(`${name}: ${messageOf(error).split("\n", 1)[0] ?? ""}`);
    }
  }
  return { refusedAs: `no C library can be opened (${refusals.join("; ")})` };
}

function bindLibc(library: ForeignLibrary): Libc {
  const recvmmsg = library.call("recvmmsg");
  const setsockopt = library.call("setsockopt");
  const getsockopt = library.call("getsockopt");
  return {
    socket: library.call("socket"),
    bind: library.call("bind"),
    getsockname: library.call("getsockname"),
    setsockopt: (fd, level, name, value) => setsockopt(fd, level, name, value, value.length),
    getsockopt: (fd, level, name, [value, size]) => getsockopt(fd, level, name, value, size),
    close: library.call("close"),
    recvmmsg: (fd, headers, count, flags) => recvmmsg(fd, headers, count, flags, 0),
    sendmmsg: library.call("sendmmsg"),
    recvmsg: library.call("recvmsg"),
    sendmsg: library.call("sendmsg"),
    epollCreate: library.call("epoll_create1"),
    epollControl: library.call("epoll_ctl"),
    epollWait: library.call("epoll_wait"),
    eventfd: library.call("eventfd"),
    read: library.call("read"),
    write: library.call("write"),
    errno: () => library.errno(),
    addressOf: (memory) => library.addressOf(memory),
  };
}
