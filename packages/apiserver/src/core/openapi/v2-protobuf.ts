// The Swagger 2.0 document as protobuf, the only form kubectl asks for (gnostic openapi_v2 OpenAPIv2.proto).
import { isJsonObject } from "@coracle/api";
import type { JsonObject } from "@coracle/api";
import { ProtobufWriter } from "./protobuf-writer.ts";

/** Encodes the document. Members the messages have no field for are left out, except extensions (`x-…`). */
export function encodeOpenApiV2(document: JsonObject): Uint8Array {
  return encode(document, DOCUMENT);
}

/** How one member is written. */
type FieldKind =
  | "text"
  | "bool"
  | "uint"
  | "double"
  /** Any JSON, as YAML text. */
  | "any"
  /** Text or list of texts. */
  | "texts"
  /** List of any JSON. */
  | "anys"
  | MessageWriter;

/** Writes a member that is a message of its own, under a field number. */
type MessageWriter = (writer: ProtobufWriter, field: number, value: unknown) => void;

interface Message {
  readonly fields: { readonly [member: string]: readonly [number, FieldKind] };
  /** Field number of vendor_extension. */
  readonly extension?: number;
}

function encode(value: unknown, message: Message): Uint8Array {
  const writer = new ProtobufWriter();
  for (const [name, member] of Object.entries(isJsonObject(value) ? value : {})) {
    const field = Object.hasOwn(message.fields, name) ? message.fields[name] : undefined;
    if (field !== undefined) writeField(writer, field, member);
    else if (name.startsWith("x-") && message.extension !== undefined) {
      writer.delimited(message.extension, namedBytes(name, anyBytes(member)));
    }
  }
  return writer.finish();
}

function writeField(writer: ProtobufWriter, [field, kind]: readonly [number, FieldKind], value: unknown): void {
  if (typeof kind === "function") return kind(writer, field, value);
  switch (kind) {
    case "text":
      if (typeof value === "string") writer.text(field, value);
      return;
    case "bool":
      if (typeof value === "boolean") writer.bool(field, value);
      return;
    case "uint":
      if (typeof value === "number") writer.uint(field, value);
      return;
    case "double":
      if (typeof value === "number") writer.double(field, value);
      return;
    case "any":
      return writer.delimited(field, anyBytes(value));
    case "texts":
      for (const item of Array.isArray(value) ? value : [value]) if (typeof item === "string") writer.text(field, item);
      return;
    case "anys":
      for (const item of Array.isArray(value) ? value : []) writer.delimited(field, anyBytes(item));
  }
}

// Any { yaml = 2 }: JSON is YAML.
function anyBytes(value: unknown): Uint8Array {
  const writer = new ProtobufWriter();
  writer.text(2, `${JSON.stringify(value)}\n`);
  return writer.finish();
}

// Every Named… message is { name = 1, value = 2 }.
function namedBytes(name: string, value: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter();
  writer.text(1, name);
  writer.delimited(2, value);
  return writer.finish();
}

/** A member that is one message. */
function one(message: () => Message): MessageWriter {
  return (writer, field, value) => writer.delimited(field, encode(value, message()));
}

/** A member that is a list of messages. */
function many(bytesOf: (item: unknown) => Uint8Array): MessageWriter {
  return (writer, field, value) => {
    for (const item of Array.isArray(value) ? value : []) writer.delimited(field, bytesOf(item));
  };
}

/** A message that is a map: repeated Named… in field `entry`. */
function mapOf(entry: number, bytesOf: (value: unknown) => Uint8Array): MessageWriter {
  return (writer, field, value) => {
    const map = new ProtobufWriter();
    for (const [name, member] of Object.entries(isJsonObject(value) ? value : {})) {
      map.delimited(entry, namedBytes(name, bytesOf(member)));
    }
    writer.delimited(field, map.finish());
  };
}

/** A message around another one: a oneof, or a list wrapped in a message. */
function wrapped(field: number, bytes: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter();
  writer.delimited(field, bytes);
  return writer.finish();
}

const SCHEMA: Message = {
  extension: 31,
  fields: {
    $ref: [1, "text"],
    format: [2, "text"],
    title: [3, "text"],
    description: [4, "text"],
    default: [5, "any"],
    multipleOf: [6, "double"],
    maximum: [7, "double"],
    exclusiveMaximum: [8, "bool"],
    minimum: [9, "double"],
    exclusiveMinimum: [10, "bool"],
    maxLength: [11, "uint"],
    minLength: [12, "uint"],
    pattern: [13, "text"],
    maxItems: [14, "uint"],
    minItems: [15, "uint"],
    uniqueItems: [16, "bool"],
    maxProperties: [17, "uint"],
    minProperties: [18, "uint"],
    required: [19, "texts"],
    enum: [20, "anys"],
    // AdditionalPropertiesItem { schema = 1 }, TypeItem { value = 1 }, ItemsItem { schema = 1 }.
    additionalProperties: [21, (writer, field, value) => writer.delimited(field, wrapped(1, encode(value, SCHEMA)))],
    type: [22, (writer, field, value) => writer.delimited(field, textsBytes(value))],
    items: [23, (writer, field, value) => writer.delimited(field, wrapped(1, encode(value, SCHEMA)))],
    allOf: [24, many((item) => encode(item, SCHEMA))],
    properties: [25, mapOf(1, (value) => encode(value, SCHEMA))],
  },
};

function textsBytes(value: unknown): Uint8Array {
  const writer = new ProtobufWriter();
  writeField(writer, [1, "texts"], value);
  return writer.finish();
}

const BODY_PARAMETER: Message = {
  extension: 6,
  fields: {
    description: [1, "text"],
    name: [2, "text"],
    in: [3, "text"],
    required: [4, "bool"],
    schema: [5, one(() => SCHEMA)],
  },
};

const QUERY_PARAMETER: Message = {
  extension: 23,
  fields: {
    required: [1, "bool"],
    in: [2, "text"],
    description: [3, "text"],
    name: [4, "text"],
    type: [6, "text"],
    format: [7, "text"],
    uniqueItems: [20, "bool"],
  },
};

const PATH_PARAMETER: Message = {
  extension: 22,
  fields: {
    required: [1, "bool"],
    in: [2, "text"],
    description: [3, "text"],
    name: [4, "text"],
    type: [5, "text"],
    format: [6, "text"],
    uniqueItems: [19, "bool"],
  },
};

// ParametersItem { parameter = 1 } · Parameter { body = 1, non_body = 2 } · NonBodyParameter { query = 3, path = 4 }.
function parameterBytes(value: unknown): Uint8Array {
  const place = isJsonObject(value) ? value["in"] : undefined;
  if (place === "body") return wrapped(1, wrapped(1, encode(value, BODY_PARAMETER)));
  const inner =
    place === "path" ? wrapped(4, encode(value, PATH_PARAMETER)) : wrapped(3, encode(value, QUERY_PARAMETER));
  return wrapped(1, wrapped(2, inner));
}

const RESPONSE: Message = {
  extension: 5,
  fields: {
    description: [1, "text"],
    // SchemaItem { schema = 1 }.
    schema: [2, (writer, field, value) => writer.delimited(field, wrapped(1, encode(value, SCHEMA)))],
  },
};

const OPERATION: Message = {
  extension: 13,
  fields: {
    tags: [1, "texts"],
    summary: [2, "text"],
    description: [3, "text"],
    operationId: [5, "text"],
    produces: [6, "texts"],
    consumes: [7, "texts"],
    parameters: [8, many(parameterBytes)],
    // Responses { response_code = 1 } of ResponseValue { response = 1 }.
    responses: [9, mapOf(1, (value) => wrapped(1, encode(value, RESPONSE)))],
    schemes: [10, "texts"],
    deprecated: [11, "bool"],
  },
};

const PATH_ITEM: Message = {
  extension: 10,
  fields: {
    get: [2, one(() => OPERATION)],
    put: [3, one(() => OPERATION)],
    post: [4, one(() => OPERATION)],
    delete: [5, one(() => OPERATION)],
    options: [6, one(() => OPERATION)],
    head: [7, one(() => OPERATION)],
    patch: [8, one(() => OPERATION)],
    parameters: [9, many(parameterBytes)],
  },
};

const INFO: Message = {
  extension: 7,
  fields: { title: [1, "text"], version: [2, "text"], description: [3, "text"] },
};

const API_KEY: Message = {
  extension: 5,
  fields: { type: [1, "text"], name: [2, "text"], in: [3, "text"], description: [4, "text"] },
};

const DOCUMENT: Message = {
  extension: 16,
  fields: {
    swagger: [1, "text"],
    info: [2, one(() => INFO)],
    // Paths { path = 2 }.
    paths: [8, mapOf(2, (value) => encode(value, PATH_ITEM))],
    definitions: [9, mapOf(1, (value) => encode(value, SCHEMA))],
    // SecurityRequirement { additional_properties = 1 } of StringArray { value = 1 }.
    security: [12, many(securityBytes)],
    // SecurityDefinitionsItem { api_key_security = 2 }.
    securityDefinitions: [13, mapOf(1, (value) => wrapped(2, encode(value, API_KEY)))],
  },
};

function securityBytes(item: unknown): Uint8Array {
  const writer = new ProtobufWriter();
  for (const [name, scopes] of Object.entries(isJsonObject(item) ? item : {})) {
    writer.delimited(1, namedBytes(name, textsBytes(scopes)));
  }
  return writer.finish();
}
