// Accept headers: whole objects, metadata only, or Table (Kubernetes API concepts: resource representations; KEP-5958).
import { PROTOBUF_MEDIA_TYPE } from "../mod.ts";

/** What form answers come in. Metadata-only answers are a fraction of the bytes; a Table's columns are the server's choice. */
export type ObjectForm = "object" | "metadata" | "table";

/** What kind of answer the header is for. Watches carry single objects. */
export type AnswerShape = "single" | "list" | "watch";

/** Parameters of a request's Accept header. */
export interface AcceptOptions {
  readonly form?: ObjectForm | undefined;
  /** Ask the server to leave out `metadata.managedFields`: often half of an object. Older servers ignore it. */
  readonly dropManagedFields?: boolean | undefined;
  /** Ask for whole objects as protobuf, which costs the server a quarter of what JSON does. Servers without it send JSON. */
  readonly protobuf?: boolean | undefined;
}

const JSON_TYPE = "application/json";
const DROP = "drop=metadata.managedFields";

/** The Accept header, alternatives in order of preference and plain JSON at the end: the answer's Content-Type decides. */
export function acceptHeader(shape: AnswerShape, options: AcceptOptions = {}): string {
  const drop = options.dropManagedFields === true;
  const plain = drop ? `${JSON_TYPE};${DROP},${JSON_TYPE}` : JSON_TYPE;
  switch (options.form ?? "object") {
    case "object":
      // Without "drop": it keeps a server from sending the bytes it has encoded already, and skipping them costs nothing here.
      return options.protobuf === true ? `${PROTOBUF_MEDIA_TYPE},${plain}` : plain;
    case "metadata": {
      const kind = shape === "list" ? "PartialObjectMetadataList" : "PartialObjectMetadata";
      const partial = `${JSON_TYPE};as=${kind};g=meta.k8s.io;v=v1`;
      return drop ? `${partial};${DROP},${partial},${JSON_TYPE}` : `${partial},${JSON_TYPE}`;
    }
    case "table":
      return `${JSON_TYPE};as=Table;g=meta.k8s.io;v=v1,${JSON_TYPE}`;
  }
}

/** Content-Type of each patch (Kubernetes API concepts: patch). Apply takes JSON too, as it is YAML. */
export const PATCH_MEDIA_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** One of {@link PATCH_MEDIA_TYPES}. */
export type PatchType = keyof typeof PATCH_MEDIA_TYPES;

/** Whether a Content-Type is JSON of any kind; parameters and case do not matter. */
export function isJsonMediaType(contentType: string | undefined): boolean {
  return essence(contentType) === JSON_TYPE;
}

/** Whether a Content-Type is Kubernetes' protobuf, of a watch or not. */
export function isProtobufMediaType(contentType: string | undefined): boolean {
  return essence(contentType) === PROTOBUF_MEDIA_TYPE;
}

function essence(contentType: string | undefined): string | undefined {
  return (contentType ?? "").split(";")[0]?.trim().toLowerCase();
}
