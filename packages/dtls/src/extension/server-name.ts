// server_name (RFC 6066 §3): the host the client means, in ASCII.
import { ByteReader, ByteWriter } from "@coracle/base";
import { type Extension, ExtensionType } from "./extension.ts";

const HOST_NAME = 0;
const NAME_SIZE_MAX = 255;

export function serverNameExtension(name: string): Extension {
  const bytes = new TextEncoder().encode(name);
  const data = new ByteWriter()
    .uint16(3 + bytes.length)
    .uint8(HOST_NAME)
    .uint16(bytes.length)
    .bytes(bytes)
    .finish();
  return { type: ExtensionType.serverName, data };
}

/** The first host name; `undefined` if there is none, it is malformed or not printable ASCII. */
export function parseServerName(data: Uint8Array): string | undefined {
  const reader = new ByteReader(data);
  if (reader.uint16() !== reader.remaining) return undefined;
  const type = reader.uint8();
  const name = reader.bytes(reader.uint16());
  if (reader.failed || type !== HOST_NAME || name.length === 0 || name.length > NAME_SIZE_MAX) return undefined;
  return name.every((byte) => byte > 32 && byte < 127) ? new TextDecoder().decode(name) : undefined;
}
