// Which patch format a request carries, by its Content-Type (Kubernetes apimachinery types.PatchType).
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { unsupportedMediaType } from "../json/mod.ts";
import type { StatusFailure } from "../json/mod.ts";

/** The four formats. */
export type PatchType = "json" | "merge" | "strategic" | "apply";

const TYPES: readonly (readonly [string, PatchType])[] = [
  ["application/json-patch+json", "json"],
  ["application/merge-patch+json", "merge"],
  ["application/strategic-merge-patch+json", "strategic"],
  ["application/apply-patch+yaml", "apply"],
];

/**
 * Reads a Content-Type header; parameters are ignored. A 415 failure names the accepted types: clients such as the garbage
 * collector fall back from a strategic merge patch to a merge patch on exactly that answer.
 */
export function patchTypeOf(
  contentType: string | undefined,
  accepts: { readonly strategic: boolean },
): Result<PatchType, StatusFailure> {
  const type = (contentType ?? "").split(";", 1)[0] ?? "";
  const accepted = TYPES.filter(([, name]) => name !== "strategic" || accepts.strategic);
  const found = accepted.find(([mediaType]) => mediaType === type);
  if (found !== undefined) return ok(found[1]);
  return err(unsupportedMediaType(accepted.map(([mediaType]) => mediaType)));
}
