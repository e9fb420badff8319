// The path to a client as the text that DTLS knows its peer by: the client's address, then the router's if there is one.
import { type Endpoint, isMappedIpv4, MAPPED_PREFIX_SIZE_BYTES } from "@coracle/cluster";
import type { PeerAddress } from "@coracle/dtls";

/** A path read back: answers go to `client`, through `router` if the client's newest record came through another node. */
export interface PeerPath {
  readonly client: Endpoint;
  readonly router: Endpoint | undefined;
}

const IPV4_SIZE = 4;
const IPV6_SIZE = 16;
/** Characters in front of the address: its size, then the port's two bytes. */
const HEAD_SIZE = 3;

/** The path of a client that talks to this node itself. One character a byte: equal paths, equal texts, nothing parsed. */
export function directPath(client: Endpoint): PeerAddress {
  return packEndpoint(client.address, 0, client.address.length, client.port);
}

/** The path of a client whose address lies in `bytes`, through a node. */
export function routedPath(
  bytes: Uint8Array,
  client: { readonly addressOffset: number; readonly addressSizeBytes: number; readonly port: number },
  router: Endpoint,
): PeerAddress {
  const { addressOffset, addressSizeBytes, port } = client;
  return packEndpoint(bytes, addressOffset, addressSizeBytes, port) + directPath(router);
}

/** Reads a path back; it must be one that this file made. */
export function readPath(path: PeerAddress): PeerPath {
  const client = unpackEndpoint(path, 0);
  const at = HEAD_SIZE + client.address.length;
  return { client, router: at < path.length ? unpackEndpoint(path, at) : undefined };
}

/** The path of the same client without its router. */
export function withoutRouter(path: PeerAddress): PeerAddress {
  return path.slice(0, HEAD_SIZE + path.charCodeAt(0));
}

/** True if both lead to the same client address, through whichever node. */
export function isSameClient(a: PeerAddress, b: PeerAddress): boolean {
  return withoutRouter(a) === withoutRouter(b);
}

function packEndpoint(bytes: Uint8Array, offset: number, sizeBytes: number, port: number): string {
  if (sizeBytes === IPV6_SIZE && isMappedIpv4(bytes, offset)) {
    return packEndpoint(bytes, offset + MAPPED_PREFIX_SIZE_BYTES, IPV4_SIZE, port);
  }
  const head = String.fromCharCode(sizeBytes, port >>> 8, port & 0xff);
  if (sizeBytes === IPV4_SIZE) {
    const [a, b, c, d] = [
      byte(bytes, offset),
      byte(bytes, offset + 1),
      byte(bytes, offset + 2),
      byte(bytes, offset + 3),
    ];
    return head + String.fromCharCode(a, b, c, d);
  }
  let text = head;
  for (let at = offset; at < offset + sizeBytes; at++) text += String.fromCharCode(byte(bytes, at));
  return text;
}

function unpackEndpoint(path: string, at: number): Endpoint {
  const address = new Uint8Array(path.charCodeAt(at));
  for (let index = 0; index < address.length; index++) address[index] = path.charCodeAt(at + HEAD_SIZE + index);
  return { address, port: (path.charCodeAt(at + 1) << 8) | path.charCodeAt(at + 2) };
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
