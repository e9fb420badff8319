// A model of Californium's cluster connector with a fixed table as it behaves on the wire, its weak sides included.
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { endpointOf } from "./simulated-cluster.ts";

/** A datagram from one of its two ports. */
export interface SentDatagram {
  readonly port: "public" | "cluster";
  readonly to: string;
  readonly bytes: Uint8Array;
}

const CID_RECORD = 25;
const CID_OFFSET = 11;
const FORWARD = 63;
const BACKWARD = 62;

/** It checks no sender, and never says anything of itself. `answer` makes the answer to a record of its own clients. */
export class CaliforniumStaticNode {
  readonly #id: number;
  readonly #table: ReadonlyMap<number, string>;
  readonly #answer: (record: Uint8Array) => Uint8Array;

  constructor(id: number, table: ReadonlyMap<number, string>, answer: (record: Uint8Array) => Uint8Array) {
    this.#id = id;
    this.#table = table;
    this.#answer = answer;
  }

  receive(port: "public" | "cluster", from: string, bytes: Uint8Array): SentDatagram | undefined {
    return port === "public" ? this.#receivePublic(from, bytes) : this.#receiveCluster(from, bytes);
  }

  #receivePublic(from: string, bytes: Uint8Array): SentDatagram | undefined {
    const owner = bytes[CID_OFFSET];
    if (bytes[0] !== CID_RECORD || owner === undefined) return undefined;
    if (owner === this.#id) return { port: "public", to: from, bytes: this.#answer(bytes) };
    const to = this.#table.get(owner);
    return to === undefined ? undefined : { port: "cluster", to, bytes: frame(FORWARD, endpointOf(from), bytes) };
  }

  #receiveCluster(from: string, bytes: Uint8Array): SentDatagram | undefined {
    const [type = 0, low = 0, high = 0, size = 0] = bytes;
    if ((type !== FORWARD && type !== BACKWARD) || bytes.length < 33) return undefined;
    const client = { address: bytes.slice(4, 4 + size), port: low | (high << 8) };
    const payload = bytes.slice(4 + size);
    if (type === BACKWARD) return { port: "public", to: formatEndpoint(client), bytes: payload };
    if (payload[CID_OFFSET] !== this.#id) return undefined;
    return { port: "cluster", to: from, bytes: frame(BACKWARD, client, this.#answer(payload)) };
  }
}

function frame(type: number, { address, port }: Endpoint, payload: Uint8Array): Uint8Array {
  return Uint8Array.of(type, port & 255, port >>> 8, address.length, ...address, ...payload);
}
