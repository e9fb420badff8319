// Sockets at addresses that no node knows, which send whatever they are given and count what comes back.
import { createSocket, type Socket } from "node:dgram";

const HOSTS = 8;
const SOCKETS_PER_HOST = 2;

interface HostileSocket {
  readonly socket: Socket;
  sentBytes: number;
  receivedBytes: number;
}

/** A handful of senders on loopback addresses. */
export class HostileSockets {
  /** Datagrams that were sent. */
  sent = 0;
  readonly #sockets: readonly HostileSocket[];
  #next = 0;

  private constructor(sockets: readonly HostileSocket[]) {
    this.#sockets = sockets;
  }

  static async open(): Promise<HostileSockets> {
    const sockets: HostileSocket[] = [];
    for (let index = 0; index < HOSTS * SOCKETS_PER_HOST; index++) {
      const socket = createSocket("udp4");
      await new Promise<void>((resolve) => {
        socket.bind(0, `127.0.0.${2 + (index % HOSTS)}`, resolve);
      });
      const hostile: HostileSocket = { socket, sentBytes: 0, receivedBytes: 0 };
      socket.on("message", (bytes) => {
        hostile.receivedBytes += bytes.length;
      });
      // A port that is closed at the end says so; nothing is lost by it.
      socket.on("error", () => undefined);
      sockets.push(hostile);
    }
    return new HostileSockets(sockets);
  }

  /** Sends one datagram from one address after the other. */
  send(bytes: Uint8Array, port: number): void {
    const hostile = this.#sockets[this.#next++ % this.#sockets.length];
    if (hostile === undefined) return;
    hostile.socket.send(bytes, port, "127.0.0.1");
    hostile.sentBytes += bytes.length;
    this.sent++;
  }

  /** Addresses that got more bytes than they sent. */
  amplified(): readonly string[] {
    return this.#sockets.flatMap(({ socket, sentBytes, receivedBytes }) =>
      receivedBytes > sentBytes ? [`${socket.address().address}: ${receivedBytes} for ${sentBytes}`] : [],
    );
  }

  /** Bytes that came back to all of them. */
  get receivedBytes(): number {
    return this.#sockets.reduce((sum, each) => sum + each.receivedBytes, 0);
  }

  close(): void {
    for (const { socket } of this.#sockets) socket.close();
  }
}
