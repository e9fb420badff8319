// JSON Pointer (RFC 6901): reference tokens, and the value they lead to.
import { isJsonObject } from "@coracle/api";
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";

/** Reference tokens of a pointer, unescaped; undefined when it is neither empty nor starts with a slash. */
export function parsePointer(pointer: string | undefined): readonly string[] | undefined {
  if (pointer === undefined) return undefined;
  if (pointer === "") return [];
  const [first, ...tokens] = pointer.split("/");
  // What stands before the first slash is ignored, as kube-apiserver does.
  if (first === undefined || tokens.length === 0) return undefined;
  return tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Index named by a token in a list of `count` places; negative ones count from the end. Undefined when outside. */
export function arrayIndex(token: string, count: number): number | undefined {
  if (!/^[+-]?\d{1,9}$/.test(token)) return undefined;
  const index = Number(token);
  const fromStart = index < 0 ? index + count : index;
  return fromStart >= 0 && fromStart < count ? fromStart : undefined;
}

/** Value the tokens lead to. An absent last object member is undefined; every other absence is an error. */
export function pointedValue(document: unknown, tokens: readonly string[]): Result<unknown, string> {
  let value = document;
  for (const token of tokens) {
    if (isJsonObject(value)) {
      value = Object.hasOwn(value, token) ? value[token] : undefined;
    } else if (Array.isArray(value)) {
      const index = arrayIndex(token, value.length);
      if (index === undefined) return err(`Unable to access invalid index: ${token}`);
      value = value[index];
    } else {
      return err(`doc is missing path: /${tokens.join("/")}`);
    }
  }
  return ok(value);
}
