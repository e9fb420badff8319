// A device on a real socket: our DTLS client with a connection ID, which can move to another address.
import { createSocket, type Socket } from "node:dgram";
import type { Millis } from "@coracle/base";
import { DtlsClient, type DtlsClientOptions, type DtlsOutput, RandomCids, type SessionSummary } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { systemClock, systemRandom } from "@coracle/runtime";
import { generate, parse, type ParsedPacket } from "coap-packet";

const ANSWER_TIMEOUT_MS = 2000;
const ATTEMPTS_MAX = 5;

/** How a device connects. */
export interface UdpDeviceOptions {
  readonly port: number;
  readonly psk?: { readonly identity: string; readonly key: Uint8Array };
  readonly client?: Partial<DtlsClientOptions>;
  /** Sends to another port from the start: a balancer in front would. */
  readonly cidSizeBytes?: number;
}

/** One device. Requests are CoAP and are repeated, each time as a new record, until answered. */
export class UdpDevice {
  summary: SessionSummary | undefined;
  closed = false;
  retransmissions = 0;
  /** Goes in front of every datagram: records that a router skips on its way to the one with the connection ID. */
  prefix: Uint8Array = new Uint8Array(0);
  readonly #client: DtlsClient;
  readonly #waiting: Map<number, (answer: ParsedPacket) => void> = new Map();
  #socket: Socket;
  #port: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #messageId = 1;
  #onSettled: () => void = () => undefined;

  private constructor(options: UdpDeviceOptions, socket: Socket) {
    const { psk, client, cidSizeBytes = 0, port } = options;
    this.#client = new DtlsClient({
      crypto: systemCrypto,
      random: systemRandom,
      psk: psk && { identity: new TextEncoder().encode(psk.identity), key: psk.key },
      cids: new RandomCids(cidSizeBytes),
      ...client,
    });
    this.#socket = socket;
    this.#port = port;
    this.#listen();
  }

  /** Connects; rejects if the handshake fails. */
  static async connect(options: UdpDeviceOptions): Promise<UdpDevice> {
    const device = new UdpDevice(options, await openSocket());
    const settled = new Promise<void>((resolve) => {
      device.#onSettled = resolve;
    });
    device.#client.handle({ kind: "connect", peer: "router" }, systemClock.now());
    device.#pump();
    await settled;
    if (device.summary !== undefined) return device;
    device.close();
    throw new Error("The handshake failed");
  }

  /** The local port now. */
  get localPort(): number {
    return this.#socket.address().port;
  }

  /** Goes on from another local port, perhaps to another node's public port. */
  async move(port: number = this.#port): Promise<void> {
    const before = this.#socket;
    this.#socket = await openSocket();
    this.#port = port;
    this.#listen();
    before.close();
  }

  /** One request; rejects after five attempts without an answer. */
  async request(
    method: "GET" | "POST" | "PUT",
    uri: string,
    payload: Uint8Array = new Uint8Array(0),
  ): Promise<ParsedPacket> {
    const messageId = this.#messageId++;
    const [path = "", query] = uri.split("?");
    const options = [
      ...path.split("/").map((part) => ({ name: "Uri-Path" as const, value: Buffer.from(part) })),
      ...(query === undefined ? [] : [{ name: "Uri-Query" as const, value: Buffer.from(query) }]),
    ];
    const token = Buffer.from([messageId >>> 8, messageId & 0xff]);
    const bytes = generate({
      code: method,
      confirmable: true,
      messageId,
      token,
      options,
      payload: Buffer.from(payload),
    });
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (attempt > 0) this.retransmissions++;
      const answer = await this.exchange(messageId, bytes);
      if (answer !== undefined) return answer;
    }
    throw new Error(`No answer to ${method} ${uri} after ${ATTEMPTS_MAX} attempts`);
  }

  /** Sends application data as it is. */
  send(bytes: Uint8Array): void {
    this.#client.handle({ kind: "send", bytes }, systemClock.now());
    this.#pump();
  }

  /** Says goodbye. */
  goodbye(): void {
    this.#client.handle({ kind: "close" }, systemClock.now());
    this.#pump();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  private exchange(messageId: number, bytes: Uint8Array): Promise<ParsedPacket | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(messageId);
        resolve(undefined);
      }, ANSWER_TIMEOUT_MS);
      this.#waiting.set(messageId, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(messageId);
        resolve(answer);
      });
      this.send(bytes);
    });
  }

  #listen(): void {
    // A router that has ended: what is sent to it is refused, and a device does not mind.
    this.#socket.on("error", () => undefined);
    this.#socket.on("message", (bytes) => {
      const datagram = new Uint8Array(bytes);
      this.#client.handle({ kind: "datagram", peer: "router", bytes: datagram }, systemClock.now());
      this.#pump();
    });
  }

  #pump(): void {
    for (let output = this.#client.poll(); output !== undefined; output = this.#client.poll()) this.#obey(output);
    clearTimeout(this.#timer);
    const next: Millis | undefined = this.#client.nextTimeout();
    if (next === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#client.handle({ kind: "timeout" }, systemClock.now());
        this.#pump();
      },
      Math.max(1, next - systemClock.now()),
    );
  }

  #obey(output: DtlsOutput): void {
    switch (output.kind) {
      case "send":
        this.#socket.send(Buffer.concat([this.prefix, output.bytes]), this.#port, "127.0.0.1");
        return;
      case "established":
        this.summary = output.summary;
        this.#onSettled();
        return;
      case "data": {
        const answer = parse(Buffer.from(output.bytes));
        this.#waiting.get(answer.messageId)?.(answer);
        return;
      }
      case "closed":
      case "handshake-failed":
        this.closed = true;
        this.#onSettled();
        return;
      case "address":
      case "refused":
        return;
    }
  }
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket("udp4");
  // The kernel may tell that nobody is at the router's port any more: for a device that is a lost datagram.
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return socket;
}
