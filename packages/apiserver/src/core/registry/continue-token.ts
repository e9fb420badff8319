// Page tokens of lists: the revision of the first page and the key to go on from (apiserver storage, version meta.k8s.io/v1).
import { decodeBase64Url, encodeBase64Url, err, ok, type Result } from "@coracle/base";

/** Where the next page begins. */
export interface ContinueToken {
  /** Revision of the first page; -1 means "whatever is there now", which is given after a revision was compacted. */
  readonly revision: number;
  /** Relative to the resource's prefix. The last key sent and a NUL, as clients of Kubernetes have seen it. */
  readonly startKey: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const VERSION = "meta.k8s.io/v1";
const TOKEN_SIZE_MAX = 4096;

/** Unpadded base64url of the token's JSON. */
export function encodeContinueToken(token: ContinueToken): string {
  return encodeBase64Url(encoder.encode(JSON.stringify({ v: VERSION, rv: token.revision, start: token.startKey })));
}

/** Reads a token; the error is the sentence behind "invalid continue token: ". */
export function decodeContinueToken(text: string): Result<ContinueToken, string> {
  const bytes = text.length > TOKEN_SIZE_MAX ? undefined : decodeBase64Url(text);
  if (bytes === undefined) return err("continue key is not valid: illegal base64 data");
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    return err("continue key is not valid: it holds no JSON");
  }
  if (typeof value !== "object" || value === null) return err("continue key is not valid: it holds no object");
  const { v, rv, start } = value as { readonly [member: string]: unknown };
  if (v !== VERSION) {
    const version = typeof v === "string" ? v : "";
    return err(`continue key is not valid: server does not recognize this encoded version ${version}`);
  }
  if (typeof rv !== "number" || !Number.isSafeInteger(rv) || rv === 0) {
    return err("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  if (typeof start !== "string" || start === "") {
    return err("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)");
  }
  if (isUnclean(start)) return err(`continue key is not valid: ${start}`);
  return ok({ revision: rv, startKey: start });
}

/** A key that could step out of the resource's part of the store. */
function isUnclean(start: string): boolean {
  const parts = (start.startsWith("/") ? start.slice(1) : start).split("/");
  return parts.some((part) => part === "" || part === "." || part === "..");
}
