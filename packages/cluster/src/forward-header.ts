// The header of datagrams between nodes: 63 carries a client's datagram to the owner, 62 the owner's record back.
import type { Endpoint } from "./endpoint.ts";
import { isMappedIpv4, MAPPED_PREFIX_SIZE_BYTES } from "./endpoint.ts";

/** First bytes on the cluster port; neither TLS content types nor CoAP start with them. */
export const FrameType = { pong: 60, ping: 61, backward: 62, forward: 63 } as const;

/** One of {@link FrameType}. */
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** Bytes of the cluster MAC, where there is one. */
export const CLUSTER_MAC_SIZE_BYTES = 8;
/** The largest header: IPv6 with a MAC. Buffers keep this much room in front of a datagram. */
export const FORWARD_HEADER_SIZE_BYTES_MAX: number = 4 + 16 + CLUSTER_MAC_SIZE_BYTES;
/** A payload is at least a record header, a CID and a protected record's least: 26 bytes, as Californium demands. */
export const FORWARD_PAYLOAD_SIZE_BYTES_MIN = 26;
/** The shortest datagram that can be a frame. */
export const FORWARD_FRAME_SIZE_BYTES_MIN = 33;

/** Bytes in a buffer that is reused for the next datagram. */
export interface DatagramView {
  bytes: Uint8Array;
  /** Offset of the first byte. */
  start: number;
  /** Offset behind the last byte. */
  end: number;
}

/** Where the parts of a frame lie; offsets are into the buffer. Filled in place, so that a datagram allocates nothing. */
export interface ForwardFrame {
  type: number;
  port: number;
  start: number;
  addressOffset: number;
  addressSizeBytes: number;
  /** End of the bytes that the MAC covers; the MAC starts here if there is one. */
  macOffset: number;
  payloadOffset: number;
  end: number;
}

/** What {@link peekForwardFrame} found. */
export const FramePeek = { ok: 0, short: 1, badAddressSize: 2, notAFrame: 3 } as const;

/** One of {@link FramePeek}. */
export type FramePeek = (typeof FramePeek)[keyof typeof FramePeek];

/** An empty frame to peek into. */
export function emptyForwardFrame(): ForwardFrame {
  return {
    type: 0,
    port: 0,
    start: 0,
    addressOffset: 0,
    addressSizeBytes: 0,
    macOffset: 0,
    payloadOffset: 0,
    end: 0,
  };
}

/** Finds the parts of a frame with a MAC of `macSizeBytes` (0 or 8). `frame` is valid only after `ok`. Never throws. */
export function peekForwardFrame(datagram: DatagramView, macSizeBytes: number, frame: ForwardFrame): FramePeek {
  const { bytes, start, end } = datagram;
  const type = bytes[start];
  if (end <= start || (type !== FrameType.forward && type !== FrameType.backward)) return FramePeek.notAFrame;
  if (end - start < FORWARD_FRAME_SIZE_BYTES_MIN) return FramePeek.short;
  const addressSizeBytes = bytes[start + 3] ?? 0;
  if (addressSizeBytes !== 4 && addressSizeBytes !== 16) return FramePeek.badAddressSize;
  const payloadOffset = start + 4 + addressSizeBytes + macSizeBytes;
  if (end - payloadOffset < FORWARD_PAYLOAD_SIZE_BYTES_MIN) return FramePeek.short;
  frame.type = type;
  // Little endian, against the rest of the protocol; so it is on Californium's wire.
  frame.port = (bytes[start + 1] ?? 0) | ((bytes[start + 2] ?? 0) << 8);
  frame.start = start;
  frame.addressOffset = start + 4;
  frame.addressSizeBytes = addressSizeBytes;
  frame.macOffset = start + 4 + addressSizeBytes;
  frame.payloadOffset = payloadOffset;
  frame.end = end;
  return FramePeek.ok;
}

/**
 * Writes a header directly in front of the payload in `datagram`, which needs {@link FORWARD_HEADER_SIZE_BYTES_MAX} bytes of
 * room there, and fills `frame`. The MAC bytes are left as they are, see `writeClusterMac`. The payload is not touched, so
 * a failed send loses nothing. IPv4-mapped addresses are written as IPv4.
 */
export function writeForwardHeader(
  datagram: DatagramView,
  header: { readonly type: number; readonly macSizeBytes: number },
  client: Endpoint,
  frame: ForwardFrame,
): void {
  const { bytes, start, end } = datagram;
  const { address, port } = client;
  const mapped = address.length === 16 && isMappedIpv4(address, 0);
  const from = mapped ? MAPPED_PREFIX_SIZE_BYTES : 0;
  const size = address.length - from;
  const at = start - header.macSizeBytes - size - 4;
  bytes[at] = header.type;
  bytes[at + 1] = port & 0xff;
  bytes[at + 2] = port >>> 8;
  bytes[at + 3] = size;
  for (let index = 0; index < size; index++) bytes[at + 4 + index] = address[from + index] ?? 0;
  frame.type = header.type;
  frame.port = port;
  frame.start = at;
  frame.addressOffset = at + 4;
  frame.addressSizeBytes = size;
  frame.macOffset = at + 4 + size;
  frame.payloadOffset = start;
  frame.end = end;
}
