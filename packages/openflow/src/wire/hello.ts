// `ofp_hello` and the choice of a version (OpenFlow 1.5.1 §6.3.1, §7.5.1).
import { ByteReader } from "@coracle/base";
import type { MessageBuffer } from "./message-buffer.ts";
import { HEADER_SIZE_BYTES, MESSAGE_TYPE, OPENFLOW_14, OPENFLOW_15, type OpenflowVersion } from "./version.ts";

const VERSION_BITMAP = 1;

/** Appends a hello whose header carries the highest version offered and whose bitmap names all of them. */
export function encodeHello(buffer: MessageBuffer, xid: number, versions: readonly OpenflowVersion[]): void {
  const highest = versions.includes(OPENFLOW_15) ? OPENFLOW_15 : OPENFLOW_14;
  const start = buffer.beginMessage(highest, MESSAGE_TYPE.hello, xid);
  buffer.uint16(VERSION_BITMAP);
  buffer.uint16(8);
  buffer.uint32(versions.reduce<number>((bitmap, version) => bitmap | (1 << version), 0));
  buffer.endMessage(start);
}

/** The versions a hello offers, as bits: those of its bitmap, or without one every version up to its header's. */
export function parseHelloVersions(message: Uint8Array): number {
  const reader = new ByteReader(message);
  const version = reader.uint8();
  reader.skip(HEADER_SIZE_BYTES - 1);
  while (reader.remaining >= 4) {
    const type = reader.uint16();
    const sizeBytes = reader.uint16();
    if (sizeBytes < 4) break;
    const body = new ByteReader(reader.bytes(sizeBytes - 4));
    if (type === VERSION_BITMAP && body.remaining >= 4) return body.uint32();
    reader.skip((8 - (sizeBytes & 7)) & 7);
  }
  return version >= 31 ? 0x7fff_fffe : 2 ** (version + 1) - 2;
}

/** The highest version in both, or `undefined` when there is none. */
export function chooseVersion(offered: readonly OpenflowVersion[], peerVersions: number): OpenflowVersion | undefined {
  for (const version of [OPENFLOW_15, OPENFLOW_14] as const) {
    if (offered.includes(version) && ((peerVersions >>> version) & 1) === 1) return version;
  }
  return undefined;
}
