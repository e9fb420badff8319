// Raw sockets inside a network namespace: ICMP for a ping, packet sockets to see and send whole frames (raw(7), packet(7)).
import { assert } from "@coracle/base";
import { type Libc, openLibc } from "./libc.ts";
import { RuntimeError } from "./runtime-error.ts";

/** A raw socket that could not be made or used; `code` is errno's name, such as `EPERM`, or `UNSUPPORTED`. */
export class RawSocketError extends RuntimeError {
  override readonly name = "RawSocketError";
}

/** Which socket. */
export type RawSocketOptions = {
  /** The network namespace's name (`ip netns`); absent: the one this process is in. */
  readonly namespace?: string | undefined;
} & (
  | {
      /** ICMP with one peer: sends ICMP messages, receives them with their IPv4 header. */
      readonly kind: "icmp";
      /** The peer's IPv4 address, 4 bytes. */
      readonly peer: Uint8Array;
    }
  | {
      /** Whole Ethernet frames of one device, both directions when receiving. */
      readonly kind: "packet";
      readonly device: string;
    }
);

/** An open raw socket. Never blocks longer than the wait that is asked for. */
export interface RawSocket {
  /** Sends one message or frame. Throws {@link RawSocketError} with the system's refusal. */
  send(data: Uint8Array): void;
  /** The next message or frame if one is there or comes within `waitMs` (at most 10, since it stops this thread). */
  receive(waitMs?: number): Uint8Array | undefined;
  close(): void;
}

const AF_INET = 2;
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const O_CLOEXEC = 0x80000;
const IPPROTO_ICMP = 1;
const ETH_P_ALL = 0x0003;
const CLONE_NEWNET = 0x40000000;
const POLLIN = 1;
const WAIT_MS_MAX = 10;
const FRAME_SIZE_BYTES_MAX = 65_536;
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  13: "EACCES",
  19: "ENODEV",
  22: "EINVAL",
  90: "EMSGSIZE",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  105: "ENOBUFS",
  113: "EHOSTUNREACH",
};

/** Opens a raw socket; needs the rights for it (root, or CAP_NET_RAW and for a namespace CAP_SYS_ADMIN). */
export async function openRawSocket(options: RawSocketOptions): Promise<RawSocket> {
  let libc: Libc;
  try {
    libc = await openLibc();
  } catch (thrown) {
    throw new RawSocketError("UNSUPPORTED", "Cannot open a raw socket: the C library cannot be loaded here", thrown);
  }
  const descriptor =
    options.namespace === undefined
      ? makeSocket(libc, options)
      : insideNamespace(libc, options.namespace, () => makeSocket(libc, options));
  return new OpenRawSocket(libc, descriptor);
}

/**
 * Runs `body` with this thread in another network namespace and brings it back. Synchronous, so that no other code of this thread
 * sees the change; sockets stay where they were made (setns(2)).
 */
function insideNamespace(libc: Libc, name: string, body: () => number): number {
  const own = checked(libc, libc.open(zeroEnded("/proc/thread-self/ns/net"), O_CLOEXEC), "open this network namespace");
  try {
    const other = checked(
      libc,
      libc.open(zeroEnded(`/run/netns/${name}`), O_CLOEXEC),
      `open network namespace ${name}`,
    );
    try {
      checked(libc, libc.setns(other, CLONE_NEWNET), `enter network namespace ${name}`);
    } finally {
      libc.close(other);
    }
    try {
      return body();
    } finally {
      assert(libc.setns(own, CLONE_NEWNET) === 0, `Cannot leave network namespace ${name}: errno is ${libc.errno()}`);
    }
  } finally {
    libc.close(own);
  }
}

function makeSocket(libc: Libc, options: RawSocketOptions): number {
  const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const isIcmp = options.kind === "icmp";
  const made = isIcmp
    ? libc.socket(AF_INET, type, IPPROTO_ICMP)
    : libc.socket(AF_PACKET, type, ((ETH_P_ALL & 0xff) << 8) | (ETH_P_ALL >> 8));
  const descriptor = checked(libc, made, "make a raw socket");
  try {
    if (isIcmp) {
      checked(libc, libc.connect(descriptor, inetAddress(options.peer), 16), "name the peer of an ICMP socket");
    } else {
      const index = libc.if_nametoindex(zeroEnded(options.device));
      if (index === 0)
        throw new RawSocketError("ENODEV", `Cannot open a packet socket: there is no device ${options.device}`);
      checked(libc, libc.bind(descriptor, linkAddress(index), 20), `bind a packet socket to ${options.device}`);
    }
    return descriptor;
  } catch (thrown) {
    libc.close(descriptor);
    throw thrown;
  }
}

class OpenRawSocket implements RawSocket {
  readonly #libc: Libc;
  readonly #buffer = new Uint8Array(FRAME_SIZE_BYTES_MAX);
  #descriptor: number;

  constructor(libc: Libc, descriptor: number) {
    this.#libc = libc;
    this.#descriptor = descriptor;
  }

  send(data: Uint8Array): void {
    checked(this.#libc, this.#libc.send(this.#open(), data, BigInt(data.length), 0), `send ${data.length} bytes`);
  }

  receive(waitMs = 0): Uint8Array | undefined {
    const descriptor = this.#open();
    if (waitMs > 0) {
      const request = new DataView(new ArrayBuffer(8));
      request.setInt32(0, descriptor, true);
      request.setInt16(4, POLLIN, true);
      this.#libc.poll(new Uint8Array(request.buffer), 1n, Math.min(waitMs, WAIT_MS_MAX));
    }
    const sizeBytes = this.#libc.recv(descriptor, this.#buffer, BigInt(this.#buffer.length), 0);
    // An error queued on the socket (a host unreachable, a device down) is no message: whoever waits for one waits on.
    return sizeBytes < 0 ? undefined : this.#buffer.slice(0, sizeBytes);
  }

  close(): void {
    if (this.#descriptor >= 0) this.#libc.close(this.#descriptor);
    this.#descriptor = -1;
  }

  #open(): number {
    assert(this.#descriptor >= 0, "Cannot use a raw socket: it is closed");
    return this.#descriptor;
  }
}

function checked(libc: Libc, result: number, action: string): number {
  if (result >= 0) return result;
  const errno = libc.errno();
  const code = ERRNO_NAMES[errno] ?? `ERRNO_${errno}`;
  throw new RawSocketError(code, `Cannot ${action}: the system said ${code}`);
}

function zeroEnded(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** struct sockaddr_in; numbers of the host's order are little-endian on every machine we build for. */
function inetAddress(address: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[0] = AF_INET;
  bytes.set(address.subarray(0, 4), 4);
  return bytes;
}

/** struct sockaddr_ll for all protocols of one device. */
function linkAddress(index: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(20));
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ETH_P_ALL, false);
  view.setInt32(4, index, true);
  return new Uint8Array(view.buffer);
}
