// Layer 1: the kinds Coracle serves, as data and pure rules: schemas, columns, selectors, defaults, validation.
export * from "./field-error.ts";
export * from "./json.ts";
export * from "./object-meta.ts";
export * from "./resource-definition.ts";
export * from "./structural-schema.ts";
