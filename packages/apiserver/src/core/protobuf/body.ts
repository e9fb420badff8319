// Where protobuf bodies enter: they become JSON at the door, so that nothing behind it knows of them.
import type { StructuralSchema } from "@coracle/api";
import { badRequestStatus, PROTOBUF_MEDIA_TYPE, StatusError } from "@coracle/kube";
import { decodeProtobuf } from "./decode.ts";

/** A body with its media type. */
export interface TypedBody {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

/** The body as it came, or as JSON when it is protobuf and `schema` tells how to read it; 400 when it cannot be read. */
export function withoutProtobuf(body: TypedBody, schema: StructuralSchema | undefined): TypedBody {
  const type = (body.contentType ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== PROTOBUF_MEDIA_TYPE || schema === undefined || body.bytes.length === 0) return body;
  const decoded = decodeProtobuf(body.bytes, schema);
  if (!decoded.ok) throw new StatusError(badRequestStatus(decoded.error));
  return { bytes: new TextEncoder().encode(JSON.stringify(decoded.value)), contentType: "application/json" };
}

/** The schema of DeleteOptions, which typed clients send with every deletion. */
export const DELETE_OPTIONS_SCHEMA: StructuralSchema = {
  type: "object",
  definitionName: "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
  properties: {
    gracePeriodSeconds: { type: "integer" },
    preconditions: {
      type: "object",
      definitionName: "io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions",
      properties: { uid: { type: "string" }, resourceVersion: { type: "string" } },
    },
    orphanDependents: { type: "boolean" },
    propagationPolicy: { type: "string" },
    dryRun: { type: "array", items: { type: "string" } },
  },
};
