// The commit a compiled binary was built from.

/** 12 hexadecimal digits; "" when run from source. The build puts it in place of the variable. */
export function buildCommit(): string {
  return process.env["CORACLE_BUILD_COMMIT"] ?? "";
}
