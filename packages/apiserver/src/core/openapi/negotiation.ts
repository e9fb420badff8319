// Which form of /openapi/v2 a client asks for.

/** Media type under which clients ask for the protobuf form. */
export const OPENAPI_V2_PROTOBUF_REQUEST_TYPE = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/** Content-Type of the protobuf form: `@` may not stand in one. */
export const OPENAPI_V2_PROTOBUF_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/** Forms of the document. */
export type OpenApiV2Form = "json" | "protobuf" | "not-acceptable";

const CLAUSES_MAX = 64;

/** Reads an Accept header; an absent one means JSON. The first form that can be served wins. */
export function negotiateOpenApiV2(accept: string | undefined): OpenApiV2Form {
  if (accept === undefined || accept.trim() === "") return "json";
  for (const clause of accept.split(",", CLAUSES_MAX)) {
    const type = (clause.split(";", 1)[0] ?? "").trim().toLowerCase();
    if (type === "application/json" || type === "application/*" || type === "*/*") return "json";
    if (type === OPENAPI_V2_PROTOBUF_REQUEST_TYPE || type === OPENAPI_V2_PROTOBUF_TYPE) return "protobuf";
  }
  return "not-acceptable";
}
