// A TCP hop for tests that can go silent: connections stay open and nothing passes any more, as behind a dead middlebox.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Forwards connections to one port on the loopback until told to freeze. */
export class FreezableProxy {
  readonly #server: Server;
  readonly #pairs: Set<readonly [Socket, Socket]> = new Set();
  #bytesToClient = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(targetPort: number): Promise<FreezableProxy> {
    const server = createServer();
    const proxy = new FreezableProxy(server);
    server.on("connection", (client) => proxy.#join(client, connect(targetPort, "127.0.0.1")));
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connectionCount(): number {
    return this.#pairs.size;
  }

  /** Bytes passed on towards clients so far. */
  get bytesToClient(): number {
    return this.#bytesToClient;
  }

  /** The connections there are now pass nothing more, in either direction, and stay open. New ones work. */
  freeze(): void {
    for (const [client, server] of this.#pairs) {
      client.removeAllListeners("data");
      server.removeAllListeners("data");
      client.pause();
      server.pause();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const [client, server] of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    const forward = (from: Socket, to: Socket): void => {
      from.on("data", (chunk) => {
        if (to === client) this.#bytesToClient += chunk.length;
        if (!to.write(chunk)) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    };
    forward(client, server);
    forward(server, client);
  }
}
