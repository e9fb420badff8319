// A TCP connection to a host through a proxy: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS 5 (RFC 1928, RFC 1929).
import type { URL } from "node:url";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { parseIp } from "@coracle/base";
import { HttpClientError } from "./types.ts";

const ANSWER_SIZE_BYTES_MAX = 16 * 1024;

/** Asks an HTTP proxy, over a connection to it, for a tunnel to `host:port`. */
export async function tunnelByConnect(socket: Socket, proxy: URL, host: string, port: number): Promise<void> {
  const target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const credentials = proxyAuthorization(proxy);
  const login = credentials === undefined ? "" : `Proxy-Authorization: ${credentials}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`);
  const reader = new AnswerReader(socket);
  try {
    const head = await reader.until("\r\n\r\n");
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status === undefined || !status.startsWith("2"))
      throw refused(proxy, target, `its answer is ${status ?? "not HTTP"}`);
  } finally {
    reader.release();
  }
}

/** The Proxy-Authorization header for the user and password of a proxy's URL; undefined if it has none. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === "") return undefined;
  const { user, password } = credentialsOf(proxy);
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** Asks a SOCKS 5 proxy, over a connection to it, for a connection to `host:port`; the proxy resolves names. */
export async function tunnelBySocks5(socket: Socket, proxy: URL, host: string, port: number): Promise<void> {
  const reader = new AnswerReader(socket);
  const target = `${host} port ${port}`;
  try {
    const hasLogin = proxy.username !== "";
    socket.write(Uint8Array.from(hasLogin ? [5, 2, 0, 2] : [5, 1, 0]));
    const method = (await reader.exactly(2))[1];
    if (method === 2 && hasLogin) await socksLogin(socket, reader, proxy);
    else if (method !== 0) throw refused(proxy, target, "it takes none of our login methods");
    const address = socksAddress(host);
    socket.write(Uint8Array.from([5, 1, 0, ...address, port >> 8, port & 0xff]));
    const head = await reader.exactly(5);
    if (head[1] !== 0) throw refused(proxy, target, `its SOCKS reply is ${head[1]}`);
    await reader.exactly(restOfReply(head));
  } finally {
    reader.release();
  }
}

async function socksLogin(socket: Socket, reader: AnswerReader, proxy: URL): Promise<void> {
  const { user, password } = credentialsOf(proxy);
  const [name, secret] = [Buffer.from(user), Buffer.from(password)];
  socket.write(Uint8Array.from([1, name.length, ...name, secret.length, ...secret]));
  if ((await reader.exactly(2))[1] !== 0) throw refused(proxy, "anything", "it does not take this login");
}

function socksAddress(host: string): readonly number[] {
  const address = parseIp(host);
  if (address.ok) return [address.value.family === 4 ? 1 : 4, ...address.value.bytes];
  const name = Buffer.from(host);
  return [3, name.length, ...name];
}

/** Five bytes of the reply were read: the fifth is the first of the bound address, or the length of a name. */
function restOfReply(head: Uint8Array): number {
  if (head[3] === 1) return 3 + 2;
  return head[3] === 4 ? 15 + 2 : (head[4] ?? 0) + 2;
}

function credentialsOf(proxy: URL): { user: string; password: string } {
  return {
    user: decodeURIComponent(proxy.username),
    password: decodeURIComponent(proxy.password),
  };
}

function refused(proxy: URL, target: string, why: string): HttpClientError {
  return new HttpClientError("PROXY", `Cannot reach ${target} through the proxy ${proxy.host} as ${why}`);
}

/** Reads a proxy's short answers and leaves what follows to the next reader. */
class AnswerReader {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
  }

  async until(mark: string): Promise<string> {
    for (;;) {
      const end = this.#bytes.indexOf(mark);
      if (end >= 0) return this.#take(end + mark.length).toString("latin1");
      await this.#more();
    }
  }

  async exactly(sizeBytes: number): Promise<Uint8Array> {
    while (this.#bytes.length < sizeBytes) await this.#more();
    return this.#take(sizeBytes);
  }

  release(): void {
    this.#socket.pause();
    this.#socket.off("data", this.#onData);
    this.#socket.off("error", this.#onError);
    this.#socket.off("close", this.#onClose);
    if (this.#bytes.length > 0) this.#socket.unshift(this.#bytes);
  }

  #take(sizeBytes: number): Buffer {
    const taken = this.#bytes.subarray(0, sizeBytes);
    this.#bytes = this.#bytes.subarray(sizeBytes);
    return taken;
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#bytes.length > ANSWER_SIZE_BYTES_MAX)
        this.#failure ??= new HttpClientError(
          "PROXY",
          `Cannot read the proxy's answer as it is longer than ${ANSWER_SIZE_BYTES_MAX} bytes`,
        );
      this.#wake = () => {
        if (this.#failure === undefined) resolve();
        else reject(this.#failure);
      };
      if (this.#failure !== undefined) this.#wake();
    });
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake?.();
  };

  readonly #onError = (error: Error): void => {
    this.#failure ??= error;
    this.#wake?.();
  };

  readonly #onClose = (): void => {
    this.#onError(new HttpClientError("PROXY", "Cannot go on as the proxy closed the connection"));
  };
}
