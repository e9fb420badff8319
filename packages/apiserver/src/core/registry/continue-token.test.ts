// Page tokens: round trip, the form clients of Kubernetes know, and every way they can be wrong.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { decodeContinueToken, encodeContinueToken } from "./continue-token.ts";

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

describe("continue tokens", () => {
  it("round-trip", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.string({ minLength: 1 }),
        (revision, text) => {
          const startKey = `ns/${encodeURIComponent(text)}\0`;
          assert.deepEqual(decodeContinueToken(encodeContinueToken({ revision, startKey })), {
            ok: true,
            value: { revision, startKey },
          });
        },
      ),
    );
  });

  it("are what Kubernetes writes", () => {
    const token = encodeContinueToken({ revision: 7, startKey: "ns/a\0" });
    assert.equal(token, encoded({ v: "meta.k8s.io/v1", rv: 7, start: "ns/a\0" }));
  });

  it("are refused with a sentence when they are wrong", () => {
    const v = "meta.k8s.io/v1";
    const wrong: readonly (readonly [string, RegExp])[] = [
      ["*", /illegal base64/],
      ["abcde", /illegal base64/],
      [Buffer.from("no json").toString("base64url"), /no JSON/],
      [encoded(null), /no object/],
      [
        encoded({ v: "meta.k8s.io/v9", rv: 1, start: "a" }),
        /does not recognize this encoded version meta\.k8s\.io\/v9/,
      ],
      [encoded({ v, rv: 0, start: "a" }), /incorrect encoded start resourceVersion/],
      [encoded({ v, rv: "1", start: "a" }), /incorrect encoded start resourceVersion/],
      [encoded({ v, rv: 1, start: "" }), /start key empty/],
      [encoded({ v, rv: 1, start: "a/../../secrets/b" }), /not valid/],
      [encoded({ v, rv: 1, start: "a//b" }), /not valid/],
      ["A".repeat(5000), /illegal base64/],
    ];
    for (const [token, expected] of wrong) {
      const decoded = decodeContinueToken(token);
      assert.ok(!decoded.ok, token.slice(0, 50));
      assert.match(decoded.error, expected);
    }
  });

  it("never throw", () => {
    fc.assert(fc.property(fc.string(), (text) => typeof decodeContinueToken(text).ok === "boolean"));
  });
});
