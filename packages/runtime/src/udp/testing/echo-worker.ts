// A packet thread for the tests: echoes, forwards, passes up, counts its ticks.
import type { ReceivedDatagram } from "../endpoint.ts";
import type { PacketContext, PacketHandler } from "../threads/packet-handler.ts";
import { servePacketThread } from "../threads/serve-packet-thread.ts";

/** First byte of a datagram: what the handler does with it. */
const PASS_UP = 1;
const POST = 2;
const THROW = 3;
const FROM_NEW_SOCKET = 4;
/** The thread named by the next byte answers, after it has put it off. */
const HAND_OVER = 5;
/** Kind of the messages it posts. */
const KIND_TICKS = 7;
const KIND_ECHO = 8;
const KIND_MAIL = 9;

class Echo implements PacketHandler {
  readonly #context: PacketContext;
  readonly #putOff: { readonly datagram: ReceivedDatagram; readonly socket: number }[] = [];
  #ticks = 0;

  constructor(context: PacketContext) {
    this.#context = context;
  }

  receive(batch: Parameters<PacketHandler["receive"]>[0], socket: number): void {
    const context = this.#context;
    for (let index = 0; index < batch.count; index++) {
      const datagram = batch.datagrams[index];
      if (datagram === undefined) continue;
      const { bytes, start, end, source } = datagram;
      if (bytes[start] === PASS_UP) context.passUp(datagram, socket);
      else if (bytes[start] === POST) context.post(KIND_ECHO, bytes, start, end);
      else if (bytes[start] === THROW) throw new RangeError("Cannot go on: asked to break");
      else if (bytes[start] === HAND_OVER) this.#handOver(datagram, socket);
      else if (bytes[start] === FROM_NEW_SOCKET) this.#answerFromNew({ bytes: bytes.slice(start, end), to: source });
      else this.#answer(datagram, socket);
    }
  }

  handedOver(datagram: ReceivedDatagram, socket: number): void {
    this.#putOff.push({ datagram, socket });
  }

  work(): boolean {
    const first = this.#putOff.shift();
    if (first !== undefined) this.#answer(first.datagram, first.socket);
    return this.#putOff.length > 0;
  }

  /** Writes the round into the shared memory, and tells that it did. */
  mail(value: unknown): void {
    const { shared, round } = value as { readonly shared: SharedArrayBuffer; readonly round: number };
    new Uint8Array(shared)[0] = round;
    this.#context.post(KIND_MAIL, Uint8Array.of(round));
  }

  message(kind: number, bytes: Uint8Array): void {
    this.#context.post(kind, bytes);
  }

  tick(): void {
    this.#ticks++;
    this.#context.post(KIND_TICKS, Uint8Array.of(this.#ticks & 0xff, this.#context.thread));
  }

  /** With one byte in front: who answers. */
  #answer({ bytes, start, end, source }: ReceivedDatagram, socket: number): void {
    bytes[start - 1] = this.#context.thread;
    this.#context.sockets[socket]?.send(bytes, start - 1, end, source);
  }

  #handOver(datagram: ReceivedDatagram, socket: number): void {
    const thread = datagram.bytes[datagram.start + 1] ?? 0;
    if (thread === this.#context.thread) this.#answer(datagram, socket);
    else this.#context.handOver(thread, datagram, socket);
  }

  #answerFromNew(answer: { bytes: Uint8Array; to: { address: Uint8Array; port: number } }): void {
    const to = { address: answer.to.address.slice(), port: answer.to.port };
    this.#context.open({ host: "127.0.0.1", port: 0 }, (opened) => {
      if (!("endpoint" in opened)) throw opened;
      opened.endpoint.send(answer.bytes, 0, answer.bytes.length, to);
      opened.endpoint.flush();
      this.#context.close(opened.socket);
    });
  }
}

servePacketThread((context) => new Echo(context));
