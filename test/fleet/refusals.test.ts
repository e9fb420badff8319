// What the fleet and the NAT are told wrongly, as a person would: one line says what is wrong, and nothing runs on.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ChildProgram } from "../system/child-program.ts";

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-refusals-"));
  writeFileSync(join(folder, "keys.txt"), `device=${"A".repeat(22)}==\n`, { mode: 0o600 });
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command to its end; answers its exit code and the last line on standard error. */
async function run(args: readonly string[]): Promise<readonly [code: number, line: string]> {
  const program = ChildProgram.source("load", args);
  try {
    const code = await program.exited;
    return [code, program.stderr.trimEnd().split("\n").at(-1) ?? ""];
  } finally {
    await program.end();
  }
}

describe("what cannot be", { timeout: 120_000 }, () => {
  const devices: readonly (readonly [flags: readonly string[], code: number, says: RegExp])[] = [
    [["--count", "0"], 2, /^--count: "0" is not a whole number from 1 to 50000/],
    [["--suites", "NULL"], 2, /^--suites: "NULL" is not one of .*PSK_WITH_AES_128_CCM_8/],
    [["--faster"], 2, /^--faster: no such flag/],
    [["--target", "127.0.0.1"], 2, /^--target: "127.0.0.1" is not an address: use HOST:PORT/],
    [["--target", "no-such-host.invalid:1"], 1, /Cannot find the address of no-such-host\.invalid/],
    [["--json", "/no/such/folder/result.json"], 2, /--json: .*\/no\/such\/folder\/result\.json as it does not exist/],
    [["--psk-file", "/no/such/keys"], 1, /Cannot read \/no\/such\/keys as it does not exist/],
    [
      ["--target", "127.0.0.1:9", "--count", "1", "--duration", "300ms"],
      5,
      /no session was made: 127\.0\.0\.1:9 is silent/,
    ],
  ];
  for (const [flags, code, says] of devices) {
    it(`is refused: devices ${flags.join(" ")}`, async () => {
      const [exit, line] = await run(["devices", "--psk-file", join(folder, "keys.txt"), ...flags]);
      assert.equal(exit, code, line);
      assert.match(line, says);
    });
  }

  it("is refused: devices without credentials", async () => {
    assert.deepEqual(await run(["devices"]), [2, "give --psk-file, --ca-file or --server-key-file"]);
  });

  const nat: readonly (readonly [flags: readonly string[], code: number, says: RegExp])[] = [
    [[], 2, /^--backends is required/],
    [["--backends", "router"], 2, /^--backends: "router" is no list of HOST:PORT with commas/],
    [["--backends", "no-such-host.invalid:1"], 1, /Cannot find the address of no-such-host\.invalid/],
    [["--backends", "[::1]:1"], 2, /\[::1\]:1 cannot be reached from 127\.0\.0\.1 \(--outside\), as one is IPv4/],
    [["--backends", "127.0.0.1:1", "--outside", "here"], 2, /^--outside: "here" is no IP address/],
    [["--backends", "127.0.0.1:1", "--duplicate", "1.5"], 2, /^--duplicate: "1\.5" is not a number from 0 to 1/],
    [["--backends", "127.0.0.1:1", "--delay", "2m"], 2, /^--delay: "2m" is too long: use at most 1m/],
    [["--backends", "127.0.0.1:1", "--reorder-by", "0"], 2, /^--reorder-by: "0" is not a whole number from 1 to 1000/],
    [["--backends", "127.0.0.1:1,127.0.0.1:2", "--health", "http://127.0.0.1/"], 2, /1 URLs for 2 back ends/],
  ];
  for (const [flags, code, says] of nat) {
    it(`is refused: nat ${flags.join(" ")}`, async () => {
      const [exit, line] = await run(["nat", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", ...flags]);
      assert.equal(exit, code, line);
      assert.match(line, says);
    });
  }
});
