// Our DTLS client on a real socket, for servers no one here wrote.
import { createSocket, type Socket } from "node:dgram";
import {
  DtlsClient,
  type DtlsClientOptions,
  type DtlsOutput,
  type ResumableSession,
  type SessionSummary,
} from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { systemClock, systemRandom } from "@coracle/runtime";

const WAIT_MS = 10_000;
const ANSWER_MS = 1000;
const ATTEMPTS_MAX = 10;
const SERVER = "server";

/** Credentials and offers of a device. */
export type DeviceOptions = Omit<DtlsClientOptions, "crypto" | "random">;

/** One connected client. */
export class Device {
  summary: SessionSummary | undefined;
  /** To connect anew with; absent if the session cannot be resumed. */
  resumable: ResumableSession | undefined;
  /** The port that the last datagram came from. */
  answeredFrom = 0;
  readonly #client: DtlsClient;
  readonly #host: string;
  #port: number;
  #socket: Socket;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onEnd: (failure: string | undefined) => void = () => undefined;
  readonly #answers: ((text: string) => void)[] = [];
  #number = 0;

  private constructor(options: DeviceOptions, port: number, host: string) {
    this.#client = new DtlsClient({ ...options, crypto: systemCrypto, random: systemRandom });
    this.#host = host;
    this.#port = port;
    this.#socket = this.#open();
  }

  /** Connects to a port; rejects if the handshake fails. */
  static async connect(port: number, options: DeviceOptions, host = "127.0.0.1"): Promise<Device> {
    const device = new Device(options, port, host);
    const failure = await new Promise<string | undefined>((resolve) => {
      const timer = setTimeout(resolve, WAIT_MS, `no end within ${WAIT_MS} ms`);
      device.#onEnd = (text) => {
        clearTimeout(timer);
        resolve(text);
      };
      device.#client.handle({ kind: "connect", peer: SERVER }, systemClock.now());
      device.#pump();
    });
    if (failure === undefined) return device;
    device.close();
    throw new Error(`Cannot connect to port ${port}: ${failure}`);
  }

  /** Sends a text, again after a while as a new record, and gives the answer that holds it. */
  async ask(text: string): Promise<string> {
    const marked = `${text}#${this.#number++}`;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const answer = await this.#exchange(marked, (said) => said.includes(marked), ANSWER_MS);
      if (answer !== undefined) return answer;
    }
    throw new Error(`Cannot get an answer to ${marked}: ${ATTEMPTS_MAX} attempts`);
  }

  /** Sends a text and gives the next answer, whatever it says; for servers that echo nothing. */
  async say(text: string): Promise<string> {
    const answer = await this.#exchange(text, () => true, WAIT_MS);
    if (answer === undefined) throw new Error(`Cannot get an answer to ${text}: nothing came within ${WAIT_MS} ms`);
    return answer;
  }

  /** Goes on from another local port, perhaps to another server. */
  move(port: number = this.#port): void {
    const before = this.#socket;
    this.#port = port;
    this.#socket = this.#open();
    before.close();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #exchange(text: string, isAnswer: (text: string) => boolean, patienceMs: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs, undefined);
      const look = (answer: string): void => {
        if (!isAnswer(answer)) {
          this.#answers.push(look);
          return;
        }
        clearTimeout(timer);
        resolve(answer);
      };
      this.#answers.push(look);
      this.#client.handle({ kind: "send", bytes: new TextEncoder().encode(text) }, systemClock.now());
      this.#pump();
    });
  }

  #open(): Socket {
    const socket = createSocket(this.#host.includes(":") ? "udp6" : "udp4");
    socket.on("message", (bytes, { port }) => {
      this.answeredFrom = port;
      const datagram = new Uint8Array(bytes);
      this.#client.handle({ kind: "datagram", peer: SERVER, bytes: datagram }, systemClock.now());
      this.#pump();
    });
    return socket;
  }

  #pump(): void {
    for (let output = this.#client.poll(); output !== undefined; output = this.#client.poll()) this.#obey(output);
    clearTimeout(this.#timer);
    const next = this.#client.nextTimeout();
    if (next === undefined) return;
    const onTimeout = (): void => {
      this.#client.handle({ kind: "timeout" }, systemClock.now());
      this.#pump();
    };
    this.#timer = setTimeout(onTimeout, Math.max(1, next - systemClock.now()));
  }

  #obey(output: DtlsOutput): void {
    switch (output.kind) {
      case "send":
        this.#socket.send(output.bytes, this.#port, this.#host);
        return;
      case "established":
        this.summary = output.summary;
        this.resumable = output.resumable;
        this.#onEnd(undefined);
        return;
      case "data": {
        const text = new TextDecoder().decode(output.bytes);
        for (const look of this.#answers.splice(0)) look(text);
        return;
      }
      case "closed":
        this.#onEnd("closed");
        return;
      case "handshake-failed":
        this.#onEnd(`${output.cause} ${output.reason ?? ""}`);
        return;
      case "address":
      case "refused":
        return;
    }
  }
}
