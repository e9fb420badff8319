// Which worker of a node a datagram belongs to: the one that has the session, or the one that has the client's flow.
import {
  type DatagramView,
  emptyForwardFrame,
  type Endpoint,
  type ForwardFrame,
  FramePeek,
  FrameType,
  peekCid,
  peekForwardFrame,
} from "@coracle/cluster";
import { resumptionHome, type SessionIdMask } from "@coracle/dtls";
import { AdoptedFlows } from "./adopted-flows.ts";

/** Multiplier of {@link flowHome}; odd, so that every bit counts. */
export const FLOW_HASH_MULTIPLIER = 0x9e37_79b1;
/** Lower bits of the product that are left out. */
export const FLOW_HASH_SHIFT = 16;
/** Offset of the worker octet in a connection ID. */
export const CID_WORKER_AT = 1;

const HANDSHAKE_RECORD = 22;
const CID_RECORD = 25;
/** Behind the record's header. */
const MESSAGE_TYPE_AT = 13;
const CLIENT_HELLO = 1;
/** No owner: no connection ID, or one of another node. */
const NO_CID = -1;
const FOREIGN_CID = -2;

/** Reads workers in connection IDs of other layouts. */
export interface CidWorkers {
  /** The worker that has the session, if the ID at `offset` is this node's; negative if it is not. */
  workerAt(bytes: Uint8Array, offset: number): number;
}

/** The numbers that homes follow from. */
export interface HomeOptions {
  readonly nodeId: number;
  readonly cidSizeBytes: number;
  /** Absent: the node is in byte 0 of an ID, the worker at {@link CID_WORKER_AT}. */
  readonly layout?: CidWorkers | undefined;
  /** What session ids are masked with, if they are. */
  readonly sessionIdMask?: SessionIdMask | undefined;
  /** Of the frames between nodes: 0 or 8. */
  readonly macSizeBytes: number;
  /** This worker's number. */
  readonly worker: number;
  readonly workers: number;
}

/**
 * The worker for everything of a client but the records of a session with a connection ID: its handshakes, its sessions without an
 * ID, what is forwarded for it, and the answers to that. `addressTail` is the last four bytes of its address as a number. The
 * kernel computes the same from packets and frames (`steering-programs.ts`).
 */
export function flowHome(addressTail: number, port: number, workers: number): number {
  return (Math.imul(addressTail ^ port, FLOW_HASH_MULTIPLIER) >>> FLOW_HASH_SHIFT) % workers;
}

/** Finds homes; records with an ID cost no allocation. What will be dropped is at home where it is. */
export class DatagramHomes {
  readonly #options: HomeOptions;
  readonly #adopted: AdoptedFlows = new AdoptedFlows();
  readonly #frame: ForwardFrame = emptyForwardFrame();
  readonly #payload: DatagramView = { bytes: new Uint8Array(0), start: 0, end: 0 };

  constructor(options: HomeOptions) {
    this.#options = options;
  }

  /** The worker for a datagram of the public port. */
  ofPublic(datagram: DatagramView, source: Endpoint): number {
    const { worker, workers } = this.#options;
    const owner = this.#ownerOf(datagram);
    if (owner >= 0) return owner < workers ? owner : worker;
    if (owner === NO_CID) {
      const type = datagram.bytes[datagram.start];
      if (type === CID_RECORD) return worker;
      const adopted = this.#handshakeHome(datagram, source);
      if (adopted !== undefined) return adopted;
    }
    const { address, port } = source;
    return flowHome(tailOf(address, address.length), port, workers);
  }

  /** The worker for a datagram of the cluster port. For management any is as good. */
  ofCluster(datagram: DatagramView): number {
    const { worker, workers, macSizeBytes } = this.#options;
    const frame = this.#frame;
    if (peekForwardFrame(datagram, macSizeBytes, frame) !== FramePeek.ok) return worker;
    if (frame.type === FrameType.backward) {
      const tail = tailOf(datagram.bytes, frame.addressOffset + frame.addressSizeBytes);
      return flowHome(tail, frame.port, workers);
    }
    const payload = this.#payload;
    payload.bytes = datagram.bytes;
    payload.start = frame.payloadOffset;
    payload.end = frame.end;
    const owner = this.#ownerOf(payload);
    return owner >= 0 && owner < workers ? owner : worker;
  }

  /** The worker whose session a hello resumes, for that hello and what follows it; any other hello begins anew. */
  #handshakeHome({ bytes, start, end }: DatagramView, source: Endpoint): number | undefined {
    const { nodeId, workers, sessionIdMask } = this.#options;
    if (bytes[start] !== HANDSHAKE_RECORD || bytes[start + MESSAGE_TYPE_AT] !== CLIENT_HELLO) {
      return this.#adopted.worker(source);
    }
    const home = resumptionHome(bytes, start, end, sessionIdMask);
    if (home?.nodeId === nodeId && home.worker < workers) {
      this.#adopted.note(source, home.worker);
      return home.worker;
    }
    this.#adopted.forget(source);
    return undefined;
  }

  /** The worker in the first connection ID, if that is this node's. */
  #ownerOf(datagram: DatagramView): number {
    const { nodeId, cidSizeBytes, layout } = this.#options;
    const cid = peekCid(datagram, cidSizeBytes);
    if (cid < 0) return NO_CID;
    const { bytes } = datagram;
    if (layout !== undefined) {
      const worker = layout.workerAt(bytes, cid);
      return worker < 0 ? FOREIGN_CID : worker;
    }
    return bytes[cid] === nodeId ? (bytes[cid + CID_WORKER_AT] ?? 0) : FOREIGN_CID;
  }
}

/** The four bytes in front of `end` as a number, big endian. */
function tailOf(bytes: Uint8Array, end: number): number {
  return (
    ((bytes[end - 4] ?? 0) << 24) | ((bytes[end - 3] ?? 0) << 16) | ((bytes[end - 2] ?? 0) << 8) | (bytes[end - 1] ?? 0)
  );
}
