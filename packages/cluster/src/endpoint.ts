// An address and UDP port as a value: print, parse, compare. IPv4 inside IPv6 (RFC 4291 §2.5.5.2) counts as IPv4.
import { err, formatIp, ok, parseIp, type Result } from "@coracle/base";

/** Where datagrams come from or go to. `address` is 4 or 16 bytes, network order. */
export interface Endpoint {
  readonly address: Uint8Array;
  readonly port: number;
}

/** Why a text is not an endpoint. */
export interface EndpointError {
  readonly code: "BAD_ENDPOINT";
  readonly message: string;
}

/** Bytes before the IPv4 address in an IPv4-mapped IPv6 address. */
export const MAPPED_PREFIX_SIZE_BYTES = 12;

/** True if the 16 bytes at `offset` are `::ffff:a.b.c.d`. */
export function isMappedIpv4(bytes: Uint8Array, offset: number): boolean {
  for (let index = 0; index < 10; index++) if (bytes[offset + index] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}

/** A copy whose address is 4 bytes if it was an IPv4-mapped one; safe to keep when the input's buffer is reused. */
export function copyEndpoint(endpoint: Endpoint): Endpoint {
  const { address, port } = endpoint;
  const mapped = address.length === 16 && isMappedIpv4(address, 0);
  return { address: address.slice(mapped ? MAPPED_PREFIX_SIZE_BYTES : 0), port };
}

/** `192.0.2.1:5884` or `[2001:db8::1]:5884`; equal endpoints have equal texts, so it serves as a map key. */
export function formatEndpoint(endpoint: Endpoint): string {
  const { address, port } = copyEndpoint(endpoint);
  const text = formatIp({ family: address.length === 4 ? 4 : 6, bytes: address });
  return address.length === 4 ? `${text}:${port}` : `[${text}]:${port}`;
}

/** Parses what {@link formatEndpoint} prints. Names are not resolved here. */
export function parseEndpoint(text: string): Result<Endpoint, EndpointError> {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9]\d{0,4})$/.exec(text);
  const port = Number(match?.[3] ?? 0);
  const ip = parseIp(match?.[1] ?? match?.[2] ?? "");
  if (match === null || port > 0xffff || !ip.ok || (match[1] !== undefined) !== (ip.value.family === 6))
    return err({ code: "BAD_ENDPOINT", message: `Cannot read "${text.slice(0, 64)}" as address:port` });
  return ok(copyEndpoint({ address: ip.value.bytes, port }));
}

/** Order by family, then address, then port: the same at every node, which the rule against glare needs. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  const left = copyEndpoint(a);
  const right = copyEndpoint(b);
  if (left.address.length !== right.address.length) return left.address.length - right.address.length;
  for (const [index, byte] of left.address.entries()) {
    const difference = byte - (right.address[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.port - right.port;
}
