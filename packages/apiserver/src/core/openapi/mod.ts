// OpenAPI documents generated from resource definitions: 3.0 per group version with its index, 2.0 as JSON and protobuf.
export { negotiateOpenApiV2, OPENAPI_V2_PROTOBUF_TYPE } from "./negotiation.ts";
export type { OpenApiV2Form } from "./negotiation.ts";
export { openApiV2Document } from "./v2.ts";
export { encodeOpenApiV2 } from "./v2-protobuf.ts";
export { openApiV3Document, openApiV3Index, openApiV3Paths } from "./v3.ts";
