// Options of a native socket: buffer sizes, sharing a port, steering, and what the kernel says it dropped.
import type { Steering, UdpSocketOptions } from "../endpoint.ts";
import { UdpError } from "../udp-error.ts";
import {
  AF_INET6,
  errnoName,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_ATTACH_REUSEPORT_CBPF,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDTIMEO,
  SOL_SOCKET,
  SOL_UDP,
  UDP_GRO,
} from "./constants.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { compileSteering, INSTRUCTION_SIZE_BYTES } from "./steering.ts";

const BUFFER_BYTES = 4 << 20;
/** A full send buffer stops the thread for this long at most; then the rest of the batch is dropped and counted. */
const SEND_WAIT_MICROS = 20_000;
/** Index of the drop counter in what SO_MEMINFO answers, and its words. */
const MEMINFO_DROPS = 8;
const MEMINFO_WORDS = 9;

/** The socket whose options are set. */
export interface OptionTarget {
  readonly libc: Libc;
  readonly fd: number;
  readonly family: number;
  readonly options: UdpSocketOptions;
  readonly shared: boolean;
}

/** Sets what must be set before bind. Sizes that the system refuses stay at its default. */
export function applySocketOptions({ libc, fd, family, options, shared }: OptionTarget): void {
  const set = (name: number, value: Uint8Array): boolean => libc.setsockopt(fd, SOL_SOCKET, name, value) === 0;
  setReceiveBuffer(libc, fd, options.receiveBufferBytes);
  set(SO_SNDBUF, int(BUFFER_BYTES));
  const wait = new Uint8Array(16);
  new DataView(wait.buffer).setUint32(8, SEND_WAIT_MICROS, true);
  set(SO_SNDTIMEO, wait);
  // Refused by kernels before 5.0: then each datagram comes by itself.
  if (options.coalesce === true) libc.setsockopt(fd, SOL_UDP, UDP_GRO, int(1));
  if (family === AF_INET6) libc.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, int(options.host === "::" ? 0 : 1));
  if (shared && !set(SO_REUSEPORT, int(1))) {
    const text = `Cannot share port ${options.port} between threads: the system says ${errnoName(libc.errno())}`;
    throw new UdpError("UNSUPPORTED", text);
  }
}

/** Room of the kernel's queue of `fd`, 4 MiB unless told otherwise; a size that the system refuses stays at its default. */
export function setReceiveBuffer(libc: Libc, fd: number, sizeBytes: number = BUFFER_BYTES): void {
  const size = int(sizeBytes);
  // Beyond rmem_max only with CAP_NET_ADMIN.
  if (libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size) !== 0) libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size);
}

/** Attaches the program to the group of the bound socket `fd`; answers why not, if refused. */
export function attachSteering(libc: Libc, fd: number, steering: Steering): string | undefined {
  const code = compileSteering(steering);
  const memory = new NativeMemory(libc, code.length);
  memory.bytes.set(code);
  const program = new NativeMemory(libc, 16);
  program.words[0] = code.length / INSTRUCTION_SIZE_BYTES;
  program.writePointer(2, memory.address);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program.bytes) === 0) return undefined;
  return `steering is refused (${errnoName(libc.errno())})`;
}

/** Datagrams the kernel dropped for want of room since the socket was opened; undefined where it does not say. */
export function kernelDrops(libc: Libc, fd: number): number | undefined {
  const memory = new NativeMemory(libc, MEMINFO_WORDS * 4 + 4);
  memory.words[MEMINFO_WORDS] = MEMINFO_WORDS * 4;
  const place = [memory.address, memory.address + MEMINFO_WORDS * 4] as const;
  return libc.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, place) === 0 ? memory.words[MEMINFO_DROPS] : undefined;
}

function int(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}
