// ICMP echo request and reply (RFC 792), with the Internet checksum (RFC 1071).

/** One echo of a series. */
export interface Echo {
  /** Tells series apart, 16 bits. */
  readonly identifier: number;
  /** Counts within a series, 16 bits. */
  readonly sequence: number;
}

const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;
const HEADER_SIZE_BYTES = 8;

/** The request with `payloadSizeBytes` of padding behind its header. */
export function encodeEchoRequest(echo: Echo, payloadSizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE_BYTES + payloadSizeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, ECHO_REQUEST);
  view.setUint16(4, echo.identifier);
  view.setUint16(6, echo.sequence);
  for (let index = HEADER_SIZE_BYTES; index < bytes.length; index++) bytes[index] = index & 0xff;
  view.setUint16(2, internetChecksum(bytes));
  return bytes;
}

/** The echo that an IPv4 packet answers; `undefined` if it is no sound echo reply. */
export function decodeEchoReply(packet: Uint8Array): Echo | undefined {
  const headerSizeBytes = ((packet[0] ?? 0) & 0x0f) * 4;
  const message = packet.subarray(headerSizeBytes);
  const isIpv4 = (packet[0] ?? 0) >> 4 === 4 && headerSizeBytes >= 20;
  if (!isIpv4 || message.length < HEADER_SIZE_BYTES || message[0] !== ECHO_REPLY) return undefined;
  if (internetChecksum(message) !== 0) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  return { identifier: view.getUint16(4), sequence: view.getUint16(6) };
}

/** The one's complement sum of all 16-bit words, complemented; zero over a message that carries its right checksum. */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
