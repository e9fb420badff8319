// Our DTLS server on a real socket, for clients no one here wrote: answers each message with who sent it and the message.
import { createSocket, type Socket } from "node:dgram";
import { type Counters, type DtlsOutput, DtlsServer, type DtlsServerOptions, type SessionSummary } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { systemClock, systemRandom } from "@coracle/runtime";

/** Credentials and offers of a responder. */
export type ResponderOptions = Omit<DtlsServerOptions, "crypto" | "random">;

/** A server for a few clients on loopback. */
export class DtlsResponder {
  /** Sessions in the order they were made. */
  readonly established: SessionSummary[] = [];
  /** Reasons of handshakes that failed. */
  readonly failures: string[] = [];
  /** How often a session has moved to another port. */
  moves = 0;
  readonly #server: DtlsServer;
  readonly #socket: Socket;
  readonly #summaries: Map<number, SessionSummary> = new Map();
  #timer: ReturnType<typeof setTimeout> | undefined;

  private constructor(options: ResponderOptions, socket: Socket) {
    this.#server = new DtlsServer({ ...options, crypto: systemCrypto, random: systemRandom });
    this.#socket = socket;
    // A client that is gone makes the kernel refuse our answer: nothing to do with the others.
    socket.on("error", () => undefined);
    socket.on("message", (bytes, { port }) => {
      const datagram = { kind: "datagram", peer: String(port), bytes: new Uint8Array(bytes) } as const;
      this.#server.handle(datagram, systemClock.now());
      this.#pump();
    });
  }

  static async open(options: ResponderOptions): Promise<DtlsResponder> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => {
      socket.bind(0, "127.0.0.1", resolve);
    });
    return new DtlsResponder(options, socket);
  }

  /** What happened so far; read only. */
  get counters(): Counters {
    return this.#server.counters;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #pump(): void {
    for (let output = this.#server.poll(); output !== undefined; output = this.#server.poll()) this.#obey(output);
    clearTimeout(this.#timer);
    const next = this.#server.nextTimeout();
    if (next === undefined) return;
    const onTimeout = (): void => {
      this.#server.handle({ kind: "timeout" }, systemClock.now());
      this.#pump();
    };
    this.#timer = setTimeout(onTimeout, Math.max(1, next - systemClock.now()));
  }

  #obey(output: DtlsOutput): void {
    switch (output.kind) {
      case "send":
        this.#socket.send(output.bytes, Number(output.peer), "127.0.0.1");
        return;
      case "established":
        this.established.push(output.summary);
        this.#summaries.set(output.session, output.summary);
        return;
      case "data": {
        const kind = this.#summaries.get(output.session)?.identity.kind ?? "nobody";
        const bytes = new TextEncoder().encode(`${kind} ${new TextDecoder().decode(output.bytes)}`);
        this.#server.handle({ kind: "send", session: output.session, bytes }, systemClock.now());
        return;
      }
      case "handshake-failed":
        this.failures.push(`${output.cause} ${output.reason}`);
        return;
      case "address":
        this.moves++;
        return;
      case "closed":
      case "refused":
        return;
    }
  }
}
