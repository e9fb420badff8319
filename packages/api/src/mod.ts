// Layer 1: the kinds Coracle serves, as data and pure rules: schemas, columns, selectors, defaults, validation.
export * from "./age.ts";
export * from "./columns.ts";
export * from "./core/mod.ts";
export * from "./decode-error.ts";
export * from "./field-error.ts";
export * from "./field-path.ts";
export * from "./json.ts";
export * from "./metadata-rules.ts";
export * from "./names.ts";
export * from "./network/mod.ts";
export * from "./normalise.ts";
export * from "./object-meta.ts";
export * from "./resource-definition.ts";
export * from "./schema-default.ts";
export * from "./schema-validate.ts";
export * from "./structural-schema.ts";
export * from "./zod-structural.ts";
