// CoAP messages of a device, by the library coap-packet.
import { generate, parse, type ParsedPacket } from "coap-packet";
import type { CoapAnswer, CoapCodec } from "../../core/devices/device-types.ts";

/** What every device asks for. */
export interface CoapRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** `path/of/segments?query&query`. */
  readonly path: string;
  readonly payloadSizeBytes: number;
  readonly confirmable: boolean;
}

const TOKEN_SIZE_BYTES = 4;
const MESSAGE_ID_AT = 2;
const TOKEN_AT = 4;

/** One request, generated once: only its message id and token differ. */
export class CoapPacketCodec implements CoapCodec {
  readonly #template: Uint8Array;

  constructor({ method, path, payloadSizeBytes, confirmable }: CoapRequest) {
    const [segments = "", query] = path.replace(/^\//, "").split("?", 2);
    const named = (name: "Uri-Path" | "Uri-Query") => (text: string) => ({ name, value: Buffer.from(text) });
    this.#template = new Uint8Array(
      generate({
        code: method,
        confirmable,
        messageId: 0,
        token: Buffer.alloc(TOKEN_SIZE_BYTES),
        options: [
          ...segments.split("/").map(named("Uri-Path")),
          ...(query === undefined ? [] : query.split("&").map(named("Uri-Query"))),
        ],
        payload: Buffer.alloc(payloadSizeBytes, "."),
      }),
    );
  }

  request(messageId: number, token: number): Uint8Array {
    const bytes = this.#template.slice();
    const view = new DataView(bytes.buffer);
    view.setUint16(MESSAGE_ID_AT, messageId);
    view.setUint32(TOKEN_AT, token);
    return bytes;
  }

  acknowledge(messageId: number): Uint8Array {
    return new Uint8Array(generate({ code: "0.00", ack: true, messageId }));
  }

  read(bytes: Uint8Array): CoapAnswer | undefined {
    const message = parsed(bytes);
    if (message === undefined) return undefined;
    const { code, messageId, confirmable, reset, token } = message;
    const value = token.length === TOKEN_SIZE_BYTES ? token.readUInt32BE(0) : -1;
    const kind = reset ? "reset" : code === "0.00" ? "ack" : "answer";
    return { kind, messageId, token: value, code, confirmable };
  }
}

function parsed(bytes: Uint8Array): ParsedPacket | undefined {
  try {
    return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    return undefined;
  }
}
