// Kubernetes' envelope around a protobuf message: four bytes and a runtime.Unknown (apimachinery serializer/protobuf).

/** `k8s` and a NUL stand before every message but the frames of a watch. */
export const MAGIC: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

/** A part of some bytes. */
export type Span = readonly [start: number, end: number];

/** What an envelope says and where its message is. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly message: Span;
}

/** Parses the envelope in `bytes[start, end)`; `undefined` when it is none, or its content is encoded in some other way. */
export function parseEnvelope(bytes: Uint8Array, [start, end]: Span): Envelope | undefined {
  if (MAGIC.some((byte, index) => bytes[start + index] !== byte) || end - start < MAGIC.length) return undefined;
  const parts = delimitedFields(bytes, [start + MAGIC.length, end]);
  const encoding = parts?.[3];
  if (parts === undefined || (encoding !== undefined && encoding[0] !== encoding[1])) return undefined;
  const type = typeOf(bytes, parts[1] ?? [end, end]);
  return type === undefined ? undefined : { ...type, message: parts[2] ?? [end, end] };
}

/** Parses a TypeMeta. */
export function typeOf(
  bytes: Uint8Array,
  span: Span,
): { readonly apiVersion: string; readonly kind: string } | undefined {
  const parts = delimitedFields(bytes, span);
  if (parts === undefined) return undefined;
  return { apiVersion: textOf(bytes, parts[1]), kind: textOf(bytes, parts[2]) };
}

/** The text in a span; "" when there is none. */
export function textOf(bytes: Uint8Array, span: Span | undefined): string {
  return span === undefined ? "" : decoder.decode(bytes.subarray(span[0], span[1]));
}

const decoder = new TextDecoder();
const FIELDS_MAX = 64;

/** Where the length-delimited fields of a small message are, by number; `undefined` when it holds anything else. */
export function delimitedFields(bytes: Uint8Array, [start, end]: Span): (Span | undefined)[] | undefined {
  const fields: (Span | undefined)[] = [];
  let at = start;
  while (at < end) {
    const tag = bytes[at++] ?? 0;
    if ((tag & 7) !== 2 || tag < 8 || tag >= 0x80 || fields.length > FIELDS_MAX) return undefined;
    let size = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || at > end || scale > 0x1000_0000) return undefined;
      size += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) break;
    }
    if (at + size > end) return undefined;
    fields[tag >>> 3] = [at, at + size];
    at += size;
  }
  return fields;
}
