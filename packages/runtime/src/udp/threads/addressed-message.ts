// A datagram with its address and socket, as a message of a ring.
import type { UdpAddress } from "../address.ts";
import type { ReceivedDatagram } from "../endpoint.ts";
import type { ThreadRing } from "./thread-ring.ts";

/** u32 socket, u16 port, u8 size of the address, u8 unused, 16 bytes of address, unused: room for a header in its place. */
const PREFIX_SIZE_BYTES = 32;

/** A datagram taken out of a ring. It is the reader's own, with 32 writable bytes in front of `start`. */
export interface Addressed {
  readonly socket: number;
  readonly datagram: ReceivedDatagram;
}

/** What part of which bytes. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** What became of a message put into a ring. */
export type Posted = "full" | "posted" | "wake";

/** Puts `part` into the ring as a message of this kind. */
export function postBytes(ring: ThreadRing, kind: number, { bytes, start, end }: Part): Posted {
  const at = ring.reserve(end - start);
  if (at < 0) return "full";
  ring.bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at);
  return ring.commit(kind, end - start) ? "wake" : "posted";
}

/** Puts a datagram into the ring with the socket and peer it belongs to. */
export function postAddressed(
  ring: ThreadRing,
  kind: number,
  part: Part,
  to: { readonly socket: number; readonly peer: UdpAddress },
): Posted {
  const size = PREFIX_SIZE_BYTES + part.end - part.start;
  const at = ring.reserve(size);
  if (at < 0) return "full";
  const { address, port } = to.peer;
  const { bytes } = ring;
  bytes[at] = to.socket;
  bytes[at + 1] = to.socket >>> 8;
  bytes[at + 2] = to.socket >>> 16;
  bytes[at + 3] = to.socket >>> 24;
  bytes[at + 4] = port;
  bytes[at + 5] = port >>> 8;
  bytes[at + 6] = address.length;
  bytes.set(address, at + 8);
  bytes.set(part.bytes.subarray(part.start, part.end), at + PREFIX_SIZE_BYTES);
  return ring.commit(kind, size) ? "wake" : "posted";
}

/** Takes such a message apart. */
export function readAddressed(message: Uint8Array): Addressed {
  const at = (index: number): number => message[index] ?? 0;
  const source = { address: message.slice(8, 8 + at(6)), port: at(4) | (at(5) << 8) };
  return {
    socket: (at(0) | (at(1) << 8) | (at(2) << 16) | (at(3) << 24)) >>> 0,
    datagram: { bytes: message, start: PREFIX_SIZE_BYTES, end: message.length, source },
  };
}
