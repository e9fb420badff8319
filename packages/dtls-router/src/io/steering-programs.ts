// The kernel's part of finding a worker: the same homes as in core/datagram-home.ts, as programs of classic BPF.
import { FrameType } from "@coracle/cluster";
import { SteeringAssembler, type SteeringProgram } from "@coracle/runtime";
import { CID_WORKER_AT, FLOW_HASH_MULTIPLIER, FLOW_HASH_SHIFT } from "../core/datagram-home.ts";

const CID_RECORD = 25;
/** Where the connection ID of a record begins (RFC 9146 §4). */
const RECORD_CID_AT = 11;
/** Bytes at the end of a nonce that name the worker (`nonceOwner` of the DTLS package). */
const NONCE_TAIL_SIZE = 4;
/** Behind an IPv6 header without extensions; the datagrams of others are handed over. */
const IPV6_PORT_AT = 40;
const IPV6_SOURCE_TAIL_AT = 20;
const IPV4_SOURCE_AT = 12;
/** Of a frame between nodes: the client's port, little endian; the size of its address; its address. */
const FRAME_PORT_AT = 1;
const FRAME_ADDRESS_SIZE_AT = 3;
const FRAME_ADDRESS_AT = 4;

/**
 * What the kernel can read in this node's connection IDs. `node-first`: the node, then the worker. `quic-lb`: `prefix` is what each
 * of this node's begins with, and the worker is the nonce's end modulo the number of workers. `hidden`: nothing.
 */
export type SteeredIds =
  | { readonly kind: "node-first"; readonly nodeId: number }
  | { readonly kind: "quic-lb"; readonly prefix: readonly number[]; readonly sizeBytes: number }
  | { readonly kind: "hidden" };

/** Where the bytes lie in the ID that the worker follows from, and how many there are. */
interface WorkerField {
  readonly at: number;
  readonly size: 1 | 4;
}

/**
 * For the public port: records with an ID of this node by the worker in it, everything else by the client's flow. Where IDs are
 * hidden that is everything: a client that has not moved is at home where it did its handshake, any other is handed over.
 */
export function publicSteering(ids: SteeredIds, workers: number): SteeringProgram {
  const program = new SteeringAssembler();
  if (ids.kind !== "hidden") {
    const field = workerField(ids);
    program
      .loadLength()
      .goUnlessGreater(RECORD_CID_AT + field.at + field.size - 1, "flow")
      .load(1, 0)
      .goUnlessEqual(CID_RECORD, "flow");
    const prefix = ids.kind === "node-first" ? [ids.nodeId] : ids.prefix;
    for (const [at, octet] of prefix.entries()) program.load(1, RECORD_CID_AT + at).goUnlessEqual(octet, "flow");
    program.load(field.size, RECORD_CID_AT + field.at);
    answerWorker(program, field, workers);
  }
  program
    .label("flow")
    .loadOfPacket(1, 0)
    .shiftRight(4)
    .goIfEqual(4, "ipv4")
    .goIfEqual(6, "ipv6")
    .answerNone()
    .label("ipv4")
    .ipv4HeaderSizeToX()
    .loadOfPacketAtX(2, 0)
    .store()
    .loadOfPacket(4, IPV4_SOURCE_AT)
    .goTo("home")
    .label("ipv6")
    .loadOfPacket(2, IPV6_PORT_AT)
    .store()
    .loadOfPacket(4, IPV6_SOURCE_TAIL_AT)
    .label("home");
  return answerHome(program, workers);
}

/**
 * For the cluster port: forwarded records by the worker in their ID, answers by the flow of the client they are for. Where IDs
 * are hidden forwarded records go by the flow of their client too.
 */
export function clusterSteering(ids: SteeredIds, macSizeBytes: number, workers: number): SteeringProgram {
  const payload = FRAME_ADDRESS_AT + macSizeBytes;
  const program = new SteeringAssembler().load(1, 0).goIfEqual(FrameType.backward, "client");
  if (ids.kind === "hidden") {
    program.goIfEqual(FrameType.forward, "client");
  } else {
    const field = workerField(ids);
    program
      .goUnlessEqual(FrameType.forward, "any")
      .load(1, FRAME_ADDRESS_SIZE_AT)
      .copyToX()
      .loadAtX(1, payload)
      .goUnlessEqual(CID_RECORD, "any")
      .loadAtX(field.size, payload + RECORD_CID_AT + field.at);
    answerWorker(program, field, workers);
  }
  program
    .label("any")
    .answerNone()
    .label("client")
    .load(1, FRAME_PORT_AT + 1)
    .shiftLeft(8)
    .copyToX()
    .load(1, FRAME_PORT_AT)
    .orX()
    .store()
    .load(1, FRAME_ADDRESS_SIZE_AT)
    .copyToX()
    .loadAtX(4, FRAME_ADDRESS_AT - 4);
  return answerHome(program, workers);
}

function workerField(ids: Exclude<SteeredIds, { readonly kind: "hidden" }>): WorkerField {
  return ids.kind === "node-first"
    ? { at: CID_WORKER_AT, size: 1 }
    : { at: ids.sizeBytes - NONCE_TAIL_SIZE, size: NONCE_TAIL_SIZE };
}

/** The accumulator is the field. */
function answerWorker(program: SteeringAssembler, { size }: WorkerField, workers: number): void {
  if (size === NONCE_TAIL_SIZE) program.modulo(workers);
  program.answer();
}

/** The accumulator is the end of the client's address, its port is stored. */
function answerHome(program: SteeringAssembler, workers: number): SteeringProgram {
  return program
    .storedToX()
    .xorX()
    .multiply(FLOW_HASH_MULTIPLIER)
    .shiftRight(FLOW_HASH_SHIFT)
    .modulo(workers)
    .answer()
    .finish();
}
