// Which releases of Go can fetch a newer toolchain by themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { switchesToolchains } from "./go-toolchain.ts";

test("go switches toolchains since 1.21", () => {
  for (const version of ["go1.21.0", "go1.24.4", "go1.26.8", "go2.0"])
    assert.ok(switchesToolchains(`go version ${version} linux/amd64`), version);
  assert.ok(switchesToolchains("go version devel go1.27-abcdef linux/amd64"));
  for (const version of ["go1.19.8", "go1.20", "go1.4", "unknown"])
    assert.equal(switchesToolchains(`go version ${version} linux/amd64`), false, version);
});
