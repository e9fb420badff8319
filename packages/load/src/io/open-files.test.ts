// The limit of open files: read as the system writes it, and what is said when it is too small.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openFilesMaxOf, openFilesProblem } from "./open-files.ts";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             96000                96000                processes
Max open files            1024                 4096                 files
Max locked memory         8388608              8388608              bytes
`;

describe("the limit of open files", () => {
  it("is the soft one", () => {
    assert.equal(openFilesMaxOf(LIMITS), 1024);
    assert.equal(openFilesMaxOf(LIMITS.replace("1024", "unlimited")), undefined);
    assert.equal(openFilesMaxOf(""), undefined);
  });

  it("is named with the number that fits and the command that helps", () => {
    const need = { flag: "--count", what: "devices" };
    assert.equal(openFilesProblem({ ...need, wanted: 960 }, 1024), undefined);
    assert.equal(openFilesProblem({ ...need, wanted: 50_000 }, undefined), undefined);
    assert.equal(
      openFilesProblem({ ...need, wanted: 5000 }, 1024),
      "Cannot have 5000 devices (--count) as each has a socket of its own: the limit of open files is 1024. Raise it (ulimit -n 5064), or use --count 960",
    );
    assert.match(openFilesProblem({ ...need, wanted: 5 }, 64) ?? "", /64\. Raise it \(ulimit -n 69\)$/);
  });
});
