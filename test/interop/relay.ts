// A UDP relay in front of unmodified clients: gives a client's flow a new source port, or another server, on command.
import { createSocket, type Socket, type SocketType } from "node:dgram";

interface Flow {
  upstream: Socket;
  readonly clientPort: number;
}

/** A NAT and balancer for a few clients on one loopback address. */
export class Relay {
  readonly #front: Socket;
  readonly #host: string;
  readonly #flows: Map<number, Flow> = new Map();
  #target: number;
  /** Datagrams of clients so far. */
  readonly upward: Uint8Array[] = [];

  private constructor(front: Socket, host: string, target: number) {
    this.#front = front;
    this.#host = host;
    this.#target = target;
    front.on("message", (bytes, { port }) => void this.#up(new Uint8Array(bytes), port));
  }

  /** Relays to `target`, a port of `host`. */
  static async open(target: number, host = "127.0.0.1"): Promise<Relay> {
    return new Relay(await bound(host), host, target);
  }

  get port(): number {
    return this.#front.address().port;
  }

  /** The source ports that servers see now. */
  get sourcePorts(): number[] {
    return [...this.#flows.values()].map(({ upstream }) => upstream.address().port);
  }

  /** From now on every flow has a new source port and goes to `target`. */
  async rebind(target: number = this.#target): Promise<void> {
    this.#target = target;
    for (const flow of this.#flows.values()) {
      const before = flow.upstream;
      flow.upstream = await this.#upstream(flow.clientPort);
      before.close();
    }
  }

  close(): void {
    this.#front.close();
    for (const { upstream } of this.#flows.values()) upstream.close();
  }

  async #up(bytes: Uint8Array, clientPort: number): Promise<void> {
    this.upward.push(bytes);
    let flow = this.#flows.get(clientPort);
    if (flow === undefined) {
      flow = { clientPort, upstream: await this.#upstream(clientPort) };
      this.#flows.set(clientPort, flow);
    }
    flow.upstream.send(bytes, this.#target, this.#host);
  }

  async #upstream(clientPort: number): Promise<Socket> {
    const socket = await bound(this.#host);
    socket.on("message", (bytes) => this.#front.send(bytes, clientPort, this.#host));
    return socket;
  }
}

async function bound(host: string): Promise<Socket> {
  const family: SocketType = host.includes(":") ? "udp6" : "udp4";
  const socket = createSocket(family);
  await new Promise<void>((resolve) => {
    socket.bind(0, host, resolve);
  });
  return socket;
}
