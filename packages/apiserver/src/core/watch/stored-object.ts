// One object as the server keeps it: its JSON bytes, ready to be sent, and the little that selectors and controllers ask for.
import { assert } from "@coracle/base";
import type { ApiObject, ObjectMeta, ResourceDefinition } from "@coracle/api";
import { type KeyValue } from "@coracle/store";
import { formatApiVersion } from "@coracle/kube";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Metadata without managedFields, which are most of an object's weight and of no use to the server itself. */
export type SlimMetadata = Omit<ObjectMeta, "managedFields">;

/** An immutable object at one revision. */
export interface StoredObject {
  readonly definition: ResourceDefinition;
  readonly key: string;
  /** "" for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly metadata: SlimMetadata;
  /** Values of the kind's selectable fields. */
  readonly fields: Readonly<Record<string, string>>;
  /** The complete JSON text with `metadata.resourceVersion`. Never changed, shared by every answer. */
  readonly json: Uint8Array;
}

/**
 * How every stored text begins, up to and including the brace of `metadata`. The revision is not stored; it is put in at
 * this place, so that a list or an event is made of bytes without parsing them.
 */
export function textHead(definition: ResourceDefinition): string {
  const kind = JSON.stringify(definition.kind);
  return `{"kind":${kind},"apiVersion":${JSON.stringify(formatApiVersion(definition))},"metadata":{`;
}

/** The text to store: everything but the resource version, kind and apiVersion first. */
export function encodeForStore(definition: ResourceDefinition, object: ApiObject): Uint8Array {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _resourceVersion, ...kept } = metadata;
  const meta = JSON.stringify(kept);
  assert(meta.length > 2, "Cannot store an object: its metadata is empty");
  const body = JSON.stringify(rest);
  return encoder.encode(`${textHead(definition)}${meta.slice(1)}${body === "{}" ? "}" : `,${body.slice(1)}`}`);
}

/** Makes a stored object from what the store holds. `object` saves the parse when the writer still has it. */
export function storedObject(definition: ResourceDefinition, kv: KeyValue, object?: ApiObject): StoredObject {
  const head = headBytes(definition);
  const regular = startsWith(kv.value, head);
  const parsed = object ?? (JSON.parse(decoder.decode(kv.value)) as ApiObject);
  const text = regular ? kv.value : encodeForStore(definition, parsed);
  const { managedFields: _managedFields, ...metadata } = parsed.metadata;
  const fields: Record<string, string> = {};
  for (const [path, read] of Object.entries(definition.selectableFields)) fields[path] = read(parsed);
  return {
    definition,
    key: kv.key,
    namespace: definition.namespaced ? (metadata.namespace ?? "") : "",
    name: metadata.name ?? "",
    revision: kv.modRevision,
    metadata: { ...metadata, resourceVersion: String(kv.modRevision) },
    fields,
    json: withRevision(text, head.length, kv.modRevision),
  };
}

/** The object, parsed anew: the caller owns it. */
export function decodeStored(object: StoredObject): ApiObject {
  return JSON.parse(decoder.decode(object.json)) as ApiObject;
}

/** The same state under another resource version: what a watcher sees when an object leaves its selection. */
export function atRevision(object: StoredObject, revision: number): StoredObject {
  if (revision === object.revision) return object;
  const headSize = headBytes(object.definition).length;
  const textSize = revisionText(object.revision).length;
  const tail = object.json.subarray(headSize + textSize);
  const text = encoder.encode(revisionText(revision));
  const json = new Uint8Array(headSize + text.length + tail.length);
  json.set(object.json.subarray(0, headSize));
  json.set(text, headSize);
  json.set(tail, headSize + text.length);
  return { ...object, revision, metadata: { ...object.metadata, resourceVersion: String(revision) }, json };
}

const heads: WeakMap<ResourceDefinition, Uint8Array> = new WeakMap();

function headBytes(definition: ResourceDefinition): Uint8Array {
  let head = heads.get(definition);
  if (head === undefined) {
    head = encoder.encode(textHead(definition));
    heads.set(definition, head);
  }
  return head;
}

function revisionText(revision: number): string {
  return `"resourceVersion":"${revision}",`;
}

function withRevision(text: Uint8Array, headSize: number, revision: number): Uint8Array {
  const inserted = encoder.encode(revisionText(revision));
  const json = new Uint8Array(text.length + inserted.length);
  json.set(text.subarray(0, headSize));
  json.set(inserted, headSize);
  json.set(text.subarray(headSize), headSize + inserted.length);
  return json;
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  if (bytes.length < head.length) return false;
  for (let index = 0; index < head.length; index++) if (bytes[index] !== head[index]) return false;
  return true;
}
