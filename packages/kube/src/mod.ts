// The Kubernetes client without its sockets: types, selectors, resource versions, streaming parser, list/watch machine.
export * from "./field-path.ts";
export * from "./field-selector.ts";
export * from "./json-stream-output.ts";
export * from "./json-stream-parser.ts";
export * from "./label-requirement.ts";
export * from "./label-selector.ts";
export * from "./label-syntax.ts";
export * from "./object.ts";
export * from "./projection.ts";
export * from "./query.ts";
export * from "./resource-version.ts";
export * from "./resource.ts";
export * from "./status-failures.ts";
export * from "./status.ts";
export * from "./watch-stream-event.ts";
