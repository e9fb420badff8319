// JSON as the API server meets it: strict reading of bodies (JSON and YAML), deterministic text, and refusals as values.
// Values are immutable by agreement: every function of core/ shares structure and never changes its input.
export { bodyMediaType, cannotBeHandled, decodeObject, decodeText, goKind } from "./body.ts";
export type { DecodedBody, ExpectedType } from "./body.ts";
export { canonicalJson } from "./canonical.ts";
export { decodeJson } from "./decode.ts";
export { printGoValue } from "./go-value.ts";
export type { DecodedValue } from "./decode.ts";
export { findDuplicateFields, STRICT_ERRORS_MAX } from "./duplicate-fields.ts";
export { valueAt, withMember, withoutMember, withValueAt } from "./member-path.ts";
export { badRequest, entityTooLarge, unsupportedMediaType } from "./status-failure.ts";
export type { StatusFailure } from "./status-failure.ts";
export { JSON_DEPTH_MAX } from "./structure-scan.ts";
export { jsonSyntaxError } from "./syntax-error.ts";
export { decodeYaml, YAML_NODES_MAX } from "./yaml.ts";
