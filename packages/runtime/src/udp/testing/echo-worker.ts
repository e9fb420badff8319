// A packet thread for the tests: echoes, forwards, passes up, counts its ticks.
import type { PacketContext, PacketHandler } from "../threads/packet-handler.ts";
import { servePacketThread } from "../threads/serve-packet-thread.ts";

/** First byte of a datagram: what the handler does with it. */
const PASS_UP = 1;
const POST = 2;
const THROW = 3;
const FROM_NEW_SOCKET = 4;
/** Kind of the messages it posts. */
const KIND_TICKS = 7;
const KIND_ECHO = 8;

class Echo implements PacketHandler {
  readonly #context: PacketContext;
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
      else if (bytes[start] === FROM_NEW_SOCKET) this.#answerFromNew({ bytes: bytes.slice(start, end), to: source });
      else {
        // One byte in front: who answers.
        bytes[start - 1] = context.thread;
        context.sockets[socket]?.send(bytes, start - 1, end, source);
      }
    }
  }

  message(kind: number, bytes: Uint8Array): void {
    this.#context.post(kind, bytes);
  }

  tick(): void {
    this.#ticks++;
    this.#context.post(KIND_TICKS, Uint8Array.of(this.#ticks & 0xff, this.#context.thread));
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
