// Byte streams to a server on a unix socket or TCP, over node:net, with backpressure both ways.
import { connect, type Socket } from "node:net";
import { startTimer } from "./clock.ts";
import { codeOf, messageOf, RuntimeError } from "./runtime-error.ts";

/** Where a server listens: a unix socket's path, or a TCP address. */
export type StreamTarget = { readonly path: string } | { readonly host: string; readonly port: number };

/** A stream that could not be opened or was cut; `code` is errno's name, `ETIMEDOUT` or `ABORTED`. */
export class StreamError extends RuntimeError {
  override readonly name = "StreamError";
}

/** How to open a stream. */
export interface StreamOptions {
  readonly target: StreamTarget;
  /** Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Aborting gives up connecting, or destroys the stream. */
  readonly signal?: AbortSignal;
  /** Called at the moment the stream opens, before any chunk: the promise resolves later than a fast peer speaks. */
  readonly onOpen?: (stream: StreamConnection) => void;
  /** Called with each chunk received. The chunk is the callee's to keep. */
  readonly onData: (bytes: Uint8Array) => void;
  /** Called once when the stream has ended, with the error if it was cut. */
  readonly onClose: (error: StreamError | undefined) => void;
}

/** An open stream. */
export interface StreamConnection {
  /** Resolves when the system has taken all bytes, which may then be used again. Rejects with {@link StreamError}. */
  write(bytes: Uint8Array): Promise<void>;
  /** Stops receiving; what is on its way waits in the system's buffers and then at the peer. */
  pause(): void;
  /** Receives again. */
  resume(): void;
  /** Ends the stream at once. `onClose` is still called. */
  close(): void;
}

const CONNECT_TIMEOUT_MS = 5000;

/** The target as people write it: `unix:PATH` or `tcp:HOST:PORT`. */
export function formatStreamTarget(target: StreamTarget): string {
  if ("path" in target) return `unix:${target.path}`;
  return target.host.includes(":") ? `tcp:[${target.host}]:${target.port}` : `tcp:${target.host}:${target.port}`;
}

/** Opens a stream. Rejects with {@link StreamError}. */
export function connectStream(options: StreamOptions): Promise<StreamConnection> {
  const where = formatStreamTarget(options.target);
  if (options.signal?.aborted === true)
    return Promise.reject(new StreamError("ABORTED", `Cannot connect to ${where} as it was aborted`));
  return new Promise((resolve, reject) => {
    const socket = connect("path" in options.target ? { path: options.target.path } : { ...options.target });
    let isOpen = false;
    let failure: StreamError | undefined;
    const cut = (code: string, why: string, thrown?: unknown): void => {
      failure ??= new StreamError(code, `Cannot ${isOpen ? "go on with" : "connect to"} ${where} as ${why}`, thrown);
      socket.destroy();
    };
    const onAbort = (): void => cut("ABORTED", "it was aborted");
    const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    const timer = startTimer(timeoutMs, () => cut("ETIMEDOUT", `nothing answered for ${timeoutMs} ms`));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (thrown: unknown) => cut(codeOf(thrown) || "EIO", messageOf(thrown), thrown));
    socket.once("close", () => {
      timer.cancel();
      options.signal?.removeEventListener("abort", onAbort);
      if (isOpen) options.onClose(failure);
      else reject(failure ?? new StreamError("ECONNRESET", `Cannot connect to ${where} as it was closed`));
    });
    socket.once("connect", () => {
      isOpen = true;
      timer.cancel();
      socket.setNoDelay(true);
      const stream = new SocketConnection(socket, where);
      options.onOpen?.(stream);
      resolve(stream);
    });
    // A peer that ends its half is gone for the protocols spoken here.
    socket.once("end", () => socket.destroy());
    socket.on("data", (chunk: Uint8Array) => options.onData(chunk));
  });
}

class SocketConnection implements StreamConnection {
  readonly #socket: Socket;
  readonly #where: string;

  constructor(socket: Socket, where: string) {
    this.#socket = socket;
    this.#where = where;
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (thrown?: unknown): void => {
        this.#socket.off("close", fail);
        reject(new StreamError(codeOf(thrown) || "EPIPE", `Cannot write to ${this.#where} as it is closed`, thrown));
      };
      if (this.#socket.destroyed) return fail();
      this.#socket.once("close", fail);
      this.#socket.write(bytes, (thrown) => {
        if (thrown !== undefined && thrown !== null) return fail(thrown);
        this.#socket.off("close", fail);
        resolve();
      });
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }
}
