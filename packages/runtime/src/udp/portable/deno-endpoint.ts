// The contract on Deno.listenDatagram (unstable; deno.json turns "net" on). Its sends are promises, which overtake each other:
// one is under way, a bounded number waits.
import { AddressCache, type UdpAddress, udpAddress } from "../address.ts";
import type { UdpStats } from "../counters.ts";
import { SEND_QUEUE_MAX, type UdpEndpoint } from "../endpoint.ts";
import { messageOf } from "../../runtime-error.ts";
import { UdpError, udpErrorCode } from "../udp-error.ts";
import { PortableBatch } from "./portable-batch.ts";
import type { PortableOptions } from "./portable-options.ts";

interface DenoAddress {
  readonly transport: "udp";
  readonly hostname: string;
  readonly port: number;
}

/** The part of Deno's API that is used here; the workspace is checked with Bun's types. */
interface DenoDatagrams {
  listenDatagram?(options: DenoAddress): DenoConnection;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly to: DenoAddress;
}

interface DenoConnection {
  readonly addr: DenoAddress;
  receive(): Promise<[Uint8Array, DenoAddress]>;
  send(bytes: Uint8Array, to: DenoAddress): Promise<number>;
  close(): void;
}

/** Opens the socket; throws `UdpError`. */
export function openDenoEndpoint(options: PortableOptions): UdpEndpoint {
  const { host, port } = options.socket;
  const wanted = udpAddress(host, port);
  const deno = Reflect.get(globalThis, "Deno") as DenoDatagrams;
  if (deno.listenDatagram === undefined)
    throw new UdpError("UNSUPPORTED", "Cannot open a UDP socket: Deno runs without --unstable-net");
  try {
    const connection = deno.listenDatagram({ transport: "udp", hostname: host, port });
    return new DenoEndpoint(options, connection, { address: wanted.address, port: connection.addr.port });
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    throw new UdpError(udpErrorCode(name), `Cannot bind ${host} port ${port}: ${messageOf(error)}`, error);
  }
}

class DenoEndpoint implements UdpEndpoint {
  readonly local: UdpAddress;
  readonly #options: PortableOptions;
  readonly #connection: DenoConnection;
  readonly #batch: PortableBatch;
  readonly #addresses: AddressCache = new AddressCache();
  readonly #isIpv6: boolean;
  readonly #queueMax: number;
  readonly #queue: Waiting[] = [];
  #isSending = false;
  #isClosed = false;

  constructor(options: PortableOptions, connection: DenoConnection, local: UdpAddress) {
    this.#options = options;
    this.#connection = connection;
    this.local = local;
    this.#isIpv6 = local.address.length === 16;
    this.#queueMax = options.socket.sendQueueMax ?? SEND_QUEUE_MAX;
    this.#batch = new PortableBatch(options.sizes);
    void this.#receiveAll();
  }

  send(bytes: Uint8Array, start: number, end: number, to: UdpAddress): boolean {
    const { counters } = this.#options;
    if (this.#isClosed) return false;
    if (to.address.length === 16 && !this.#isIpv6) {
      counters.drop("send-unreachable");
      return false;
    }
    if (this.#queue.length >= this.#queueMax) {
      counters.drop("send-queue-full");
      return false;
    }
    const hostname = this.#addresses.textOf(to.address, this.#isIpv6);
    this.#queue.push({ bytes: bytes.slice(start, end), to: { transport: "udp", hostname, port: to.port } });
    if (!this.#isSending) void this.#sendAll();
    return true;
  }

  flush(): void {
    // The queue empties by itself.
  }

  stats(): UdpStats {
    return this.#options.counters.stats();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#queue.length > 0) this.#options.counters.drop("send-buffer-full", this.#queue.splice(0).length);
    this.#connection.close();
  }

  async #sendAll(): Promise<void> {
    const { counters } = this.#options;
    this.#isSending = true;
    while (this.#queue.length > 0) {
      for (const { bytes, to } of this.#queue.splice(0)) {
        try {
          counters.sent(1, await this.#connection.send(bytes, to), 1);
        } catch (error) {
          counters.drop(messageOf(error).includes("os error 90") ? "send-too-large" : "send-unreachable");
        }
      }
    }
    this.#isSending = false;
  }

  async #receiveAll(): Promise<void> {
    const { counters, onBatch } = this.#options;
    while (!this.#isClosed) {
      try {
        const [bytes, from] = await this.#connection.receive();
        if (this.#batch.fill(bytes, this.#addresses.bytesOf(from.hostname), from.port)) {
          counters.received(1, bytes.length);
          onBatch(this.#batch, this);
        } else {
          counters.drop("received-truncated");
        }
      } catch (error) {
        // A closed socket ends the wait with an error. Any other belongs to an earlier datagram (ICMP).
        if (this.#isClosed) return;
        if (error instanceof Error && error.name !== "ConnectionRefused" && error.name !== "ConnectionReset")
          throw error;
      }
    }
  }
}
