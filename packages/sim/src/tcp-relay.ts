// A TCP relay on loopback that can stop forwarding without closing anything: what a half-open connection looks like.
import { connect, createServer, type Socket } from "node:net";

/** A running relay. */
export interface TcpRelay {
  readonly port: number;
  /** Connections accepted since the start. */
  accepted(): number;
  /** Bytes that came from the target since the start. */
  bytesFromTarget(): number;
  /** Forwards nothing more in either direction, on connections old and new; keeps them open. */
  stall(): void;
  /** Forwards again, what was held back first. */
  resume(): void;
  /** Cuts every connection; new ones are still taken. */
  cut(): void;
  close(): Promise<void>;
}

/** Relays connections on a free loopback port to `port` of 127.0.0.1. */
export async function startTcpRelay(port: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let isStalled = false;
  let accepted = 0;
  let bytesFromTarget = 0;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    if (isStalled) socket.pause();
  };
  const pipe = (from: Socket, to: Socket): void => {
    from.on("data", (chunk) => {
      if (!to.write(chunk)) {
        from.pause();
        to.once("drain", () => {
          if (!isStalled) from.resume();
        });
      }
    });
    from.on("end", () => to.end());
    from.on("close", () => to.destroy());
  };
  const server = createServer((client) => {
    accepted++;
    const target = connect(port, "127.0.0.1");
    pipe(client, target);
    pipe(target, client);
    target.on("data", (chunk) => {
      bytesFromTarget += chunk.length;
    });
    track(client);
    track(target);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    accepted: () => accepted,
    bytesFromTarget: () => bytesFromTarget,
    stall(): void {
      isStalled = true;
      for (const socket of sockets) socket.pause();
    },
    resume(): void {
      isStalled = false;
      for (const socket of sockets) socket.resume();
    },
    cut(): void {
      for (const socket of sockets) socket.destroy();
    },
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
