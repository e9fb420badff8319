// Kubernetes' protobuf from JSON values, for tests: what a server's encoder does, by the same tables but the other way round.
import { MAGIC } from "../protobuf/envelope.ts";
import { messageFields, type MessageField } from "../protobuf/message-type.ts";

const encoder = new TextEncoder();

type Fields = Readonly<Record<string, unknown>>;

/** A message of type `name` from the object JSON has for it. Members that are absent are not encoded. */
export function encodeMessage(name: string, object: Fields): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of messageFields(name)) {
    if (field.name === "@") {
      parts.push(delimited(field.number, encodeMessage(field.message, object)));
      continue;
    }
    const value = object[field.name];
    if (value === undefined || value === null) continue;
    if (field.form === "list") for (const item of value as readonly unknown[]) parts.push(encodeField(field, item));
    else if (field.form === "map") {
      for (const [key, entry] of Object.entries(value)) {
        parts.push(delimited(field.number, joined([text(1, key), encodeField({ ...field, number: 2 }, entry)])));
      }
    } else parts.push(encodeField(field, value));
  }
  return joined(parts);
}

/** A body: the envelope around a message. */
export function encodeEnvelope(apiVersion: string, kind: string, message: Uint8Array): Uint8Array {
  const type = joined([text(1, apiVersion), text(2, kind)]);
  return joined([Uint8Array.from(MAGIC), delimited(1, type), delimited(2, message), text(3, ""), text(4, "")]);
}

/** A list body. */
export function encodeList(
  apiVersion: string,
  kind: string,
  metadata: Fields,
  items: readonly Uint8Array[],
): Uint8Array {
  const parts = [delimited(1, encodeMessage("meta/v1.ListMeta", metadata)), ...items.map((item) => delimited(2, item))];
  return encodeEnvelope(apiVersion, `${kind}List`, joined(parts));
}

/** One frame of a watch. */
export function encodeFrame(type: string, envelope: Uint8Array): Uint8Array {
  const event = joined([text(1, type), delimited(2, delimited(1, envelope))]);
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, event.length);
  return joined([size, event]);
}

/** The bytes of all parts, one behind the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A length-delimited field. */
export function delimited(number: number, value: Uint8Array): Uint8Array {
  return joined([varint(BigInt(number * 8 + 2)), varint(BigInt(value.length)), value]);
}

/** A varint field. */
export function integer(number: number, value: number): Uint8Array {
  return joined([varint(BigInt(number * 8)), varint(BigInt.asUintN(64, BigInt(value)))]);
}

function text(number: number, value: string): Uint8Array {
  return delimited(number, encoder.encode(value));
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

function encodeField({ number, type, message }: MessageField, value: unknown): Uint8Array {
  switch (type) {
    case "string":
      return text(number, String(value));
    case "int":
      return integer(number, Number(value));
    case "bool":
      return integer(number, value === true ? 1 : 0);
    case "bytes":
      return delimited(number, fromBase64(String(value)));

    case "message":
      return delimited(number, encodeMessage(message, value as Fields));
    case "quantity":
      return delimited(number, text(1, String(value)));
    case "json":
      return delimited(number, text(1, JSON.stringify(value)));
    case "list":
      return delimited(number, joined((value as readonly string[]).map((item) => text(1, item))));
    case "time":
    case "microtime": {
      const [, seconds = "", micros = "0"] = /^(.*?)(?:\.(\d{6}))?Z$/.exec(String(value)) ?? [];
      const parts = [integer(1, Date.parse(`${seconds}Z`) / 1000), integer(2, Number(micros) * 1000)];
      return delimited(number, joined(parts));
    }
    case "intorstring":
      return delimited(
        number,
        typeof value === "number"
          ? joined([integer(1, 0), integer(2, value), text(3, "")])
          : joined([integer(1, 1), integer(2, 0), text(3, String(value))]),
      );
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function fromBase64(value: string): Uint8Array {
  const bytes: number[] = [];
  let [bits, size] = [0, 0];
  for (const character of value.replaceAll("=", "")) {
    bits = (bits << 6) | ALPHABET.indexOf(character);
    size += 6;
    if (size < 8) continue;
    size -= 8;
    bytes.push((bits >> size) & 0xff);
  }
  return Uint8Array.from(bytes);
}
