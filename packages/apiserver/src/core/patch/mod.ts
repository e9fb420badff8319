// The patch formats of the API server: JSON Patch, merge patch, strategic merge patch, and which of them a kind accepts.
export { JSON_PATCH_COPIED_BYTES_MAX, JSON_PATCH_OPERATIONS_MAX } from "./json-patch.ts";
export { applyMergePatch } from "./merge-patch.ts";
export { applyPatch, decodeApplyBody, decodePatch, patchPreconditions, shownPatch } from "./patch.ts";
export type { Patch } from "./patch.ts";
export { patchTypeOf } from "./patch-type.ts";
export { findRestoreError } from "./restore-error.ts";
export { strategicMerge } from "./strategic-merge.ts";
