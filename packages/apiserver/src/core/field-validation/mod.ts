// Field validation: dropping unknown fields, and what a client is told about unknown and repeated ones.
export { invalidPatch, judgeStrictness, strictErrorTexts } from "./strictness.ts";
export type { FieldValidationMode } from "./strictness.ts";
export { pruneUnknownFields } from "./unknown-fields.ts";
