// Hello extensions (RFC 5246 §7.4.1.4): numbered blobs, each at most once.
import { ByteReader, type ByteWriter } from "@coracle/base";

/** Numbers of the extensions this library knows. */
export const ExtensionType = {
  serverName: 0,
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  clientCertificateType: 19,
  serverCertificateType: 20,
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  connectionId: 54,
  returnRoutabilityCheck: 61,
  renegotiationInfo: 0xff01,
} as const;

/** Extensions in one hello. */
const EXTENSIONS_MAX = 64;

/** One extension. */
export interface Extension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** Writes the block, or nothing if there is none: old peers know hellos without it. */
export function encodeExtensions(writer: ByteWriter, extensions: readonly Extension[]): void {
  if (extensions.length === 0) return;
  writer.uint16(extensions.reduce((sum, extension) => sum + 4 + extension.data.length, 0));
  for (const { type, data } of extensions) writer.uint16(type).uint16(data.length).bytes(data);
}

/** Reads what is left of a hello; `undefined` if malformed, too many or one type twice. Data are copies. */
export function parseExtensions(reader: ByteReader): readonly Extension[] | undefined {
  if (reader.remaining === 0) return [];
  if (reader.uint16() !== reader.remaining || reader.failed) return undefined;
  const extensions: Extension[] = [];
  while (reader.remaining > 0) {
    const type = reader.uint16();
    const data = reader.bytes(reader.uint16()).slice();
    if (reader.failed || extensions.length === EXTENSIONS_MAX) return undefined;
    if (extensions.some((extension) => extension.type === type)) return undefined;
    extensions.push({ type, data });
  }
  return extensions;
}

/** The data of the extension of a type, if there is one. */
export function findExtension(extensions: readonly Extension[], type: number): Uint8Array | undefined {
  return extensions.find((extension) => extension.type === type)?.data;
}

/** A list of 16-bit numbers behind its own size, as supported_groups and signature_algorithms have it. */
export function parseUint16List(data: Uint8Array): readonly number[] | undefined {
  const reader = new ByteReader(data);
  if (reader.uint16() !== reader.remaining || reader.failed || reader.remaining % 2 !== 0) return undefined;
  const values: number[] = [];
  while (reader.remaining > 0) values.push(reader.uint16());
  return values;
}

/** The bytes of such a list. */
export function encodeUint16List(values: readonly number[]): Uint8Array {
  const data = new Uint8Array(2 + values.length * 2);
  const view = new DataView(data.buffer);
  view.setUint16(0, values.length * 2);
  for (const [index, value] of values.entries()) view.setUint16(2 + index * 2, value);
  return data;
}
