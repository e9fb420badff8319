// Lists as a stream of text pieces: an opening with the list's metadata, the items one after another, a closing.
import type { ResourceDefinition } from "@coracle/api";
import { formatApiVersion } from "@coracle/kube";
import { decodeStored, type StoredObject, textHead } from "../watch/stored-object.ts";
import { partialMetadata } from "./partial-metadata.ts";
import { rowText, type TableHead, tableOpening } from "./table.ts";

/** Metadata of a list. Absent members are left out of the text. */
export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** How a list is written: pieces that are joined by commas between an opening and a closing. */
export interface ListForm {
  readonly opening: Uint8Array;
  item(object: StoredObject): Uint8Array;
  readonly closing: Uint8Array;
}

const encoder = new TextEncoder();
const CLOSING = encoder.encode("]}\n");
const BRACE = 0x7b;

/** A list of whole objects. Items of built-in kinds carry no kind and apiVersion, as Kubernetes writes typed lists. */
export function objectListForm(definition: ResourceDefinition, metadata: ListMetadata): ListForm {
  const head = textHead(definition);
  // Lists of custom kinds always show where they go on, if only as "".
  const listed = definition.builtIn ? metadata : { continue: "", ...metadata };
  const typed = encoder.encode(head).length - encoder.encode('"metadata":{').length;
  const item = (object: StoredObject): Uint8Array => {
    if (!definition.builtIn) return object.json;
    const bare = object.json.slice(typed - 1);
    bare[0] = BRACE;
    return bare;
  };
  return { opening: opening(definition.listKind, formatApiVersion(definition), listed), item, closing: CLOSING };
}

/** A list of metadata. */
export function partialListForm(version: "v1" | "v1beta1", metadata: ListMetadata): ListForm {
  return {
    opening: opening("PartialObjectMetadataList", `meta.k8s.io/${version}`, metadata),
    item: (object) => encoder.encode(JSON.stringify(partialMetadata(decodeStored(object), version))),
    closing: CLOSING,
  };
}

/** A Table. */
export function tableForm(head: TableHead): ListForm {
  return {
    opening: encoder.encode(tableOpening(head)),
    item: (object) => encoder.encode(rowText(head, decodeStored(object))),
    closing: CLOSING,
  };
}

function opening(kind: string, apiVersion: string, metadata: ListMetadata): Uint8Array {
  const type = `"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)}`;
  return encoder.encode(`{${type},"metadata":${JSON.stringify(metadata)},"items":[`);
}

/** Pieces are gathered up to this size before they are handed on. */
const CHUNK_SIZE_BYTES = 64 * 1024;

/** The list as chunks of about 64 KiB, made as they are asked for. */
export function* listChunks(form: ListForm, objects: readonly StoredObject[]): Generator<Uint8Array, void, undefined> {
  let pieces: Uint8Array[] = [form.opening];
  let sizeBytes = form.opening.length;
  for (const [index, object] of objects.entries()) {
    const item = form.item(object);
    if (index > 0) pieces.push(COMMA);
    pieces.push(item);
    sizeBytes += item.length + 1;
    if (sizeBytes < CHUNK_SIZE_BYTES) continue;
    yield joined(pieces);
    pieces = [];
    sizeBytes = 0;
  }
  pieces.push(form.closing);
  yield joined(pieces);
}

const COMMA = encoder.encode(",");

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const chunk = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const piece of pieces) {
    chunk.set(piece, offset);
    offset += piece.length;
  }
  return chunk;
}
