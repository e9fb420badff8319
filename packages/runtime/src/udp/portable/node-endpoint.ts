// The contract on node:dgram, for Node. Deno's node:dgram loses nearly everything and is never used.
import { createSocket, type Socket } from "node:dgram";
import { AddressCache, type UdpAddress, udpAddress } from "../address.ts";
import type { UdpStats } from "../counters.ts";
import { SEND_QUEUE_MAX, type UdpEndpoint } from "../endpoint.ts";
import { codeOf, messageOf } from "../../runtime-error.ts";
import { UdpError, udpErrorCode } from "../udp-error.ts";
import { PortableBatch } from "./portable-batch.ts";
import type { PortableOptions } from "./portable-options.ts";

/** Opens the socket; throws `UdpError`. */
export async function openNodeEndpoint(options: PortableOptions): Promise<UdpEndpoint> {
  const { host, port } = options.socket;
  const wanted = udpAddress(host, port);
  // Addresses are never names here: the default lookup would put each send off by a turn of the loop.
  const lookup = (
    name: string,
    _options: unknown,
    done: (error: null, address: string, family: number) => void,
  ): void => done(null, name, name.includes(":") ? 6 : 4);
  const socket = createSocket({ type: wanted.address.length === 4 ? "udp4" : "udp6", ipv6Only: host !== "::", lookup });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, host, resolve);
    });
  } catch (error) {
    socket.close();
    throw new UdpError(udpErrorCode(codeOf(error)), `Cannot bind ${host} port ${port}: ${messageOf(error)}`, error);
  }
  return new NodeEndpoint(options, socket, { address: wanted.address, port: socket.address().port });
}

class NodeEndpoint implements UdpEndpoint {
  readonly local: UdpAddress;
  readonly #options: PortableOptions;
  readonly #socket: Socket;
  readonly #addresses: AddressCache = new AddressCache();
  readonly #isIpv6: boolean;
  readonly #queueMax: number;
  #underWay = 0;
  #isClosed = false;

  constructor(options: PortableOptions, socket: Socket, local: UdpAddress) {
    this.#options = options;
    this.#socket = socket;
    this.local = local;
    this.#isIpv6 = local.address.length === 16;
    this.#queueMax = options.socket.sendQueueMax ?? SEND_QUEUE_MAX;
    const batch = new PortableBatch(options.sizes);
    socket.removeAllListeners("error");
    // ICMP errors of earlier datagrams; they belong to no call.
    socket.on("error", () => undefined);
    socket.on("message", (bytes, from) => {
      if (batch.fill(bytes, this.#addresses.bytesOf(from.address), from.port)) {
        options.counters.received(1, bytes.length);
        options.onBatch(batch, this);
      } else {
        options.counters.drop("received-truncated");
      }
    });
  }

  send(bytes: Uint8Array, start: number, end: number, to: UdpAddress): boolean {
    const { counters } = this.#options;
    if (this.#isClosed) return false;
    if (to.address.length === 16 && !this.#isIpv6) {
      counters.drop("send-unreachable");
      return false;
    }
    if (this.#underWay >= this.#queueMax) {
      counters.drop("send-queue-full");
      return false;
    }
    this.#underWay++;
    const copy = bytes.slice(start, end);
    this.#socket.send(copy, to.port, this.#addresses.textOf(to.address, this.#isIpv6), (error) => {
      this.#underWay--;
      if (error === null || error === undefined) counters.sent(1, copy.length, 1);
      else counters.drop(codeOf(error) === "EMSGSIZE" ? "send-too-large" : "send-unreachable");
    });
    return true;
  }

  flush(): void {
    // Each send is under way from the start.
  }

  stats(): UdpStats {
    return this.#options.counters.stats();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }
}
