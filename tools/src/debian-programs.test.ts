// Missing programs are installed at once, or one by one; what cannot be had is named with what does not run without it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bringDebianPrograms, DEBIAN_PROGRAMS } from "./debian-programs.ts";

interface Machine {
  readonly said: string[];
  readonly failures: readonly string[];
  /** What apt-get was asked for. */
  readonly asked: readonly string[];
}

/** A PATH with every program but `missing`, and an apt-get that is the shell script `script`, in a folder that is `$HERE`. */
function bring(missing: readonly string[], script: string | undefined, isRoot = true): Machine {
  const folder = mkdtempSync(join(tmpdir(), "coracle-debian-"));
  const path = process.env["PATH"];
  const log = join(folder, "asked");
  writeFileSync(log, "");
  try {
    for (const { program } of DEBIAN_PROGRAMS)
      if (!missing.includes(program)) symlinkSync("/bin/true", join(folder, program));
    const text = `#!/bin/sh\nHERE=${folder}\necho "$*" >> ${log}\n${script}\n`;
    if (script !== undefined) writeFileSync(join(folder, "apt-get"), text, { mode: 0o755 });
    process.env["PATH"] = folder;
    const said: string[] = [];
    const failures = bringDebianPrograms((line) => said.push(line), isRoot);
    return { said, failures, asked: readFileSync(log, "utf8").trim().split("\n") };
  } finally {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true, force: true });
  }
}

void test("nothing is asked for when all programs are there", () => {
  const { failures, asked, said } = bring([], "exit 1");
  assert.deepEqual([failures, asked], [[], [""]]);
  assert.match(said.join(), /^there already: ip, ovs-vswitchd, /);
});

void test("missing programs are installed together, after an update of the lists if need be", () => {
  const script = `case "$1" in
    update) : > $HERE/lists;;
    install) test -e $HERE/lists || exit 100; : > $HERE/mvn; : > $HERE/gcc;;
  esac`;
  const { failures, asked, said } = bring(["mvn", "gcc"], script);
  assert.deepEqual(failures, []);
  const install = "install -q --yes --no-install-recommends maven gcc libc6-dev";
  assert.deepEqual(asked, [install, "update -q", install]);
  assert.equal(said.at(-1), "installing maven, gcc, libc6-dev");
});

void test("one that cannot be had does not keep the others away, and is named with apt-get's reason", () => {
  const script = `case "$*" in
    *maven*) echo noise >&2; echo "E: Unable to locate package maven" >&2; exit 100;;
    *gcc*) : > $HERE/gcc;;
  esac`;
  assert.deepEqual(bring(["mvn", "gcc"], script).failures, [
    "mvn: not installed (apt-get install maven): E: Unable to locate package maven; interop tests with Scandium will not run",
  ]);
});

void test("without root or apt-get nothing is tried, and a package that does not bring its program is told", () => {
  const told = (machine: Machine): string => machine.failures.join("\n");
  assert.match(
    told(bring(["kubectl"], "exit 0", false)),
    /^kubectl: .*: this is not root; tests that drive kubectl will not run$/,
  );
  assert.match(told(bring(["kubectl"], undefined)), /apt-get is not on PATH/);
  assert.match(told(bring(["kubectl"], "exit 0")), /kubernetes-client did not bring it/);
});
