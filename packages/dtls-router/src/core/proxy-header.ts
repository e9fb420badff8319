// The header of PROXY protocol version 2 in front of a UDP payload: who the device is, for an upstream that wants to know.
import { ByteWriter } from "@coracle/base";
import type { Endpoint } from "@coracle/cluster";

const SIGNATURE: Uint8Array = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
/** Version 2, command PROXY. */
const VERSION_AND_COMMAND = 0x21;
/** AF_INET or AF_INET6 with DGRAM. */
const FAMILY = { 4: 0x12, 16: 0x22 } as const;

/** Types of the fields behind the addresses; the last two are from the range for private use. */
export const ProxyField = { uniqueId: 0x05, identity: 0xe0, identityKind: 0xe1 } as const;

/** What the header tells. */
export interface ProxyFacts {
  readonly client: Endpoint;
  /** The address that the client sent to. */
  readonly server: Endpoint;
  /** The session's connection ID; empty if it has none. */
  readonly cid: Uint8Array;
  /** `psk`, `raw-public-key`, `x509` or `anonymous`. */
  readonly identityKind: string;
  /** PSK identity, name of the certificate, or the raw key; empty if anonymous. */
  readonly identity: Uint8Array;
}

/** The header (PROXY protocol §2.2). Addresses of different families are written as IPv6. */
export function encodeProxyHeader(facts: ProxyFacts): Uint8Array {
  const { client, server, cid, identity, identityKind } = facts;
  const isIpv4 = client.address.length === 4 && server.address.length === 4;
  const addressOf = (endpoint: Endpoint): Uint8Array => (isIpv4 ? endpoint.address : mapped(endpoint.address));
  const fields = new ByteWriter();
  for (const { address } of [{ address: addressOf(client) }, { address: addressOf(server) }]) {
    fields.bytes(address);
  }
  fields.uint16(client.port).uint16(server.port);
  writeField(fields, ProxyField.uniqueId, cid);
  writeField(fields, ProxyField.identityKind, new TextEncoder().encode(identityKind));
  writeField(fields, ProxyField.identity, identity);
  const body = fields.finish();
  return new ByteWriter()
    .bytes(SIGNATURE)
    .uint8(VERSION_AND_COMMAND)
    .uint8(FAMILY[isIpv4 ? 4 : 16])
    .uint16(body.length)
    .bytes(body)
    .finish();
}

/** Empty fields are left out. */
function writeField(out: ByteWriter, type: number, value: Uint8Array): void {
  if (value.length > 0) out.uint8(type).uint16(value.length).bytes(value);
}

function mapped(address: Uint8Array): Uint8Array {
  if (address.length === 16) return address;
  const wide = new Uint8Array(16);
  wide.fill(0xff, 10, 12);
  wide.set(address, 12);
  return wide;
}
