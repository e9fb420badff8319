// Base64 as the platform writes it, and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeBase64Url, encodeBase64, encodeBase64Url } from "./mod.ts";

test("base64 and base64url equal the platform's, and come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.equal(encodeBase64(bytes), Buffer.from(bytes).toString("base64"));
      assert.equal(encodeBase64Url(bytes), Buffer.from(bytes).toString("base64url"));
      assert.deepEqual(decodeBase64Url(encodeBase64Url(bytes)), Uint8Array.from(bytes));
    }),
  );
});

test("what is not base64url is refused", () => {
  for (const text of ["a", "abcde", "ab==", "a+b/", "a b", "ab\n", "äbcd"])
    assert.equal(decodeBase64Url(text), undefined, text);
});
