// Bodies that Go's typed clients send for built-in kinds: protobuf in Kubernetes' envelope, turned into the JSON it stands for.
import { isJsonObject, type JsonObject, type StructuralSchema } from "@coracle/api";
import { encodeBase64, err, formatTime, ok, type Result } from "@coracle/base";
import { findMessageFields, type MessageField } from "@coracle/kube";
import { readFields, type WireField } from "./wire.ts";

/** `k8s` and a NUL stand before the envelope (apimachinery serializer/protobuf). */
const MAGIC = [0x6b, 0x38, 0x73, 0x00];

const decoder = new TextDecoder();

/** The object of a body; apiVersion and kind come from the envelope. The error is a sentence. */
export function decodeProtobuf(bytes: Uint8Array, schema: StructuralSchema): Result<JsonObject, string> {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) {
    return err("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  }
  const envelope = readFields(bytes.subarray(MAGIC.length));
  if (!envelope.ok) return envelope;
  const type = readFields(bytesOf(envelope.value, 1));
  if (!type.ok) return type;
  const apiVersion = decoder.decode(bytesOf(type.value, 1));
  const kind = decoder.decode(bytesOf(type.value, 2));
  const object = decodeMessage(bytesOf(envelope.value, 2), schema);
  if (!object.ok) return object;
  return ok({ ...object.value, ...(apiVersion === "" ? {} : { apiVersion }), ...(kind === "" ? {} : { kind }) });
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array {
  const value = fields.findLast((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

const membersByMessage: Map<string, ReadonlyMap<number, MessageField>> = new Map();

/** The members of a message by field number; none for a message that Kubernetes does not have. */
function membersOf(message: string): ReadonlyMap<number, MessageField> {
  let members = membersByMessage.get(message);
  if (members === undefined) {
    members = new Map((findMessageFields(message) ?? []).map((field) => [field.number, field]));
    membersByMessage.set(message, members);
  }
  return members;
}

/** The message of a definition: `core/v1.Pod` for `io.k8s.api.core.v1.Pod`; "" for those of others than Kubernetes. */
function messageOf({ definitionName = "" }: StructuralSchema): string {
  if (!definitionName.startsWith("io.k8s.")) return "";
  const [group = "", version = "", kind = ""] = definitionName.split(".").slice(-3);
  return `${group}/${version}.${kind}`;
}

type Decoded = { [member: string]: unknown };

function decodeMessage(
  bytes: Uint8Array,
  schema: StructuralSchema,
  message: string = messageOf(schema),
): Result<JsonObject, string> {
  const fields = readFields(bytes);
  if (!fields.ok) return fields;
  const object: Decoded = {};
  const byNumber = membersOf(message);
  for (const { number, value } of fields.value) {
    const member = byNumber.get(number);
    if (member === undefined) continue;
    const failure = addMember(object, schema, member, value);
    if (failure !== undefined) return err(failure);
  }
  return ok(object);
}

/** Puts one field into the object; the answer is what is wrong with it. */
function addMember(
  object: Decoded,
  schema: StructuralSchema,
  member: MessageField,
  value: WireField["value"],
): string | undefined {
  if (member.name === "@") {
    if (!(value instanceof Uint8Array)) return "proto: wrong wire type";
    const inner = decodeMessage(value, schema, member.message);
    if (!inner.ok) return inner.error;
    Object.assign(object, inner.value);
    return undefined;
  }
  const child = schema.properties?.[member.name];
  if (child === undefined) return undefined;
  const decoded = decodeValue(value, child);
  if (!decoded.ok) return decoded.error;
  const before = object[member.name];
  if (child.type === "array") {
    object[member.name] = [...(Array.isArray(before) ? before : []), decoded.value];
  } else if (child.additionalProperties !== undefined) {
    object[member.name] = { ...(isJsonObject(before) ? before : {}), ...(decoded.value as JsonObject) };
  } else {
    object[member.name] = decoded.value;
  }
  return undefined;
}

/** One value of a field: an item of a list, an entry of a map, or the value itself. */
function decodeValue(value: WireField["value"], schema: StructuralSchema): Result<unknown, string> {
  if (schema.type === "array") return decodeValue(value, schema.items ?? {});
  if (schema.additionalProperties !== undefined) return decodeEntry(value, schema.additionalProperties);
  if (value instanceof Uint8Array) return decodeBytes(value, schema);
  if (schema.type === "boolean") return ok(Number(value) !== 0);
  return typeof value === "bigint" ? ok(Number(value)) : ok(value);
}

function decodeBytes(bytes: Uint8Array, schema: StructuralSchema): Result<unknown, string> {
  switch (schema.definitionName) {
    case "io.k8s.apimachinery.pkg.apis.meta.v1.Time":
      return timeOf(bytes, false);
    case "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime":
      return timeOf(bytes, true);
    case "io.k8s.apimachinery.pkg.api.resource.Quantity":
      return firstText(bytes);
    case "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1":
      return fieldsOf(bytes);
    case undefined:
      break;
    default:
      if (schema.intOrString === true) return intOrString(bytes);
      return decodeMessage(bytes, schema);
  }
  if (schema.intOrString === true) return intOrString(bytes);
  if (schema.format === "byte") return ok(encodeBase64(bytes));
  if (schema.format === "date-time") return timeOf(bytes, false);
  return schema.type === "string" ? ok(decoder.decode(bytes)) : decodeMessage(bytes, schema);
}

function decodeEntry(value: WireField["value"], schema: StructuralSchema): Result<JsonObject, string> {
  if (!(value instanceof Uint8Array)) return err("proto: wrong wire type");
  const fields = readFields(value);
  if (!fields.ok) return fields;
  const key = decoder.decode(bytesOf(fields.value, 1));
  const held = fields.value.findLast((field) => field.number === 2)?.value ?? new Uint8Array(0);
  if (schema.type === "array") {
    // A list as the value of a map is a message of its own, with the items in field 1.
    const items = held instanceof Uint8Array ? readFields(held) : err("proto: wrong wire type");
    if (!items.ok) return items;
    const texts = items.value.map((item) => (item.value instanceof Uint8Array ? decoder.decode(item.value) : ""));
    return ok({ [key]: texts });
  }
  const decoded = decodeValue(held, schema);
  return decoded.ok ? ok({ [key]: decoded.value }) : decoded;
}

function numberOf(fields: readonly WireField[], number: number): number {
  const value = fields.findLast((field) => field.number === number)?.value;
  return typeof value === "bigint" || typeof value === "number" ? Number(value) : 0;
}

/** Seconds and nanoseconds since 1970; the zero time of Go means that none was given. */
function timeOf(bytes: Uint8Array, micro: boolean): Result<string | null, string> {
  const fields = readFields(bytes);
  if (!fields.ok) return fields;
  if (fields.value.length === 0) return ok(null);
  const seconds = formatTime(numberOf(fields.value, 1) * 1000);
  if (!micro) return ok(seconds);
  const fraction = String(Math.trunc(numberOf(fields.value, 2) / 1000)).padStart(6, "0");
  return ok(`${seconds.slice(0, -1)}.${fraction}Z`);
}

function firstText(bytes: Uint8Array): Result<string, string> {
  const fields = readFields(bytes);
  return fields.ok ? ok(decoder.decode(bytesOf(fields.value, 1))) : fields;
}

function intOrString(bytes: Uint8Array): Result<string | number, string> {
  const fields = readFields(bytes);
  if (!fields.ok) return fields;
  const isText = numberOf(fields.value, 1) === 1;
  return ok(isText ? decoder.decode(bytesOf(fields.value, 3)) : numberOf(fields.value, 2));
}

function fieldsOf(bytes: Uint8Array): Result<JsonObject, string> {
  const text = firstText(bytes);
  if (!text.ok) return text;
  try {
    const value: unknown = JSON.parse(text.value === "" ? "{}" : text.value);
    return isJsonObject(value) ? ok(value) : err("fieldsV1 is not an object");
  } catch {
    return err("fieldsV1 is not JSON");
  }
}
