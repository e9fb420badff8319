// The contract on Bun.udpSocket. Sends are gathered into sendMany: up to a threshold, or to the end of the loop's turn.
import { AddressCache, type UdpAddress, udpAddress } from "../address.ts";
import type { UdpStats } from "../counters.ts";
import { SEND_QUEUE_MAX, type UdpEndpoint } from "../endpoint.ts";
import { codeOf, messageOf } from "../../runtime-error.ts";
import { KernelDrops } from "../native/kernel-drops.ts";
import type { Libc } from "../native/libc.ts";
import { setReceiveBuffer } from "../native/socket-options.ts";
import { UdpError, udpErrorCode } from "../udp-error.ts";
import { PortableBatch } from "./portable-batch.ts";
import type { PortableOptions } from "./portable-options.ts";

/** Bun cuts sendMany into system calls of 204 datagrams; fewer need one. */
const SEND_MANY_MAX = 192;

type BunSocket = Bun.udp.Socket<"uint8array">;

/** Opens the socket; throws `UdpError`. With `libc` its kernel queue has the room that is asked for, and tells what it dropped. */
export async function openBunEndpoint(options: PortableOptions, libc: Libc | undefined): Promise<UdpEndpoint> {
  const wanted = udpAddress(options.socket.host, options.socket.port);
  const endpoint = new BunEndpoint(options);
  try {
    const socket = await Bun.udpSocket({
      hostname: options.socket.host,
      port: options.socket.port,
      binaryType: "uint8array",
      socket: {
        data: (_socket, bytes, port, host) => endpoint.received(bytes, port, host),
        drain: () => endpoint.drained(),
        // ICMP errors of earlier datagrams; they belong to no call.
        error: () => undefined,
      },
    });
    endpoint.attach(socket, { address: wanted.address, port: socket.port });
    if (libc !== undefined) endpoint.tune(libc);
    return endpoint;
  } catch (error) {
    const text = `Cannot bind ${options.socket.host} port ${options.socket.port}: ${messageOf(error)}`;
    throw new UdpError(udpErrorCode(codeOf(error)), text, error);
  }
}

class BunEndpoint implements UdpEndpoint {
  local: UdpAddress = { address: new Uint8Array(4), port: 0 };
  readonly #options: PortableOptions;
  readonly #batch: PortableBatch;
  readonly #addresses: AddressCache = new AddressCache();
  readonly #queueMax: number;
  /** Triples of bytes, port and host, as sendMany takes them. */
  #queue: (Uint8Array | number | string)[] = [];
  #socket: BunSocket | undefined;
  #kernelDrops: KernelDrops | undefined;
  #isIpv6 = false;
  #isScheduled = false;
  #isBlocked = false;

  constructor(options: PortableOptions) {
    this.#options = options;
    this.#batch = new PortableBatch(options.sizes);
    this.#queueMax = options.socket.sendQueueMax ?? SEND_QUEUE_MAX;
  }

  attach(socket: BunSocket, local: UdpAddress): void {
    this.#socket = socket;
    this.local = local;
    this.#isIpv6 = local.address.length === 16;
  }

  /** What Bun has no calls for: without it a few hundred datagrams fill the queue while this thread is busy. */
  tune(libc: Libc): void {
    const fd: unknown = this.#socket === undefined ? undefined : Reflect.get(this.#socket, "fd");
    if (typeof fd !== "number" || fd < 0) return;
    const { socket, counters } = this.#options;
    setReceiveBuffer(libc, fd, socket.receiveBufferBytes);
    this.#kernelDrops = new KernelDrops(libc, fd, counters);
  }

  received(bytes: Uint8Array, port: number, host: string): void {
    if (this.#socket === undefined) return;
    const { counters, onBatch } = this.#options;
    if (!this.#batch.fill(bytes, this.#addresses.bytesOf(host), port)) {
      counters.drop("received-truncated");
      return;
    }
    counters.received(1, bytes.length);
    onBatch(this.#batch, this);
  }

  drained(): void {
    this.#isBlocked = false;
    this.flush();
  }

  send(bytes: Uint8Array, start: number, end: number, to: UdpAddress): boolean {
    const { counters } = this.#options;
    if (this.#socket === undefined) return false;
    if (to.address.length === 16 && !this.#isIpv6) {
      counters.drop("send-unreachable");
      return false;
    }
    if (this.#queue.length >= this.#queueMax * 3) {
      counters.drop("send-queue-full");
      return false;
    }
    this.#queue.push(bytes.slice(start, end), to.port, this.#addresses.textOf(to.address, this.#isIpv6));
    if (this.#queue.length >= SEND_MANY_MAX * 3 && !this.#isBlocked) this.flush();
    else this.#schedule();
    return true;
  }

  flush(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    while (this.#queue.length > 0 && !this.#isBlocked) {
      const some = this.#queue.splice(0, SEND_MANY_MAX * 3);
      const sent = this.#sendMany(socket, some);
      const unsent = some.slice(sent * 3);
      if (unsent.length === 0) continue;
      this.#queue = [...unsent, ...this.#queue];
      this.#isBlocked = true;
      // `drain` may stay away after a partial failure, so the turn after this one tries again.
      this.#schedule();
    }
  }

  stats(): UdpStats {
    this.#kernelDrops?.read();
    return this.#options.counters.stats();
  }

  close(): void {
    this.#isBlocked = false;
    this.flush();
    if (this.#queue.length > 0) this.#options.counters.drop("send-buffer-full", this.#queue.length / 3);
    this.#queue = [];
    this.#kernelDrops?.read();
    this.#kernelDrops = undefined;
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** How many of `some` are done with: sent, or refused and counted. */
  #sendMany(socket: BunSocket, some: (Uint8Array | number | string)[]): number {
    const { counters } = this.#options;
    try {
      const sent = socket.sendMany(some);
      if (sent > 0) counters.sent(sent, sizeOf(some, sent), sent);
      return sent;
    } catch {
      return this.#sendEach(socket, some);
    }
  }

  /** After a failure nobody can place: one by one, so that one bad address costs one datagram. */
  #sendEach(socket: BunSocket, some: (Uint8Array | number | string)[]): number {
    const { counters } = this.#options;
    for (let index = 0; index < some.length; index += 3) {
      const [bytes, port, host] = some.slice(index, index + 3) as [Uint8Array, number, string];
      try {
        if (!socket.send(bytes, port, host)) return index / 3;
        counters.sent(1, bytes.length, 1);
      } catch (error) {
        counters.drop(codeOf(error) === "EMSGSIZE" ? "send-too-large" : "send-unreachable");
      }
    }
    return some.length / 3;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#isBlocked = false;
      this.flush();
    });
  }
}

function sizeOf(some: readonly (Uint8Array | number | string)[], datagrams: number): number {
  let bytes = 0;
  for (let index = 0; index < datagrams; index++) bytes += (some[index * 3] as Uint8Array).length;
  return bytes;
}
