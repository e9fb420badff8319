// The kernel's part of finding a worker: the same homes as in core/datagram-home.ts, as programs of classic BPF.
import { FrameType } from "@coracle/cluster";
import { SteeringAssembler, type SteeringProgram } from "@coracle/runtime";
import { CID_WORKER_AT, FLOW_HASH_MULTIPLIER, FLOW_HASH_SHIFT } from "../core/datagram-home.ts";

const CID_RECORD = 25;
/** Where the connection ID of a record begins (RFC 9146 §4). */
const RECORD_CID_AT = 11;
/** Behind an IPv6 header without extensions; the datagrams of others are handed over. */
const IPV6_PORT_AT = 40;
const IPV6_SOURCE_TAIL_AT = 20;
const IPV4_SOURCE_AT = 12;
/** Of a frame between nodes: the client's port, little endian; the size of its address; its address. */
const FRAME_PORT_AT = 1;
const FRAME_ADDRESS_SIZE_AT = 3;
const FRAME_ADDRESS_AT = 4;

/** For the public port: records with an ID of this node by its worker octet, everything else by the client's flow. */
export function publicSteering(nodeId: number, workers: number): SteeringProgram {
  const program = new SteeringAssembler()
    .loadLength()
    .goUnlessGreater(RECORD_CID_AT + CID_WORKER_AT, "flow")
    .load(1, 0)
    .goUnlessEqual(CID_RECORD, "flow")
    .load(1, RECORD_CID_AT)
    .goUnlessEqual(nodeId, "flow")
    .load(1, RECORD_CID_AT + CID_WORKER_AT)
    .answer()
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

/** For the cluster port: forwarded records by the worker octet of their ID, answers by the flow of the client they are for. */
export function clusterSteering(macSizeBytes: number, workers: number): SteeringProgram {
  const payload = FRAME_ADDRESS_AT + macSizeBytes;
  const program = new SteeringAssembler()
    .load(1, 0)
    .goIfEqual(FrameType.backward, "backward")
    .goUnlessEqual(FrameType.forward, "any")
    .load(1, FRAME_ADDRESS_SIZE_AT)
    .copyToX()
    .loadAtX(1, payload)
    .goUnlessEqual(CID_RECORD, "any")
    .loadAtX(1, payload + RECORD_CID_AT + CID_WORKER_AT)
    .answer()
    .label("any")
    .answerNone()
    .label("backward")
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
